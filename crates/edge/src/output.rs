//! Serving files that untrusted code wrote: they can be shown or saved, never run as our origin.

use actix_web::HttpResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ContentEncoding, ETAG,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Bytes;
use futures::Stream;

/// Types a browser may show in place. Everything else is offered for saving: HTML, SVG, XML and PDF
/// can carry scripts, unknown types anything.
const SHOWN_INLINE: &[&str] =
    &["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "text/plain", "text/csv", "application/json"];

/// One file to serve.
#[derive(Debug, Clone, Copy)]
pub struct Output<'a> {
    /// Its name, for the save dialog.
    pub name: &'a str,
    /// Its media type as decided by its bytes.
    pub media_type: &'a str,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its content, lower-case hex: the validator for caches.
    pub sha256: &'a str,
}

/// Answers with the file. The policy headers take scripts, forms and the origin away from it even where
/// a browser would run it.
pub fn serve<S, E>(output: Output<'_>, content: S) -> HttpResponse
where
    S: Stream<Item = Result<Bytes, E>> + 'static,
    E: Into<Box<dyn std::error::Error>> + 'static,
{
    let way = if SHOWN_INLINE.contains(&output.media_type) { "inline" } else { "attachment" };
    let text = output.media_type.starts_with("text/") || output.media_type == "application/json";
    let content_type =
        if text { format!("{}; charset=utf-8", output.media_type) } else { output.media_type.to_owned() };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CONTENT_LENGTH, output.bytes))
        .insert_header((CONTENT_DISPOSITION, format!("{way}; filename*=UTF-8''{}", file_name(output.name))))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        ))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("cross-origin-resource-policy", "same-origin"))
        .insert_header((CACHE_CONTROL, "private, max-age=86400"))
        .insert_header((ETAG, format!("\"{}\"", output.sha256)))
        // Already compressed, or small; the length above stays true.
        .insert_header(ContentEncoding::Identity)
        .streaming(content)
}

/// The last segment of a name, encoded as RFC 8187 wants it in a header.
fn file_name(name: &str) -> String {
    link_path(name.rsplit('/').next().unwrap_or_default())
}

/// A name as part of a URL path: `/` stays, everything that is not plainly safe is percent-encoded.
pub fn link_path(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the web app's origin: active content is never shown in place, and no name breaks out of
    /// its header.
    #[test]
    fn active_content_is_saved_not_shown() {
        let rows = [
            ("chart.png", "image/png", "inline; filename*=UTF-8''chart.png"),
            ("a/b.html", "text/html", "attachment; filename*=UTF-8''b.html"),
            ("x.svg", "image/svg+xml", "attachment; filename*=UTF-8''x.svg"),
            ("r.pdf", "application/pdf", "attachment; filename*=UTF-8''r.pdf"),
            ("ä\"\r\n.csv", "text/csv", "inline; filename*=UTF-8''%C3%A4%22%0D%0A.csv"),
        ];
        for (name, media_type, expected) in rows {
            let empty = futures::stream::empty::<Result<Bytes, std::io::Error>>();
            let response = serve(Output { name, media_type, bytes: 0, sha256: "0" }, empty);
            let header =
                |key| response.headers().get(key).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
            assert_eq!(header(CONTENT_DISPOSITION), expected);
            assert!(header(CONTENT_SECURITY_POLICY).starts_with("sandbox; default-src 'none'"));
            assert_eq!(header(X_CONTENT_TYPE_OPTIONS), "nosniff");
        }
    }

    /// Protects links: any output name becomes a path that leads back to exactly that name.
    #[test]
    fn names_are_encoded_in_links() {
        let rows = [("a/b.csv", "a/b.csv"), ("ä b?.png", "%C3%A4%20b%3F.png"), ("100%#.txt", "100%25%23.txt")];
        for (name, expected) in rows {
            assert_eq!(link_path(name), expected);
        }
    }
}
