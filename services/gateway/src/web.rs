//! The web app, from inside the program: its files, what headers they go out with, and its pages' addresses.
//!
//! A page of the app is any address that nothing else answers and a browser asks for as a page: the app itself knows which
//! of them there are. Nothing here touches what stands below `/api`.

use crate::{Gateway, WebDsn};
use actix_web::guard::GuardContext;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY,
    CROSS_ORIGIN_OPENER_POLICY, CROSS_ORIGIN_RESOURCE_POLICY, ContentEncoding, ETAG, HeaderMap, HeaderName,
    IF_NONE_MATCH, VARY, X_FRAME_OPTIONS,
};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use edge::PublicRoute;
use std::borrow::Cow;

include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// A file of the web app.
#[derive(Debug)]
pub(crate) struct File {
    /// Its address: a path from the server's root.
    path: &'static str,
    /// The start of the SHA-256 of its content, in hex.
    digest: &'static str,
    /// Its content.
    identity: &'static [u8],
    /// Its content packed with gzip, where that is worth it.
    gzip: Option<&'static [u8]>,
}

const INDEX_PATH: &str = "/index.html";

/// What stands at `/` where the program was made without the web app.
const NOT_BUILT: &str = include_str!("web/not_built.html");

/// What the app's own pages may do: load and call this server, and nothing else. Styles may stand within the page, because
/// the code viewer writes its own; scripts may not.
const APP_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; frame-src 'self'; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What the pages may reach beside this server.
#[derive(Debug, Clone, Copy, Default)]
struct Abroad<'a> {
    /// The host of the Clerk instance.
    clerk: Option<&'a str>,
    /// The origin that errors are reported to.
    sentry: Option<&'a str>,
}

impl<'a> Abroad<'a> {
    fn of(gateway: &'a Gateway) -> Self {
        let clerk = gateway.settings.way.clerk().map(|clerk| clerk.host.as_str());
        Self { clerk, sentry: gateway.settings.sentry_dsn.as_ref().map(WebDsn::origin) }
    }
}

/// As [`APP_POLICY`], with what errors are reported to, and with Clerk's scripts from the instance's own host, its pictures,
/// and the check for robots that its documentation names.
fn app_policy(abroad: Abroad<'_>) -> Cow<'static, str> {
    let policy = match abroad.sentry {
        Some(origin) => Cow::Owned(APP_POLICY.replace("connect-src 'self'", &format!("connect-src 'self' {origin}"))),
        None => Cow::Borrowed(APP_POLICY),
    };
    let Some(host) = abroad.clerk else { return policy };
    const ROBOTS: &str = "https://challenges.cloudflare.com";
    let policy = policy
        .replace("script-src 'self'", &format!("script-src 'self' https://{host} {ROBOTS}"))
        .replace("connect-src 'self'", &format!("connect-src 'self' https://{host}"))
        .replace("img-src 'self'", "img-src 'self' https://img.clerk.com")
        .replace("frame-src 'self'", &format!("frame-src 'self' {ROBOTS}"));
    Cow::Owned(policy)
}

/// What a result's own page may do, where a person lets it run: it has an origin of its own, scripts come with it, and
/// it reaches no address at all, this server's neither.
const SANDBOX_POLICY: &str = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; \
    style-src 'unsafe-inline'; img-src data: blob:; font-src data:; worker-src blob:; connect-src 'none'; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

/// What the page that draws a result's chart may do: it has an origin of its own, and runs this server's scripts only.
const CHART_POLICY: &str = "sandbox allow-scripts; default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src data: blob:; font-src 'self' data:; connect-src 'none'; form-action 'none'; base-uri 'none'; \
    frame-ancestors 'self'";

/// Where the pages stand that are shown within a page of the app.
const FRAMES: &str = "/frames/";

/// The one of them that is ours from beginning to end; all others are for what came from elsewhere.
const CHART_FRAME: &str = "/frames/chart.html";

/// First parts of addresses that are never a page of the app, whoever asks.
const NOT_PAGES: &[&str] = &["api", "docs", "internal", "metrics", "assets", "frames"];

/// Whether the program was made with the web app.
pub fn is_built() -> bool {
    !FILES.is_empty()
}

/// The files' addresses: they need no credentials.
pub(crate) fn public() -> Vec<PublicRoute> {
    FILES.iter().map(|file| PublicRoute::get(file.path)).collect()
}

/// Mounts the files and the pages. Called last: it takes what no other route has taken.
pub(crate) fn mount(cfg: &mut ServiceConfig) {
    cfg.service(web::resource("/{path:.*}").guard(is_ours).to(answer));
}

/// Only what will be answered with 200 or 304: everything else is left to who knows methods and problems.
fn is_ours(context: &GuardContext<'_>) -> bool {
    let head = context.head();
    head.method == Method::GET && (file(head.uri.path()).is_some() || is_page(head.uri.path(), &head.headers))
}

async fn answer(request: HttpRequest) -> HttpResponse {
    match file(request.uri().path()) {
        Some(file) => serve(file, &request),
        None => front_door(&request),
    }
}

/// The app's page, or a page that says why there is none.
pub(crate) fn front_door(request: &HttpRequest) -> HttpResponse {
    match file(INDEX_PATH) {
        Some(index) => serve(index, request),
        None => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header((
                CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            ))
            .insert_header((CACHE_CONTROL, "no-cache"))
            .body(NOT_BUILT),
    }
}

fn file(path: &str) -> Option<&'static File> {
    FILES.binary_search_by(|file| file.path.cmp(path)).ok().and_then(|index| FILES.get(index))
}

/// Whether a browser asks for it as a page, and it may be one.
fn is_page(path: &str, headers: &HeaderMap) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let is_text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    is_built() && !NOT_PAGES.contains(&first) && accepts(is_text(ACCEPT), "text/html")
}

/// Whether a list such as that of Accept or Accept-Encoding names this and does not refuse it. No wildcards: programs
/// that take anything are better served with a problem.
fn accepts(list: &str, wanted: &str) -> bool {
    list.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
        let refused = parts.any(|part| {
            part.strip_prefix("q=").is_some_and(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        });
        named && !refused
    })
}

fn serve(file: &'static File, request: &HttpRequest) -> HttpResponse {
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let packed = file.gzip.filter(|_| accepts(text(ACCEPT_ENCODING), "gzip"));
    let tag = format!("\"{}{}\"", file.digest, if packed.is_some() { "-gzip" } else { "" });
    let is_known = text(IF_NONE_MATCH).split(',').any(|known| {
        let known = known.trim();
        known == "*" || known.trim_start_matches("W/") == tag
    });
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    // The names of assets change with their content; everything else is asked for again, which costs a 304.
    let keep = if file.path.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, keep)).insert_header((VARY, "Accept-Encoding"));
    let gateway = request.app_data::<Data<Gateway>>();
    let abroad = gateway.map_or_else(Abroad::default, |gateway| Abroad::of(gateway));
    dress(file.path, abroad, &mut response);
    if is_known {
        return response.finish();
    }
    response.content_type(media_type(file.path));
    match packed {
        Some(bytes) => response.insert_header(ContentEncoding::Gzip).body(Bytes::from_static(bytes)),
        None => response.insert_header(ContentEncoding::Identity).body(Bytes::from_static(file.identity)),
    }
}

/// The security headers of that file. What is not set here the shell sets for all answers.
fn dress(path: &str, abroad: Abroad<'_>, response: &mut actix_web::HttpResponseBuilder) {
    if path.starts_with(FRAMES) && path.ends_with(".html") {
        let policy = if path == CHART_FRAME { CHART_POLICY } else { SANDBOX_POLICY };
        response
            .insert_header((CONTENT_SECURITY_POLICY, policy))
            .insert_header((X_FRAME_OPTIONS, "SAMEORIGIN"))
            .insert_header((HeaderName::from_static("x-dns-prefetch-control"), "off"));
    } else if path.ends_with(".html") {
        response
            .insert_header((CONTENT_SECURITY_POLICY, app_policy(abroad).as_ref()))
            .insert_header((CROSS_ORIGIN_OPENER_POLICY, "same-origin"))
            .insert_header((
                HeaderName::from_static("permissions-policy"),
                "geolocation=(), microphone=(), payment=(), usb=()",
            ));
    } else {
        // The frames have origins of their own, so to them this server is a foreign one. Nothing here is anybody's.
        response
            .insert_header((CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"))
            .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    }
}

fn media_type(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects programs that ask for a path that is not there: only browsers get a page for it.
    #[test]
    fn lists_of_what_is_accepted_are_read() {
        let rows = [
            ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html", true),
            ("application/json, TEXT/HTML ; q=0.5", "text/html", true),
            ("text/html;q=0", "text/html", false),
            ("*/*", "text/html", false),
            ("", "text/html", false),
            ("br, gzip;q=0.8", "gzip", true),
            ("gzip; q=0.0, br", "gzip", false),
            ("identity", "gzip", false),
        ];
        for (list, wanted, expected) in rows {
            assert_eq!(accepts(list, wanted), expected, "{list}");
        }
    }

    /// Protects the web app's pages: other hosts are allowed with Clerk only, and none but Clerk's own are.
    #[test]
    fn only_clerk_opens_the_policy() {
        assert_eq!(app_policy(Abroad::default()), APP_POLICY);
        let open = app_policy(Abroad { clerk: Some("clerk.example.org"), sentry: None });
        let hosts: std::collections::BTreeSet<_> = open
            .split_whitespace()
            .filter(|word| word.contains("://"))
            .map(|word| word.trim_end_matches(';'))
            .collect();
        let expected = ["https://challenges.cloudflare.com", "https://clerk.example.org", "https://img.clerk.com"];
        assert_eq!(hosts.into_iter().collect::<Vec<_>>(), expected);
        for part in ["script-src 'self' https://clerk.example.org ", "connect-src 'self' https://clerk.example.org;"] {
            assert!(open.contains(part), "{open}");
        }
        assert!(!open.contains("'unsafe-eval'") && open.contains("object-src 'none'"), "{open}");
    }

    /// Protects the web app's pages: with a DSN they may report to its origin, which opens nothing else, with Clerk neither.
    #[test]
    fn a_dsn_opens_one_connection() {
        const ORIGIN: &str = "https://o1.ingest.sentry.example";
        for clerk in [None, Some("clerk.example.org")] {
            let closed = app_policy(Abroad { clerk, sentry: None });
            let open = app_policy(Abroad { clerk, sentry: Some(ORIGIN) });
            assert_eq!(open.replacen(&format!(" {ORIGIN}"), "", 1), closed);
            let connect = open.split("; ").find(|part| part.starts_with("connect-src ")).unwrap();
            assert!(connect.split(' ').any(|source| source == ORIGIN), "{connect}");
        }
    }

    /// Protects the lookup: it needs the files in the order of their addresses.
    #[test]
    fn every_file_is_found() {
        assert!(FILES.is_sorted_by(|a, b| a.path < b.path));
        for known in FILES {
            assert!(file(known.path).is_some_and(|found| std::ptr::eq(found, known)), "{}", known.path);
            assert_ne!(media_type(known.path), "application/octet-stream", "{} has no known type", known.path);
        }
    }
}
