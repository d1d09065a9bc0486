//! One endpoint of a role: asked through its breaker, watched, counted.

use crate::breaker::{Breaker, BreakerPolicy, BreakerState, Pass, Sign};
use crate::told::{Telling, Told};
use crate::{ErrorKind, ModelError, Reply, Request, SharedModel};
use chrono::{DateTime, Utc};
use common::Failure;
use common::job::Usage;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tracing::Instrument;

/// A health check is not repeated sooner than this, whoever asks.
pub const CHECK_EVERY: Duration = Duration::from_secs(60);

/// What is known of an endpoint since the start of the process.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkState {
    /// Name of the model.
    pub model: String,
    /// Host and port, never more of the address; absent for models that are no endpoint.
    pub host: Option<String>,
    /// Where its breaker stands.
    pub breaker: BreakerState,
    /// Calls that were let through to it, repeats within a call not counted.
    pub calls: u64,
    /// Those of them that brought no usable answer.
    pub failures: u64,
    /// Tokens of all calls, as far as the endpoint says.
    pub usage: Usage,
    /// How long the last call took that was answered.
    pub last_latency: Option<Duration>,
    /// When that was.
    pub last_answer_at: Option<DateTime<Utc>>,
    /// The last failed call.
    pub last_error: Option<(DateTime<Utc>, Failure)>,
    /// The last health check, and why it failed where it did.
    pub last_check: Option<(DateTime<Utc>, Option<Failure>)>,
}

struct Watched {
    breaker: Breaker,
    calls: u64,
    failures: u64,
    usage: Usage,
    last_latency: Option<Duration>,
    last_answer: Option<(Instant, DateTime<Utc>)>,
    last_error: Option<(DateTime<Utc>, ModelError)>,
    last_check: Option<Checked>,
}

struct Checked {
    at: Instant,
    told_at: DateTime<Utc>,
    outcome: Result<(), ModelError>,
}

/// See the module.
pub struct Link {
    model: SharedModel,
    telling: OnceLock<Telling>,
    watched: Mutex<Watched>,
    /// One health check at a time: whoever waits finds its outcome.
    checking: tokio::sync::Mutex<()>,
}

impl Link {
    pub(crate) fn new(model: SharedModel, policy: BreakerPolicy) -> Self {
        let watched = Watched {
            breaker: Breaker::new(policy),
            calls: 0,
            failures: 0,
            usage: Usage::default(),
            last_latency: None,
            last_answer: None,
            last_error: None,
            last_check: None,
        };
        Self { model, telling: OnceLock::new(), watched: Mutex::new(watched), checking: tokio::sync::Mutex::default() }
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        // No change of the figures can panic half-way.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What there is to tell of its calls. Said once; what is said later is not heard.
    pub fn tell(&self, telling: Telling) {
        self.telling.get_or_init(|| telling);
    }

    /// Name of the model.
    pub fn name(&self) -> &str {
        self.model.name()
    }

    /// Where it is: host and port; absent for models that are no endpoint.
    pub fn host(&self) -> Option<&str> {
        self.model.host()
    }

    /// Asks, unless the breaker is open. `anyway` asks even then.
    pub(crate) async fn ask(&self, mut request: Request, anyway: bool) -> Result<Reply, ModelError> {
        let pass = {
            let mut watched = self.watched();
            match if anyway { Ok(watched.breaker.enter_anyway()) } else { watched.breaker.enter(Instant::now()) } {
                Ok(pass) => pass,
                Err(left) => return Err(self.left_alone(&watched, left)),
            }
        };
        let mut under_way = UnderWay { link: self, pass: Some(pass) };
        let started = Instant::now();
        let telling = self.telling.get().copied().unwrap_or_default();
        let told = Told::begin(self.name(), self.host(), telling, &mut request);
        let answer = self.model.complete(request).instrument(told.span.clone()).await;
        told.end(&answer);
        under_way.pass = None;
        self.record(pass, &answer, started);
        answer
    }

    fn left_alone(&self, watched: &Watched, left: Duration) -> ModelError {
        let last = watched.last_error.as_ref().map(|(_, error)| error);
        let kind = last.map_or(ErrorKind::Unavailable, |error| error.kind);
        ModelError {
            status: last.and_then(|error| error.status),
            left_alone: Some(left),
            ..ModelError::new(kind, self.name(), "not asked: its breaker is open")
        }
    }

    fn record(&self, pass: Pass, answer: &Result<Reply, ModelError>, started: Instant) {
        let now = Instant::now();
        let mut watched = self.watched();
        let before = watched.breaker.state(now);
        watched.calls += 1;
        watched.breaker.record(pass, sign(answer), now);
        match answer {
            Ok(reply) => {
                watched.usage.add(reply.usage);
                watched.last_latency = Some(now - started);
                watched.last_answer = Some((now, Utc::now()));
            }
            Err(error) => {
                watched.failures += 1;
                watched.usage.add(error.usage);
                watched.last_error = Some((Utc::now(), error.clone()));
            }
        }
        let after = watched.breaker.state(now);
        drop(watched);
        match (before, after) {
            (_, BreakerState::Open(pause)) => {
                let pause_s = pause.as_secs();
                tracing::warn!(llm.model = self.name(), llm.pause_s = pause_s, "a model is left alone for a while");
            }
            (BreakerState::HalfOpen, BreakerState::Closed) => {
                tracing::info!(llm.model = self.name(), "a model that was left alone answers again");
            }
            _ => {}
        }
    }

    /// Fine when the model answered lately or its endpoint can be reached, asked at most once a minute.
    ///
    /// # Errors
    /// The endpoint is down or refuses the credentials.
    pub async fn check(&self) -> Result<(), ModelError> {
        let _alone = self.checking.lock().await;
        if let Some(known) = self.known() {
            return known;
        }
        let outcome = self.model.check().await;
        let checked = Checked { at: Instant::now(), told_at: Utc::now(), outcome: outcome.clone() };
        self.watched().last_check = Some(checked);
        outcome
    }

    /// What an answer or a check of the last minute says.
    fn known(&self) -> Option<Result<(), ModelError>> {
        // Where nothing is sent, nothing is spared, and the outcome is always fresh.
        self.host()?;
        let watched = self.watched();
        let answered = watched.last_answer.map(|(at, _)| at).filter(|at| at.elapsed() < CHECK_EVERY);
        let checked = watched.last_check.as_ref().filter(|checked| checked.at.elapsed() < CHECK_EVERY);
        match (answered, checked) {
            (Some(answered), Some(checked)) if checked.at > answered => Some(checked.outcome.clone()),
            (Some(_), _) => Some(Ok(())),
            (None, checked) => checked.map(|checked| checked.outcome.clone()),
        }
    }

    /// What is known now.
    pub fn state(&self) -> LinkState {
        let watched = self.watched();
        LinkState {
            model: self.name().to_owned(),
            host: self.host().map(str::to_owned),
            breaker: watched.breaker.state(Instant::now()),
            calls: watched.calls,
            failures: watched.failures,
            usage: watched.usage,
            last_latency: watched.last_latency,
            last_answer_at: watched.last_answer.map(|(_, at)| at),
            last_error: watched.last_error.as_ref().map(|(at, error)| (*at, error.failure())),
            last_check: watched
                .last_check
                .as_ref()
                .map(|checked| (checked.told_at, checked.outcome.as_ref().err().map(ModelError::failure))),
        }
    }
}

/// What the end of a call says about its endpoint.
fn sign(answer: &Result<Reply, ModelError>) -> Sign {
    let error = match answer {
        Ok(_) => return Sign::Works,
        Err(error) => error,
    };
    match error.kind {
        _ if error.lasting => Sign::Lasting,
        ErrorKind::RateLimited => error.retry_after.map_or(Sign::Fails, Sign::Wait),
        // It answers; what it does not like is this one request.
        ErrorKind::Refused => Sign::Works,
        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::BadAnswer => Sign::Fails,
    }
}

/// Tells the breaker when a call is dropped before its end: its job was stopped, or the service is.
struct UnderWay<'a> {
    link: &'a Link,
    pass: Option<Pass>,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(pass) = self.pass {
            self.link.watched().breaker.given_up(pass, Instant::now());
        }
    }
}
