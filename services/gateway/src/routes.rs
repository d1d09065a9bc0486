//! The gateway's own routes: what is this server, the front door; below it who comes in and what becomes of them.

mod desk;
mod keys;
mod me;
mod oidc;
mod people;
mod sign_in;

pub use oidc::CALLBACK as OIDC_CALLBACK;
pub use sign_in::SESSION_LIFE;

use crate::{Gateway, docs, web as app};
use actix_web::web::Json;
use actix_web::{HttpRequest, HttpResponse, get, web};
use common::execution::MAX_EXECUTION_CODE_BYTES;
use common::job::{MAX_PICTURES, MAX_PROMPT_BYTES, MAX_REPAIRS};
use serde::Serialize;
use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the routes. They need a `web::Data<Gateway>`.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(config).service(me::me).service(me::change_me).service(me::close_account).service(me::set_password);
    cfg.service(me::sessions).service(me::end_session).service(me::end_other_sessions);
    cfg.service(sign_in::sign_in).service(sign_in::sign_out).service(sign_in::join);
    cfg.service(oidc::start).service(oidc::callback);
    cfg.service(keys::list).service(keys::make).service(keys::revoke);
    cfg.service(people::users).service(people::change_user).service(people::make_link);
    cfg.service(people::invitations).service(people::invite).service(people::end_invitation);
    cfg.service(people::audit);
    cfg.map(|cfg| cfg.service(home).service(sign_in::by_link).configure(docs::mount));
}

/// How people sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// With e-mail address and password, or a one-time link.
    Local,
    /// By Clerk: its session tokens are sent as `Authorization: Bearer TOKEN`.
    Clerk,
    /// By an issuer of OpenID Connect: begins at `/api/v1/auth/oidc/start`.
    Oidc,
}

/// What the server says about itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Config {
    /// What this server is called.
    name: String,
    /// The version of the program.
    version: String,
    /// How people sign in.
    sign_in: SignIn,
    /// With Clerk: which of its instances, for the web app.
    clerk_publishable_key: Option<String>,
    /// With OpenID Connect: what people call the issuer.
    oidc_name: Option<String>,
    /// Media types of the images that are accepted, decided by their bytes.
    #[schema(value_type = Vec<String>)]
    media_types: &'static [&'static str],
    /// Limits that clients should know before they run into them.
    limits: ConfigLimits,
    /// Where the web app reports its errors: a Sentry DSN.
    sentry_dsn: Option<String>,
    /// Whether this request came with a session's cookie, of a session that stands or not: without one there is nobody to
    /// ask for.
    has_session: bool,
}

/// What the files service accepts. That they are the same is held by the tests of the whole program.
const MEDIA_TYPES: &[&str] = &["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff"];

/// Limits that clients should know before they run into them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ConfigLimits {
    /// Largest image file, in bytes.
    pub max_upload_bytes: u64,
    /// Most pixels of an image.
    pub max_image_pixels: u64,
    /// Most images of one job.
    pub max_images_per_job: usize,
    /// Longest prompt, in bytes.
    pub max_prompt_bytes: usize,
    /// Longest code of a direct execution, in bytes.
    pub max_code_bytes: usize,
    /// Longest run of code, in seconds.
    pub max_run_seconds: u64,
    /// Most repairs of failed code in one job.
    pub max_repairs: u32,
    /// Longest job, in seconds.
    pub max_job_seconds: u64,
}

impl Default for ConfigLimits {
    /// The limits of a server without settings.
    fn default() -> Self {
        Self {
            max_upload_bytes: 25 * 1024 * 1024,
            max_image_pixels: 40_000_000,
            max_images_per_job: MAX_PICTURES,
            max_prompt_bytes: MAX_PROMPT_BYTES,
            max_code_bytes: MAX_EXECUTION_CODE_BYTES,
            max_run_seconds: 120,
            max_repairs: MAX_REPAIRS,
            max_job_seconds: 1800,
        }
    }
}

/// What this server is, how to sign in, and what it accepts.
#[utoipa::path(tag = "account", responses((status = 200, body = Config)))]
#[get("/api/v1/config")]
async fn config(request: HttpRequest, gateway: web::Data<Gateway>) -> Json<Config> {
    let settings = &gateway.settings;
    let (name, version) = (settings.name.clone(), settings.version.clone());
    Json(Config {
        name,
        version,
        sign_in: settings.way.name(),
        clerk_publishable_key: settings.way.clerk().map(|clerk| clerk.publishable_key.clone()),
        oidc_name: settings.way.oidc().map(|oidc| oidc.name().to_owned()),
        media_types: MEDIA_TYPES,
        limits: settings.limits,
        sentry_dsn: settings.sentry_dsn.as_ref().map(|dsn| dsn.as_str().to_owned()),
        has_session: gateway.callers.has_session(request.headers()),
    })
}

/// The front door: the web app.
#[get("/")]
async fn home(request: HttpRequest) -> HttpResponse {
    app::front_door(&request)
}
