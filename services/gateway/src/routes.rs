//! The gateway's own routes: who am I, what is this server, sign-in, the front door.

use crate::{Gateway, docs, web as app};
use actix_web::http::header::LOCATION;
use actix_web::web::Json;
use actix_web::{HttpRequest, HttpResponse, get, web};
use common::execution::MAX_EXECUTION_CODE_BYTES;
use common::job::{MAX_PICTURES, MAX_PROMPT_BYTES, MAX_REPAIRS};
use common::{ErrorCode, OwnerId};
use edge::{Principal, Problem};
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the routes. They need a `web::Data<Gateway>`.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(me).service(config);
    cfg.map(|cfg| cfg.service(home).service(signin).configure(docs::mount));
}

/// How callers sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum SignIn {
    /// By the token of this machine's data folder, or a one-time link.
    Local,
}

/// The caller.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Me {
    /// Whose objects the caller sees and makes.
    #[schema(value_type = String)]
    owner: OwnerId,
    /// How the caller signed in.
    sign_in: SignIn,
}

/// What the server says about itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Config {
    /// What this server is called.
    name: String,
    /// The version of the program.
    version: String,
    /// How callers sign in.
    sign_in: SignIn,
    /// Media types of the images that are accepted, decided by their bytes.
    #[schema(value_type = Vec<String>)]
    media_types: &'static [&'static str],
    /// Limits that clients should know before they run into them.
    limits: ConfigLimits,
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

/// Who the caller is.
#[utoipa::path(tag = "account", responses((status = 200, body = Me)))]
#[get("/api/v1/me")]
async fn me(principal: Principal) -> Json<Me> {
    Json(Me { owner: principal.owner, sign_in: SignIn::Local })
}

/// What this server is, how to sign in, and what it accepts.
#[utoipa::path(tag = "account", responses((status = 200, body = Config)))]
#[get("/api/v1/config")]
async fn config(gateway: web::Data<Gateway>) -> Json<Config> {
    let settings = &gateway.settings;
    let (name, version) = (settings.name.clone(), settings.version.clone());
    Json(Config { name, version, sign_in: SignIn::Local, media_types: MEDIA_TYPES, limits: settings.limits })
}

/// The front door: the web app.
#[get("/")]
async fn home(request: HttpRequest) -> HttpResponse {
    app::front_door(&request)
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

/// Uses a one-time link up and opens a session in this browser.
#[get("/signin")]
async fn signin(
    request: HttpRequest,
    query: web::Query<Code>,
    gateway: web::Data<Gateway>,
) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((LOCATION, if app::is_built() { "/" } else { "/docs" }));
    // A program that only looks whether the link is alive must not use it up.
    if edge::is_head(&request) {
        return Ok(response.finish());
    }
    let refused =
        || Problem::with_detail(ErrorCode::Unauthorized, "This sign-in link is wrong, was used before, or is too old.");
    // Said by a proxy in front; whoever says it of a plain connection locks only themselves out.
    let proto = request.headers().get("x-forwarded-proto");
    let is_https = proto.is_some_and(|value| value.as_bytes() == b"https");
    let redeemed = gateway.auth.redeem(&query.code, is_https).await.map_err(|error| {
        tracing::error!(%error, "a sign-in link cannot be looked up");
        Problem::with_detail(ErrorCode::NotReady, "The server cannot look up sign-in links now.").retry_after(2)
    })?;
    let cookie = redeemed.ok_or_else(refused)?;
    Ok(response.cookie(cookie).finish())
}
