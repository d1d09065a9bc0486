//! What kind of file it is, decided by its bytes. Pure.
//!
//! Active content (HTML, SVG, XML, scripts) is named as what it is, whatever its extension says; an
//! extension only chooses among harmless kinds of text.

/// Beginning of a file that is looked at.
const START: usize = 4096;

/// The media type.
pub fn media_type(name: &str, bytes: &[u8]) -> &'static str {
    let start = &bytes[..bytes.len().min(START)];
    if let Some(markup) = markup(start) {
        return markup;
    }
    if let Some(kind) = infer::get(bytes) {
        return binary(kind.mime_type());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text_kind(name, text),
        _ => "application/octet-stream",
    }
}

/// Types of `infer` that are passed on. Programs and scripts become plain bytes: nobody needs them from
/// here, and nothing should offer to open them.
fn binary(mime: &'static str) -> &'static str {
    match mime {
        "text/html" | "text/xml" | "application/xml" => mime,
        _ if mime.starts_with("image/") || mime.starts_with("audio/") || mime.starts_with("video/") => mime,
        "application/pdf" | "application/zip" | "application/gzip" | "application/vnd.sqlite3" => mime,
        _ if mime.starts_with("application/vnd.openxmlformats-officedocument") => mime,
        "application/x-parquet" | "application/vnd.apache.parquet" => "application/vnd.apache.parquet",
        "text/x-shellscript" => mime,
        _ => "application/octet-stream",
    }
}

/// Markup, recognised as browsers would, behind a byte order mark, white space and comments, in UTF-8 or
/// UTF-16.
fn markup(start: &[u8]) -> Option<&'static str> {
    let wide = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
    let plain: Vec<u8> = start.iter().copied().filter(|byte| !wide || *byte != 0).collect();
    let text = String::from_utf8_lossy(&plain).to_lowercase();
    let mut rest = text.trim_start_matches(|c: char| c == '\u{feff}' || c == '\u{fffd}' || c.is_whitespace());
    while let Some(comment) = rest.strip_prefix("<!--") {
        match comment.split_once("-->") {
            Some((_, behind)) => rest = behind.trim_start(),
            // A comment longer than what is looked at.
            None => return Some("text/html"),
        }
    }
    if !rest.starts_with('<') {
        return None;
    }
    let is_tag = |name: &str| {
        let behind = rest.strip_prefix('<').and_then(|rest| rest.strip_prefix(name));
        behind.is_some_and(|behind| behind.is_empty() || !behind.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    if is_tag("svg") || (rest.starts_with("<?xml") || rest.starts_with("<!doctype svg")) && rest.contains("<svg") {
        return Some("image/svg+xml");
    }
    if rest.starts_with("<?xml") {
        return Some("application/xml");
    }
    const HTML: [&str; 22] = [
        "!doctype html",
        "html",
        "head",
        "body",
        "script",
        "iframe",
        "h1",
        "h2",
        "div",
        "font",
        "table",
        "a",
        "style",
        "title",
        "b",
        "br",
        "p",
        "img",
        "form",
        "meta",
        "link",
        "pre",
    ];
    if HTML.iter().any(|name| is_tag(name)) { Some("text/html") } else { None }
}

fn text_kind(name: &str, text: &str) -> &'static str {
    if text.starts_with("#!") {
        return "text/x-shellscript";
    }
    // Written beside each figure by the runner; its first key says so.
    if name.ends_with(".figure.json") && text.trim_start().starts_with("{\"darkroom_figure\"") {
        return "application/vnd.darkroom.figure+json";
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "json" | "geojson" if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => "application/json",
        "csv" => "text/csv",
        "tsv" => "text/tab-separated-values",
        "md" => "text/markdown",
        "html" | "htm" | "xhtml" => "text/html",
        "svg" => "image/svg+xml",
        "xml" => "application/xml",
        "js" | "mjs" => "text/javascript",
        "css" => "text/css",
        "py" => "text/x-python",
        _ => "text/plain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects browsers of people who open outputs: types follow the bytes, active content is never
    /// called something passive.
    #[test]
    fn bytes_decide() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice();
        let table: [(&str, &[u8], &str); 26] = [
            ("a.figure.json", b"{\"darkroom_figure\": 1}", "application/vnd.darkroom.figure+json"),
            ("a.figure.json", b"{\"x\": 1}", "application/json"),
            ("a.png", png, "image/png"),
            ("a.csv", png, "image/png"),
            ("a.csv", b"x,y\n1,2\n", "text/csv"),
            ("a.json", b"{\"a\": 1}", "application/json"),
            ("a.json", b"{\"a\": ", "text/plain"),
            ("a.txt", b"plain", "text/plain"),
            ("a", b"", "text/plain"),
            ("a.png", b"<html><script>x</script>", "text/html"),
            ("a.csv", b"\xef\xbb\xbf \n<!-- c --><SCRIPT>x", "text/html"),
            ("a.txt", b"<!DOCTYPE html><p>", "text/html"),
            ("a.txt", b"\xff\xfe<\0h\0t\0m\0l\0>\0", "text/html"),
            ("a.png", b"<svg onload=x>", "image/svg+xml"),
            ("a.txt", b"<?xml version='1.0'?>\n<svg>", "image/svg+xml"),
            ("a.txt", b"<?xml version='1.0'?>\n<a/>", "application/xml"),
            ("a.svg", b"nothing", "image/svg+xml"),
            ("a.html", b"nothing", "text/html"),
            ("a.txt", b"#!/bin/sh\n", "text/x-shellscript"),
            ("a.txt", b"a <b> c", "text/plain"),
            ("a.txt", b"<3 hearts", "text/plain"),
            ("a.py", b"print(1)", "text/x-python"),
            ("a.bin", b"\0\x01\x02", "application/octet-stream"),
            (
                "a.png",
                b"\x7fELF\x02\x01\x01\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "application/octet-stream",
            ),
            ("a.pdf", b"%PDF-1.4", "application/pdf"),
            ("a.gif", b"GIF89a<script>", "image/gif"),
        ];
        for (name, bytes, expected) in table {
            assert_eq!(media_type(name, bytes), expected, "{name} {:?}", String::from_utf8_lossy(bytes));
        }
    }
}
