//! Runs a [`Site`] on a listener until told to stop.

use crate::middleware::{self, Gate};
use crate::routes::RouteTable;
use crate::site::Site;
use crate::validate;
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Bytes};
use actix_web::{App, Error, FromRequest, HttpRequest, HttpResponse, HttpServer};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use utoipa_actix_web::AppExt;

/// Limits of one server.
#[derive(Debug, Clone)]
pub struct ShellSettings {
    /// Threads that answer requests.
    pub workers: usize,
    /// How long open requests may take to finish after the stop, in whole seconds (rounded up).
    pub shutdown_timeout: Duration,
    /// Largest body that is read as a whole (JSON, forms), in bytes. Uploads have their own limit. Well
    /// above the longest code, so that code is refused by its own, clearer error.
    pub json_limit: usize,
    /// Open connections per worker; more wait in the backlog.
    pub max_connections: usize,
    /// How long a client may take to send the head of a request.
    pub head_timeout: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
}

impl Default for ShellSettings {
    fn default() -> Self {
        Self {
            workers: 2,
            shutdown_timeout: Duration::from_secs(10),
            json_limit: 4 << 20,
            max_connections: 1024,
            head_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(75),
        }
    }
}

/// The server could not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The API document cannot be written as JSON.
    #[error("the API document cannot be written as JSON")]
    Document(#[source] serde_json::Error),
    /// The listener failed.
    #[error("the HTTP server failed")]
    Io(#[source] io::Error),
}

/// The token that is cancelled when the server stops. Handlers of endless answers take it and end.
#[derive(Debug, Clone, Default)]
pub struct Stop(pub CancellationToken);

impl FromRequest for Stop {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request.app_data::<Stop>().cloned().unwrap_or_default()))
    }
}

/// What the workers of one server share.
struct Shared {
    site: Site,
    api: Bytes,
    gate: web::Data<Gate>,
    stop: Stop,
    json_limit: usize,
}

/// Serves the site until `stop` is cancelled, then refuses new connections and lets open requests
/// finish within the timeout. The caller bound the listener and so knows its address. No signal handlers
/// are installed: the order of the stop is the caller's.
///
/// # Errors
/// The API document cannot be built, or the listener fails.
pub async fn serve(
    listener: TcpListener,
    settings: ShellSettings,
    site: Site,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let api = site.openapi();
    let gate = Gate { table: RouteTable::new(&api, site.public_routes()), authenticator: site.authenticator.clone() };
    let json = match site.told_document() {
        Some(text) => Bytes::from_static(text.as_bytes()),
        None => Bytes::from(api.to_json().map_err(ServeError::Document)?),
    };
    let shared = Arc::new(Shared {
        site,
        api: json,
        gate: web::Data::new(gate),
        stop: Stop(stop.clone()),
        json_limit: settings.json_limit,
    });
    let timeout = settings.shutdown_timeout;
    let server = HttpServer::new(move || app(&shared))
        .workers(settings.workers.max(1))
        .max_connections(settings.max_connections)
        .keep_alive(settings.keep_alive)
        .client_request_timeout(settings.head_timeout)
        // A client that closes its side has left: the handler or stream is dropped at once.
        .h1_allow_half_closed(false)
        .shutdown_timeout(timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0))
        .disable_signals()
        .listen(listener)
        .map_err(ServeError::Io)?
        .run();
    // Not `shutdown_signal`: that also stops the actix system of this thread, and with it every other
    // server started from it.
    let handle = server.handle();
    tokio::pin!(server);
    tokio::select! {
        ended = &mut server => return ended.map_err(ServeError::Io),
        () = stop.cancelled() => {}
    }
    let ((), ended) = tokio::join!(handle.stop(true), server);
    ended.map_err(ServeError::Io)
}

fn app(
    shared: &Shared,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    App::new()
        .configure(|cfg| validate::configure(cfg, shared.json_limit))
        .app_data(shared.gate.clone())
        .app_data(shared.stop.clone())
        .app_data(web::Data::new(Document(shared.api.clone())))
        .route("/openapi.json", web::get().to(openapi))
        .into_utoipa_app()
        .configure(|cfg| shared.site.configure(cfg))
        .into_app()
        .default_service(web::to(middleware::fallback))
        .wrap(from_fn(middleware::authenticate))
        .wrap(from_fn(middleware::catch_panics))
        .wrap(Compress::default())
        .wrap(from_fn(middleware::observe))
}

/// The API document as it is sent.
struct Document(Bytes);

async fn openapi(document: web::Data<Document>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(document.0.clone())
}
