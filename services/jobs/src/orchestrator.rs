//! The moving parts around the machine: the outbox relay, the consumer of answers, the clock, and
//! recovery after a restart.

use crate::Jobs;
use crate::feed;
use crate::live;
use crate::machine::Input;
use crate::message;
use crate::notify::sender;
use crate::store::StoreError;
use crate::tell;
use crate::told;
use async_trait::async_trait;
use bus::{BusError, Consumer, Handled, Handler, Incoming, Outgoing};
use common::TraceContext;
use common::topic::Topic;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often the clock looks for ended leases and free places. Also the longest a message waits in the
/// outbox when its wake-up was lost.
const TICK: Duration = Duration::from_secs(1);

/// Time between two sweeps.
const SWEEPS: Duration = Duration::from_secs(6 * 3600);

/// Answers handled at a time. Each is one short transaction.
const ANSWER_CONCURRENCY: usize = 4;

/// Pause before an answer that could not be stored is given again.
const STORE_RETRY_DELAY: Duration = Duration::from_millis(500);

/// Messages published per look into the outbox.
const RELAY_BATCH: u64 = 64;

/// Pause before the outbox is looked into again while another replica is at it.
const RELAY_PAUSE: Duration = Duration::from_millis(20);

/// The running parts of the jobs service. They end when the token given to [`Jobs::start`] is cancelled.
#[derive(Debug)]
pub struct Running {
    tasks: TaskTracker,
    answers: Consumer,
}

impl Running {
    /// Waits until everything in hand is stored.
    pub async fn finished(&self) {
        self.answers.finished().await;
        self.tasks.wait().await;
    }
}

pub(crate) async fn start(jobs: &Jobs, stop: CancellationToken) -> Result<Running, crate::StartError> {
    // Listen before recovery sends anything: an answer must find its consumer.
    let handler = Arc::new(Answers(jobs.clone()));
    let answers = Consumer::start(&jobs.inner.bus, Topic::JobsStep, ANSWER_CONCURRENCY, handler, stop.clone()).await?;
    let tasks = TaskTracker::new();
    if jobs.inner.bus.is_durable() {
        let changes = jobs.inner.bus.subscribe(Topic::JobsChanged).await?;
        tasks.spawn(tell::hear_changes(jobs.clone(), changes, stop.clone()));
        tasks.spawn(tell::publish_changes(jobs.clone(), stop.clone()));
    } else {
        recover(jobs).await?;
    }
    let told = jobs.inner.bus.subscribe(Topic::JobsLive).await?;
    tasks.spawn(live::hear(jobs.clone(), told, stop.clone()));
    tasks.spawn(feed::poll(jobs.clone(), stop.clone()));
    tasks.spawn(relay(jobs.clone(), stop.clone()));
    tasks.spawn(sweeps(jobs.clone(), stop.clone()));
    tasks.spawn(sender::run(jobs.clone(), stop.clone()));
    tasks.spawn(clock(jobs.clone(), stop));
    tasks.close();
    Ok(Running { tasks, answers })
}

/// The bus forgot every message at the restart: whatever was being worked on is sent again. Workers
/// answer finished steps from their memos.
async fn recover(jobs: &Jobs) -> Result<(), StoreError> {
    for id in jobs.inner.store.running().await? {
        jobs.apply(id, Input::Recover).await?;
        tracing::info!(job_id = %id, "job taken up again after a restart");
    }
    Ok(())
}

struct Answers(Jobs);

#[async_trait]
impl Handler for Answers {
    async fn handle(&self, incoming: &Incoming) -> Handled {
        let message::Answer { job, step, outcome, calls } = match message::answer(&incoming.payload) {
            Ok(answer) => answer,
            Err(error) => return Handled::Reject(error.to_string()),
        };
        // What they cost is counted with the job; this is for looking back, and no reason to keep an answer waiting.
        if let Err(error) = self.0.inner.store.keep_calls(job, &calls).await {
            log_error("keeping what model calls took", &error);
        }
        match self.0.apply(job, Input::Answer(step, outcome)).await {
            // A job deleted meanwhile needs no answer.
            Ok(_) => Handled::Done,
            Err(error) => {
                log_error("storing an answer", &error);
                match error {
                    // The database fails, or others change the same job: the answer is not to blame.
                    StoreError::Engine(_) | StoreError::Changed => Handled::PutOff(STORE_RETRY_DELAY),
                    StoreError::Content(_) => Handled::Retry(STORE_RETRY_DELAY),
                }
            }
        }
    }
}

/// Publishes what stands in the outbox, in order, each message until the bus has it. A crash before they are removed
/// publishes a batch again, under the same ids; workers answer a step they know from their memos.
async fn relay(jobs: Jobs, stop: CancellationToken) {
    loop {
        match publish_pending(&jobs).await {
            // The batch was full: there may be more.
            Ok(Some(published)) if published == RELAY_BATCH => continue,
            Ok(Some(_)) => {}
            // Another replica is at it, and may have looked before the newest message was there.
            Ok(None) => {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(RELAY_PAUSE) => continue,
                }
            }
            Err(error) => tracing::warn!(error = %error, "outbox could not be published; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = jobs.inner.outbox_filled.notified() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Nothing when another replica is at it: both would publish the same, and out of order.
async fn publish_pending(jobs: &Jobs) -> Result<Option<u64>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(claim) = database::alone(jobs.inner.store.db(), "relay").await? else { return Ok(None) };
    let published = publish_in_order(jobs).await;
    claim.done().await?;
    published.map(Some)
}

async fn publish_in_order(jobs: &Jobs) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    let db = jobs.inner.store.db();
    let pending = database::outbox::pending(db, RELAY_BATCH).await?;
    let mut safe = Vec::with_capacity(pending.len());
    let mut outcome = Ok(());
    for waiting in pending {
        outcome = publish_one(jobs, waiting.message).await;
        if outcome.is_err() {
            break;
        }
        safe.push(waiting.position);
    }
    database::outbox::published(db, &safe).await?;
    outcome?;
    Ok(safe.len() as u64)
}

async fn publish_one(jobs: &Jobs, message: database::outbox::Message) -> Result<(), BusError> {
    let Some(topic) = Topic::ALL.iter().copied().find(|topic| topic.as_str() == message.topic) else {
        tracing::error!(topic = message.topic, "outbox holds a message of an unknown topic; dropped");
        return Ok(());
    };
    // One that cannot be read is as good as none.
    let trace = message.trace.and_then(|text| TraceContext::try_from(text).ok());
    jobs.inner.bus.publish(Outgoing { message_id: message.message_id, topic, payload: message.payload, trace }).await
}

/// Removes what is older than it is kept, and what belongs to nothing, now and then. Stopping in the middle is fine.
async fn sweeps(jobs: Jobs, stop: CancellationToken) {
    let sweeping = async {
        let mut interval = tokio::time::interval(SWEEPS);
        loop {
            interval.tick().await;
            // A failure is in the log; the next time it is tried again.
            let _in_the_log = jobs.remove_old().await;
            let _in_the_log = jobs.sweep().await;
        }
    };
    stop.run_until_cancelled(sweeping).await;
}

/// Starts queued jobs, repeats steps whose lease ended, ends jobs whose time is up.
async fn clock(jobs: Jobs, stop: CancellationToken) {
    let max_job_ms = i64::try_from(jobs.inner.settings.max_job_seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
    for ticks in 0_u64.. {
        if let Err(error) = tick(&jobs, max_job_ms).await {
            log_error("the clock of jobs", &error);
        }
        if ticks % told::LOOK_EVERY == 0 {
            told::look(&jobs).await;
        }
        jobs.inner.teller.tell_again(&jobs.inner.bus).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

async fn tick(jobs: &Jobs, max_job_ms: i64) -> Result<(), StoreError> {
    for id in jobs.inner.store.running().await? {
        jobs.apply(id, Input::Tick { max_job_ms }).await?;
    }
    jobs.start_queued().await
}

pub(crate) fn log_error(context: &str, error: &StoreError) {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    tracing::error!(context, %error, source, "the jobs store failed");
}
