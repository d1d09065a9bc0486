//! The docs pages: the API browser, and all error codes. Everything is served from the program itself;
//! no page asks another host for anything.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpResponse, get};
use common::ErrorCode;
use edge::Problem;
use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

const INDEX: &str = include_str!("docs/index.html");
const START: &str = include_str!("docs/start.js");
const ERRORS: &str = include_str!("docs/errors.html");

/// The files of the API browser that its page needs.
const ASSETS: &[&str] = &["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

/// What the API browser needs: its own files, its inline styles and images, and calls to this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Mounts the pages. They are public and not part of the API document.
pub fn mount(cfg: &mut ServiceConfig) {
    cfg.service(index).service(index_slash).service(errors).service(part);
}

#[get("/docs")]
async fn index() -> HttpResponse {
    page(INDEX.into())
}

#[get("/docs/")]
async fn index_slash() -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, "/docs")).finish()
}

#[get("/docs/errors")]
async fn errors() -> HttpResponse {
    page(errors_page().into())
}

#[get("/docs/{file}")]
async fn part(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let missing = || Problem::new(ErrorCode::NotFound);
    let (content_type, bytes) = match name.as_str() {
        "start.js" => ("text/javascript".to_owned(), Bytes::from_static(START.as_bytes())),
        name if ASSETS.contains(&name) => asset(name).ok_or_else(missing)?,
        _ => return Err(missing()),
    };
    let mut response = HttpResponse::Ok();
    response.content_type(content_type).insert_header((CACHE_CONTROL, "public, max-age=3600"));
    Ok(response.body(bytes))
}

fn page(html: Cow<'static, str>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(html.into_owned())
}

fn asset(name: &str) -> Option<(String, Bytes)> {
    let config = Arc::new(utoipa_swagger_ui::Config::from("/openapi.json"));
    let file = utoipa_swagger_ui::serve(name, config).ok()??;
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    Some((file.content_type, bytes))
}

/// The page that `type` of a problem points into: one anchor for each code.
fn errors_page() -> String {
    let mut rows = String::new();
    for code in ErrorCode::ALL {
        let (status, title, advice) = (code.status(), escape(code.title()), escape(code.advice()));
        // Writing to a string cannot fail.
        let _ = writeln!(
            rows,
            r##"<tr id="{code}"><td><a href="#{code}"><code>{code}</code></a></td><td>{status}</td><td>{title}</td><td>{advice}</td></tr>"##
        );
    }
    ERRORS.replace("{rows}", &rows)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
