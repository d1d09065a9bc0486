//! What the proxy and the other services ask. The proxy lets nobody else ask it.

use crate::Gateway;
use actix_web::http::header::{HOST, HeaderMap, HeaderName};
use actix_web::web::{Data, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError, get};
use common::ErrorCode;
use edge::identity::{HEADER, JsonWebKeySet};
use edge::{Authenticator, Problem, PublicRoute};
use runtime::identity::{AUTHORIZE_PATH, KEYS_PATH};

/// Path of what callers read when the proxy itself has to answer.
const ERRORS_PATH: &str = "/internal/errors/{status}";

/// After how many seconds a service without a replica is worth another try: the proxy looks every five.
const RETRY_SECONDS: u32 = 5;

/// They answer without credentials of their own: one is told who the caller says to be, the others tell what is public.
pub const PUBLIC: &[PublicRoute] =
    &[PublicRoute::get(AUTHORIZE_PATH), PublicRoute::get(KEYS_PATH), PublicRoute::get(ERRORS_PATH)];

/// Mounts them. They need a `web::Data<Gateway>`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(authorize).service(keys).service(unanswered);
}

/// Says who a request comes from: the proxy asks before it passes the request on (forwardAuth). Known callers get a
/// proof to take along. Strangers get none and may go on: each service says itself what they may, so its answers are
/// the same as within one process.
#[get("/internal/authorize")]
async fn authorize(request: HttpRequest, gateway: Data<Gateway>) -> Result<HttpResponse, Problem> {
    let Some(keyring) = &gateway.keyring else { return Err(Problem::new(ErrorCode::NotFound)) };
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let method = text("x-forwarded-method").to_owned();
    let path = text("x-forwarded-uri").split('?').next().unwrap_or_default().to_owned();
    let headers = as_the_caller_sent_them(request.headers());
    let mut response = HttpResponse::Ok();
    if let Some(principal) = gateway.callers.authenticate(&headers, &method, &path).await? {
        let proof = keyring.sign(&principal).map_err(|error| Problem::internal("signing an identity", &error))?;
        response.insert_header((HEADER, proof));
    }
    Ok(response.finish())
}

/// The headers of the request that the proxy asks about: its own question goes to another host.
fn as_the_caller_sent_them(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    match headers.get(HeaderName::from_static("x-forwarded-host")).cloned() {
        Some(host) => drop(headers.insert(HOST, host)),
        // Without it a page of the gateway's own host could pass for one of ours.
        None => drop(headers.remove(HOST)),
    }
    headers
}

/// The public keys of all replicas.
#[get("/internal/keys")]
async fn keys(gateway: Data<Gateway>) -> Result<Json<JsonWebKeySet>, Problem> {
    let Some(keyring) = &gateway.keyring else { return Err(Problem::new(ErrorCode::NotFound)) };
    keyring.public_keys().await.map(Json).map_err(|error| {
        tracing::error!(%error, "public keys cannot be told");
        Problem::new(ErrorCode::StorageUnavailable)
    })
}

/// What the proxy tells callers when it got no answer (502) or has nobody to ask (503): it cannot write problems itself.
/// The request id is the caller's own, which the proxy passes on, or a new one.
#[get("/internal/errors/{status}")]
async fn unanswered(status: Path<u16>) -> HttpResponse {
    let problem = match *status {
        502 => Problem::new(ErrorCode::ServiceUnreachable),
        503 => {
            let detail = "Of the part of the system that this needs, no replica is there at the moment.";
            Problem::with_detail(ErrorCode::NotReady, detail).retry_after(RETRY_SECONDS)
        }
        _ => Problem::new(ErrorCode::NotFound),
    };
    problem.error_response()
}
