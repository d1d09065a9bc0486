//! The jobs service: the life of a job from upload to result, and the only orchestrator.
//!
//! It decides by a pure [`machine`]; it never calls a model and never runs code. State, events and
//! outgoing commands of one change commit together; a relay publishes them; answers come back on the
//! bus. Killing the process at any point loses no accepted job and shows no step twice.

mod allowance;
mod bundle;
mod calibration;
mod calls;
pub mod doc;
mod ending;
mod feed;
mod follow_up;
mod hot;
mod live;
pub mod machine;
mod measure;
mod message;
mod notify;
mod orchestrator;
mod personal;
mod pictures;
mod program;
mod report;
mod request;
mod routes;
mod store;
mod tell;
mod told;
mod usage;
mod view;

pub use calibration::{AxisPoint, AxisScale, Calibration};
pub use calls::{ModelCall, ModelCallPage};
pub use follow_up::Refinement;
pub use notify::address::Rules;
pub use notify::{
    Channel, ChosenEmail, ChosenWebhook, DeliveryView, MailSettings, NoticeKind, NotificationSettings,
    Settings as NotifySettings,
};
pub use orchestrator::Running;
pub use personal::Erasure;
pub use pictures::RemotePictures;
pub use program::serve;
pub use report::LinkStyle;
pub use request::{NewJob, Retry};
pub use routes::routes;
pub use store::Wanted;
pub use usage::{AllowanceView, UsageView};
pub use view::{JobPage, JobView};

use blob::{BlobKey, ByteStream, ErrorKind, SharedStore};
use bus::SharedBus;
use common::job::{JobReport, JobState};
use common::limits::Limits;
use common::picture::PictureSource;
use common::{Caller, ErrorCode, Failure, JobId, OwnerId, TraceContext};
use database::DatabaseConnection;
use doc::{Job, Millis};
use feed::{Feeds, Told};
use futures::{Stream, StreamExt};
use hot::{Hot, Repeated};
use live::Lives;
use machine::Input;
use shared::SharedHandle;
use std::sync::Arc;
use store::{Accepted, IdempotencyKey, Snapshot, Store, StoreError, StoredEvent};
use tell::Teller;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Limits of the service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Jobs worked on at a time; others wait as `queued`.
    pub max_running: u64,
    /// Longest time for a whole job in seconds.
    pub max_job_seconds: u64,
    /// What a person may use for whom nothing else is set.
    pub limits: Limits,
    /// How people are told that jobs have ended.
    pub notify: NotifySettings,
    /// Age in days at which jobs that have ended are removed; none: they are kept.
    pub retention_days: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        let (limits, notify) = (Limits::default(), NotifySettings::default());
        Self { max_running: 4, max_job_seconds: 1800, limits, notify, retention_days: None }
    }
}

/// What the service needs.
pub struct Deps {
    /// Its own database.
    pub db: DatabaseConnection,
    /// Where workers put code, results and outputs.
    pub blob: SharedStore,
    /// The bus.
    pub bus: SharedBus,
    /// What its replicas share and may forget. It saves reads of the database; nothing depends on it.
    pub shared: SharedHandle,
    /// Where pictures are found.
    pub pictures: Arc<dyn PictureSource>,
}

/// The service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database fails.
    #[error("the jobs database is not usable")]
    Store(#[from] StoreError),
    /// The bus refuses.
    #[error("the bus is not usable")]
    Bus(#[from] bus::BusError),
    /// Settings of notifications are not usable.
    #[error("notifications cannot be sent: {0}")]
    Notify(#[from] notify::NoWay),
}

struct Inner {
    store: Store,
    blob: SharedStore,
    bus: SharedBus,
    pictures: Arc<dyn PictureSource>,
    settings: Settings,
    outbox_filled: Notify,
    hot: Hot,
    feeds: Feeds,
    lives: Lives,
    teller: Teller,
    ways: notify::Ways,
    deliveries_waiting: Notify,
}

/// The service. Clones share everything.
#[derive(Clone)]
pub struct Jobs {
    inner: Arc<Inner>,
}

impl Jobs {
    /// Opens the service; nothing moves before [`Jobs::start`].
    ///
    /// # Errors
    /// The database is not usable.
    pub async fn open(deps: Deps, settings: Settings) -> Result<Self, StartError> {
        let inner = Inner {
            store: Store::open(deps.db).await?,
            blob: deps.blob,
            bus: deps.bus,
            pictures: deps.pictures,
            ways: notify::Ways::new(&settings.notify, notify::system_lookup())?,
            deliveries_waiting: Notify::new(),
            settings,
            outbox_filled: Notify::new(),
            hot: Hot::new(deps.shared),
            feeds: Feeds::default(),
            lives: Lives::default(),
            teller: Teller::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Starts working: takes up what a restart interrupted, then consumes answers until `stop`.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(&self, stop: CancellationToken) -> Result<Running, StartError> {
        orchestrator::start(self, stop).await
    }

    fn now(&self) -> Millis {
        database::now().timestamp_millis()
    }

    /// Accepts a job. With an idempotency key the same request gives the same job again.
    ///
    /// # Errors
    /// `invalid_field`, `prompt_too_long`, `file_not_found`, `idempotency_conflict`, or a storage failure.
    pub async fn create(
        &self,
        caller: impl Into<Caller>,
        request: NewJob,
        idempotency_key: Option<String>,
    ) -> Result<JobView, Failure> {
        let caller = caller.into();
        let request = request.checked()?;
        let key = idempotency_key.map(|key| request.idempotency(key)).transpose()?;
        if let Some(key) = &key
            && let Some(before) = self.repeated(&caller.owner, key).await?
        {
            return Ok(before);
        }
        let mut pictures = Vec::with_capacity(request.file_ids.len());
        for id in &request.file_ids {
            pictures.push(self.inner.pictures.picture(&caller, *id).await?);
        }
        let mut job = Job::accepted(JobId::new(), request.prompt, request.options, pictures, self.now());
        job.trace = Some(caller.trace.clone().or_else(observe::current).unwrap_or_else(TraceContext::begin));
        self.accept(&caller, job, key).await
    }

    /// The job that this request made before, wherever it is known. The pictures of a repeated request do not matter.
    async fn repeated(&self, owner: &OwnerId, key: &IdempotencyKey) -> Result<Option<JobView>, Failure> {
        match self.inner.hot.repeated(owner, key).await {
            Repeated::Same(job) => return Ok(Some(JobView::of(&job, self.now()))),
            Repeated::Other => return Err(Failure::new(ErrorCode::IdempotencyConflict)),
            Repeated::Unknown => {}
        }
        match self.inner.store.repeated(owner, key).await.map_err(store_failure)? {
            Some(Accepted::Conflict | Accepted::TooManyOpen | Accepted::DayOver) => {
                Err(Failure::new(ErrorCode::IdempotencyConflict))
            }
            Some(Accepted::Before(before) | Accepted::New(before)) => Ok(Some(self.known(owner, key, &before).await)),
            None => Ok(None),
        }
    }

    /// Where the request is sent again it need not be looked up again.
    async fn known(&self, owner: &OwnerId, key: &IdempotencyKey, before: &Snapshot) -> JobView {
        self.inner.hot.keep(before).await;
        self.inner.hot.keep_key(owner, key, before.job.id).await;
        JobView::of(&before.job, self.now())
    }

    async fn accept(&self, caller: &Caller, mut job: Job, key: Option<IdempotencyKey>) -> Result<JobView, Failure> {
        let owner = &caller.owner;
        job.limits = caller.limits.or(self.inner.settings.limits);
        match self.inner.store.accept(owner, &job, key.clone()).await.map_err(store_failure)? {
            Accepted::Conflict => Err(Failure::new(ErrorCode::IdempotencyConflict)),
            Accepted::Before(before) => Ok(JobView::of(&before.job, self.now())),
            Accepted::TooManyOpen => Err(allowance::too_many_open(&job.limits)),
            Accepted::DayOver => Err(allowance::day_over(&job.limits, self.now())),
            Accepted::New(new) => {
                if let Some(key) = &key {
                    self.known(owner, key, &new).await;
                }
                // Accepted is accepted: if starting fails now, the clock starts it later.
                if let Err(error) = self.start_queued().await {
                    orchestrator::log_error("starting a job", &error);
                }
                Ok(JobView::of(&self.job(owner, job.id).await?, self.now()))
            }
        }
    }

    async fn start_queued(&self) -> Result<(), StoreError> {
        while let Some(started) = self.inner.store.start_next(self.inner.settings.max_running, self.now()).await? {
            self.moved(&started).await;
        }
        Ok(())
    }

    async fn moved(&self, now: &Snapshot) {
        told::changed(now);
        self.inner.outbox_filled.notify_one();
        // Before anybody is told: whoever was told and asks is not shown something older.
        self.inner.hot.keep(now).await;
        self.inner.feeds.push(now.job.id, &now.events);
        if self.inner.bus.is_durable()
            && let Some(last) = now.events.last()
        {
            self.inner.teller.changed(now.job.id, last.number);
        }
    }

    pub(crate) async fn apply(&self, id: JobId, input: Input) -> Result<Option<Job>, StoreError> {
        let Some((now, changed)) = self.inner.store.apply(id, input, self.now()).await? else { return Ok(None) };
        if changed {
            self.moved(&now).await;
            if now.job.state.is_final() {
                self.inner.lives.forget(id);
                self.inner.deliveries_waiting.notify_one();
                // Where it succeeded nothing of it can be running any more.
                if now.job.state != JobState::Succeeded && self.inner.bus.is_durable() {
                    self.inner.teller.stopped(id);
                }
                self.start_queued().await?;
            }
        }
        Ok(Some(now.job))
    }

    async fn job(&self, owner: &OwnerId, id: JobId) -> Result<Job, Failure> {
        let found = self.inner.store.get(owner, id).await.map_err(store_failure)?;
        found.ok_or_else(|| Failure::new(ErrorCode::JobNotFound))
    }

    /// One job.
    ///
    /// # Errors
    /// `job_not_found`, or a storage failure.
    pub async fn get(&self, owner: &OwnerId, id: JobId) -> Result<JobView, Failure> {
        Ok(JobView::of(&self.job(owner, id).await?, self.now()))
    }

    /// One page of jobs, newest first.
    ///
    /// # Errors
    /// A storage failure.
    pub async fn list(&self, owner: &OwnerId, wanted: &Wanted, limit: u64) -> Result<JobPage, Failure> {
        let limit = limit.clamp(1, 100);
        let mut jobs = self.inner.store.list(owner, wanted, limit + 1).await.map_err(store_failure)?;
        let now = self.now();
        let more = jobs.len() as u64 > limit;
        jobs.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next_cursor = if more { jobs.last().map(|job| job.id) } else { None };
        Ok(JobPage { items: jobs.iter().map(|job| JobView::of(job, now)).collect(), next_cursor })
    }

    /// Everything there is to say of a job, so far or at its end.
    ///
    /// # Errors
    /// `job_not_found`, or a storage failure.
    pub async fn report(&self, owner: &OwnerId, id: JobId, links: LinkStyle) -> Result<JobReport, Failure> {
        let job = self.job(owner, id).await?;
        report::of(&job, &*self.inner.blob, links, self.now()).await
    }

    /// Stops a job. Nothing of it runs a second later.
    ///
    /// # Errors
    /// `job_not_found`, `job_state_conflict` when it has ended, or a storage failure.
    pub async fn cancel(&self, owner: &OwnerId, id: JobId) -> Result<JobView, Failure> {
        let before = self.job(owner, id).await?;
        if before.state.is_final() {
            return Err(Failure::with_detail(ErrorCode::JobStateConflict, "The job has already ended."));
        }
        let after = self.apply(id, Input::Cancel).await.map_err(store_failure)?;
        let job = after.ok_or_else(|| Failure::new(ErrorCode::JobNotFound))?;
        Ok(JobView::of(&job, self.now()))
    }

    /// Removes a job that has ended, with its code, results and outputs.
    ///
    /// # Errors
    /// `job_not_found`, `job_state_conflict` while it has not ended, or a storage failure.
    pub async fn delete(&self, owner: &OwnerId, id: JobId) -> Result<(), Failure> {
        if !self.job(owner, id).await?.state.is_final() {
            return Err(Failure::with_detail(ErrorCode::JobStateConflict, "Cancel the job before deleting it."));
        }
        self.remove(id).await
    }

    async fn remove(&self, id: JobId) -> Result<(), Failure> {
        // Bytes first: if that fails the row still says they exist, and deleting again works.
        self.inner.blob.delete_prefix(&report::job_prefix(id)?).await.map_err(|error| report::blob_failure(&error))?;
        self.inner.hot.forget(id).await;
        self.inner.store.delete(id).await.map_err(store_failure)
    }

    /// Events of a job after `after`, as they happen; ends after the last one.
    ///
    /// # Errors
    /// `job_not_found`, or a storage failure.
    pub async fn events(
        &self,
        owner: &OwnerId,
        id: JobId,
        after: u64,
    ) -> Result<impl Stream<Item = StoredEvent> + use<>, Failure> {
        let all = self.follow(owner, id, after).await?;
        Ok(all.filter_map(|told| {
            std::future::ready(match told {
                Told::Event(event) => Some(event),
                Told::Live(_) => None,
            })
        }))
    }

    /// The same, with what goes on within running steps between.
    ///
    /// # Errors
    /// `job_not_found`, or a storage failure.
    pub(crate) async fn follow(
        &self,
        owner: &OwnerId,
        id: JobId,
        after: u64,
    ) -> Result<impl Stream<Item = Told> + use<>, Failure> {
        feed::follow(self, owner, id, after).await
    }

    /// The bytes of an output, by the blob key that a report in the style [`LinkStyle::BlobKey`] gave.
    ///
    /// # Errors
    /// `output_not_found`, or a storage failure.
    pub async fn content(&self, blob_key: &str) -> Result<ByteStream, Failure> {
        let key = BlobKey::parse(blob_key).map_err(|_| Failure::new(ErrorCode::OutputNotFound))?;
        match self.inner.blob.get_stream(&key).await {
            Ok((_, content)) => Ok(content),
            Err(error) if error.kind == ErrorKind::NotFound => Err(Failure::new(ErrorCode::OutputNotFound)),
            Err(error) => Err(report::blob_failure(&error)),
        }
    }

    /// Everything of a job as the bytes of one zip, made while they are read: report, code, review, what it printed,
    /// outputs, pictures.
    ///
    /// # Errors
    /// `job_not_found`, or a storage failure. Later failures are the stream's.
    pub async fn bundle(
        &self,
        owner: &OwnerId,
        id: JobId,
    ) -> Result<impl Stream<Item = std::io::Result<bytes::Bytes>> + use<>, Failure> {
        let (job, now) = (self.job(owner, id).await?, self.now());
        let report = report::of(&job, &*self.inner.blob, LinkStyle::BlobKey, now).await?;
        let told = report::of(&job, &*self.inner.blob, LinkStyle::Http, now).await?;
        let entries = bundle::entries(&job, &report, &told)?;
        Ok(bundle::pack(entries, job.finished_at.unwrap_or(now), self.inner.blob.clone()))
    }

    /// Proves that jobs can be stored now.
    ///
    /// # Errors
    /// The reason, in plain words.
    pub async fn check(&self) -> Result<String, String> {
        match database::check(self.inner.store.db()).await {
            Ok(()) => Ok("the jobs database takes writes".to_owned()),
            Err(error) => {
                tracing::error!(%error, "jobs database check failed");
                Err(self.inner.store.no_writes().to_owned())
            }
        }
    }
}

fn store_failure(error: StoreError) -> Failure {
    orchestrator::log_error("a request", &error);
    match error {
        StoreError::Engine(_) | StoreError::Changed => Failure::new(ErrorCode::StorageUnavailable),
        StoreError::Content(_) => Failure::new(ErrorCode::Internal),
    }
}
