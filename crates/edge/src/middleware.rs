//! What happens around every handler, outermost first: observe (request id, log, headers, problems),
//! compression, panics, authentication.

use crate::principal::{Allowed, Authenticator};
use crate::problem::Problem;
use crate::request_id::{self, RequestId};
use crate::routes::{Access, RouteTable};
use crate::traced;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use common::ErrorCode;
use futures::{FutureExt, Stream};
use std::any::Any;
use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use tracing::Instrument;

/// Decides who enters.
pub(crate) struct Gate {
    pub(crate) table: RouteTable,
    pub(crate) authenticator: Arc<dyn Authenticator>,
}

/// Marks a HEAD request while it travels as GET.
#[derive(Clone, Copy)]
struct Head;

/// Whether the caller asked with HEAD. Handlers see such requests as GET; one with a side effect asks
/// here first.
pub fn is_head(request: &HttpRequest) -> bool {
    request.extensions().get::<Head>().is_some()
}

/// Gives the request its id and span, and the answer its id, security headers and problem shape.
pub(crate) async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let start = Instant::now();
    let id = RequestId::from_headers(request.headers());
    let method = request.method().clone();
    request.extensions_mut().insert(id.clone());
    let (span, trace) = traced::begin(request.headers(), &id, &method);
    if method == Method::HEAD {
        request.extensions_mut().insert(Head);
        request.head_mut().method = Method::GET;
    }
    let unread = keep_open(&mut request);
    request.extensions_mut().insert(trace);
    let result = next.call(request).instrument(span.clone()).await;
    match result {
        Ok(response) => {
            let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
            let mut response = as_problem(response.map_into_boxed_body());
            span.in_scope(|| log(&route, response.status(), start));
            traced::end(&span, &method, &route, response.status(), start);
            dress(response.headers_mut(), &id);
            Ok(match (method, unread) {
                (Method::HEAD, _) => response.map_body(|_, body| BoxBody::new(NoBody(body.size()))),
                (_, Some(_unread)) => response.map_body(|_, body| BoxBody::new(Answer { body, _unread })),
                (_, None) => response,
            })
        }
        Err(mut error) => {
            let status = error.as_response_error().status_code();
            span.in_scope(|| log("unmatched", status, start));
            traced::end(&span, &method, "unmatched", status, start);
            error.add_response_mapper(move |mut response| {
                dress(response.headers_mut(), &id);
                response
            });
            Err(error)
        }
    }
}

fn log(route: &str, status: StatusCode, start: Instant) {
    let duration_ms = start.elapsed().as_secs_f64() * 1000.0;
    let status = status.as_u16();
    match (status, route) {
        (500.., _) => tracing::warn!(http.route = route, http.status = status, duration_ms, "request answered"),
        // Probes come every few seconds and would drown the rest.
        (_, "/healthz" | "/readyz") => {
            tracing::debug!(http.route = route, http.status = status, duration_ms, "request answered")
        }
        _ => tracing::info!(http.route = route, http.status = status, duration_ms, "request answered"),
    }
}

/// Security headers; a handler that needs another policy (the docs page) sets its own.
fn dress(headers: &mut HeaderMap, id: &RequestId) {
    const DEFAULTS: [(HeaderName, &str); 6] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
        (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in DEFAULTS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Some(value) = id.header_value() {
        headers.insert(HeaderName::from_static(request_id::HEADER), value);
    }
}

/// Turns bare error answers of the framework into problems. JSON answers are left as they are.
fn as_problem(response: ServiceResponse) -> ServiceResponse {
    let status = response.status();
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = content_type
        .is_some_and(|text| text.starts_with("application/json") || text.starts_with("application/problem+json"));
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let code = match status.as_u16() {
        401 => ErrorCode::Unauthorized,
        403 => ErrorCode::Forbidden,
        404 => ErrorCode::NotFound,
        405 => ErrorCode::MethodNotAllowed,
        413 => ErrorCode::PayloadTooLarge,
        415 => ErrorCode::UnsupportedMediaType,
        429 => ErrorCode::TooBusy,
        503 => ErrorCode::NotReady,
        400..500 => ErrorCode::BadRequest,
        _ => ErrorCode::Internal,
    };
    let mut problem = Problem::new(code).error_response();
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = response.headers().get(&name) {
            problem.headers_mut().insert(name, value.clone());
        }
    }
    response.into_response(problem)
}

/// A panic becomes an internal problem; connection and worker live on.
pub(crate) async fn catch_panics<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    // The call itself may panic too, so it is made inside the guarded future.
    match AssertUnwindSafe(async move { next.call(request).await }).catch_unwind().await {
        Ok(result) => result,
        Err(payload) => {
            tracing::error!(panic.message = panic_message(payload.as_ref()), "a handler panicked");
            Err(Problem::new(ErrorCode::Internal).into())
        }
    }
}

fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Finds out who is asking, once per request, and refuses strangers, and callers whose credentials lack what the route
/// needs, on known routes before the body is read. Handlers ask for the [`Principal`](crate::Principal) again in their signature.
pub(crate) async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(gate) = request.app_data::<web::Data<Gate>>().cloned() else {
        return Ok(refuse(request, &Problem::new(ErrorCode::Internal)));
    };
    let access = gate.table.access(request.method(), request.match_info().unprocessed());
    if access == Access::Public {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    match gate.authenticator.authenticate(request.headers(), request.method().as_str(), request.uri().path()).await {
        Ok(Some(principal)) => {
            if let Access::Protected(needs) = access {
                if let Err(problem) = needs.check(&principal) {
                    return Ok(refuse(request, &problem));
                }
                request.extensions_mut().insert(Allowed);
            }
            request.extensions_mut().insert(principal);
        }
        Ok(None) if matches!(access, Access::Protected(_) | Access::OtherMethod { public: false, .. }) => {
            return Ok(refuse(request, &Problem::new(ErrorCode::Unauthorized)));
        }
        Ok(None) => {}
        Err(problem) => return Ok(refuse(request, &problem)),
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

fn refuse(request: ServiceRequest, problem: &Problem) -> ServiceResponse {
    request.into_response(problem.error_response())
}

/// Answers what no route answered: a wrong method on a known path, or nothing there.
pub(crate) async fn fallback(request: HttpRequest, gate: web::Data<Gate>) -> HttpResponse {
    match gate.table.access(request.method(), request.match_info().as_str()) {
        Access::OtherMethod { allow, .. } => {
            let mut response = Problem::new(ErrorCode::MethodNotAllowed).error_response();
            if let Ok(value) = HeaderValue::from_str(&allow) {
                response.headers_mut().insert(header::ALLOW, value);
            }
            response
        }
        _ => Problem::new(ErrorCode::NotFound).error_response(),
    }
}

/// The body of a request, shared between its handler and its answer.
#[derive(Clone)]
struct Shared(Rc<RefCell<Payload>>);

impl Stream for Shared {
    type Item = Result<web::Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}

/// Keeps a body of unknown length open until its request is answered. One that is dropped before would be
/// read to its end, however far that is; one that is still open then is closed, with the connection.
fn keep_open(request: &mut ServiceRequest) -> Option<Shared> {
    if !request.headers().contains_key(header::TRANSFER_ENCODING) {
        return None;
    }
    let shared = Shared(Rc::new(RefCell::new(request.take_payload())));
    let stream: Pin<Box<dyn Stream<Item = _>>> = Box::pin(shared.clone());
    request.set_payload(Payload::from(stream));
    Some(shared)
}

/// An answer, with the body of its request.
struct Answer {
    body: BoxBody,
    _unread: Shared,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<web::Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(cx)
    }
}

/// The answer to HEAD: the size of the body that GET would have sent, and no body.
struct NoBody(BodySize);

impl MessageBody for NoBody {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        match self.0 {
            BodySize::Stream => BodySize::None,
            size => size,
        }
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<web::Bytes, Self::Error>>> {
        Poll::Ready(None)
    }
}
