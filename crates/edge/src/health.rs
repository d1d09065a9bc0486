//! Alive and ready. Alive costs nothing; ready runs real checks and says which one failed and why.

use actix_web::{HttpResponse, get, web};
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use serde::Serialize;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use utoipa_actix_web::service_config::ServiceConfig;

/// What a check found: what works, or in plain words what does not and how to fix it.
pub type CheckResult = Result<String, String>;

/// One named check of something the process needs.
#[derive(Clone)]
pub struct Check {
    name: &'static str,
    run: Arc<dyn Fn() -> BoxFuture<'static, CheckResult> + Send + Sync>,
}

impl Check {
    /// A check. Its texts are public: no paths, addresses or internal errors in them.
    pub fn new<F, Fut>(name: &'static str, run: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = CheckResult> + Send + 'static,
    {
        Self { name, run: Arc::new(move || run().boxed()) }
    }

    async fn report(&self, timeout: Duration) -> CheckReport {
        let start = Instant::now();
        // The call itself may panic too, so it is made inside the guarded future.
        let guarded = AssertUnwindSafe(async { (self.run)().await }).catch_unwind();
        let result = match tokio::time::timeout(timeout, guarded).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err("The check itself failed; the log says why.".to_owned()),
            Err(_) => Err(format!("No answer within {} ms.", timeout.as_millis())),
        };
        let duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let ok = result.is_ok();
        let detail = result.unwrap_or_else(|reason| reason);
        if !ok {
            tracing::warn!(check.name = self.name, check.detail = detail, duration_ms, "not ready");
        }
        CheckReport { name: self.name.to_owned(), ok, detail, duration_ms }
    }
}

/// What one check found.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CheckReport {
    /// What was checked.
    pub name: String,
    /// Whether it works.
    pub ok: bool,
    /// What was found, or why it does not work and how to fix it.
    pub detail: String,
    /// How long the check took, in milliseconds.
    pub duration_ms: u64,
}

/// Whether the real work is possible now.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Readiness {
    /// True when every check passed.
    pub ready: bool,
    /// All checks.
    pub checks: Vec<CheckReport>,
}

/// The process answers.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub struct Liveness {
    /// Always true.
    pub alive: bool,
}

/// The checks of a process, and their last result.
#[derive(Clone)]
pub struct Health {
    checks: Vec<Check>,
    timeout: Duration,
    keep: Duration,
    last: Arc<Mutex<Option<(Instant, Readiness)>>>,
}

impl Default for Health {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Health {
    /// These checks, each given 5 seconds; a result is kept for 2 seconds.
    pub fn new(checks: Vec<Check>) -> Self {
        Self { checks, timeout: Duration::from_secs(5), keep: Duration::from_secs(2), last: Arc::default() }
    }

    /// Another limit for each check.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Another time for which a result is kept.
    #[must_use]
    pub fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// Runs all checks at once, or gives the result of a moment ago. Callers that arrive while the
    /// checks run share that run.
    pub async fn readiness(&self) -> Readiness {
        let mut last = self.last.lock().await;
        if let Some((at, readiness)) = &*last
            && at.elapsed() < self.keep
        {
            return readiness.clone();
        }
        let checks = join_all(self.checks.iter().map(|check| check.report(self.timeout))).await;
        let readiness = Readiness { ready: checks.iter().all(|check| check.ok), checks };
        *last = Some((Instant::now(), readiness.clone()));
        readiness
    }
}

/// Says that the process answers.
#[utoipa::path(tag = "health", operation_id = "healthz", responses((status = 200, body = Liveness)))]
#[get("/healthz")]
async fn healthz() -> web::Json<Liveness> {
    web::Json(Liveness { alive: true })
}

/// Says whether the real work is possible now, check by check.
#[utoipa::path(
    tag = "health", operation_id = "readyz",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness, description = "Something is missing"))
)]
#[get("/readyz")]
async fn readyz(health: web::Data<Health>) -> HttpResponse {
    let readiness = health.readiness().await;
    let mut response = if readiness.ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(readiness)
}

pub(crate) fn routes(cfg: &mut ServiceConfig, health: &Health) {
    cfg.app_data(web::Data::new(health.clone())).service(healthz).service(readyz);
}
