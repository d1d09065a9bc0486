//! Feeds: everybody who watches the same job on this replica shares one, which reads each event once.
//!
//! What this replica changes itself comes without a read. What another has changed is found in the shared state; and in
//! the database where it is not, or something between is missing. Once a second one query asks how far all watched jobs
//! have come, in case a wake-up was lost.

use crate::Jobs;
use crate::hot::Hot;
use crate::live::{Piece, Present, Reader};
use crate::orchestrator::log_error;
use crate::store::{Store, StoreError, StoredEvent};
use common::{ErrorCode, Failure, JobId, OwnerId, StepId};
use futures::{Stream, stream};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// Events read from the store at a time.
const PAGE: u64 = 100;

/// How often the store is asked how far watched jobs have come.
const POLL: Duration = Duration::from_secs(1);

/// Jobs asked for in one query.
const POLLED: usize = 500;

/// The feeds that somebody watches.
#[derive(Default)]
pub struct Feeds {
    open: Mutex<HashMap<JobId, Arc<Feed>>>,
}

struct Feed {
    id: JobId,
    shown: watch::Sender<Shown>,
    /// Highest number of an event that is said to be there.
    heard: AtomicU64,
    wake: Notify,
}

/// Where a feed stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Not yet read.
    Opening,
    /// There may be more.
    Open,
    /// The last event is there.
    Over,
    /// There is no such job, or not any more.
    Gone,
    /// It could not be read.
    Failed,
}

/// What those who watch see.
#[derive(Debug)]
struct Shown {
    standing: Standing,
    owner: String,
    /// All of them, from number 1.
    events: Vec<StoredEvent>,
}

impl Shown {
    fn last(&self) -> u64 {
        self.events.last().map_or(0, |event| event.number)
    }

    /// Takes those that follow what is there, and answers whether there were any.
    fn append(&mut self, events: &[StoredEvent]) -> bool {
        let before = self.last();
        for event in events {
            if self.standing == Standing::Open && event.number == self.last() + 1 {
                if event.kind == "job_finished" {
                    self.standing = Standing::Over;
                }
                self.events.push(event.clone());
            }
        }
        self.last() > before
    }

    /// Whether this step goes on, and is one of which something is told: a model's turn, or a run of its code.
    fn goes_on(&self, step: StepId) -> bool {
        let id = step.to_string();
        let last = self.events.iter().rev().find(|event| event.kind.starts_with("step_") && event.data.contains(&id));
        last.filter(|event| event.kind != "step_finished").is_some_and(|event| {
            let data: serde_json::Value = serde_json::from_str(&event.data).unwrap_or_default();
            data["step_id"] == id.as_str() && matches!(data["kind"].as_str(), Some("think" | "run"))
        })
    }
}

/// What is told to whoever follows a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// An event of its history.
    Event(StoredEvent),
    /// What goes on within a running step, of the moment.
    Live(Piece),
}

/// Where one who follows a job is.
struct Reading {
    watching: watch::Receiver<Shown>,
    present: watch::Receiver<Present>,
    reader: Reader,
    news: VecDeque<Piece>,
    after: u64,
    is_ended: bool,
}

impl Reading {
    async fn next(mut self) -> Option<(Told, Self)> {
        if self.is_ended {
            return None;
        }
        loop {
            let (event, standing) = {
                let shown = self.watching.borrow_and_update();
                let next = usize::try_from(self.after).ok().and_then(|after| shown.events.get(after));
                (next.cloned(), shown.standing)
            };
            if let Some(event) = event {
                // What went on before is over, or will be told as it now is.
                self.news.clear();
                self.reader = Reader::default();
                self.after = event.number;
                return Some((Told::Event(event), self));
            }
            if standing != Standing::Open {
                return None;
            }
            if self.news.is_empty() {
                let present = self.present.borrow_and_update();
                let goes_on = present.step().is_some_and(|step| self.watching.borrow().goes_on(step));
                if goes_on {
                    self.news.extend(self.reader.news(&present));
                }
            }
            if let Some(piece) = self.news.pop_front() {
                return Some((Told::Live(piece), self));
            }
            tokio::select! {
                changed = self.watching.changed() => changed.ok()?,
                () = changed(&mut self.present) => {}
            }
        }
    }
}

/// Waits for more; for ever where nothing more can come, which ends nothing else.
async fn changed(present: &mut watch::Receiver<Present>) {
    if present.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl Feeds {
    fn open(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Feed>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, id: JobId) -> Option<Arc<Feed>> {
        self.open().get(&id).cloned()
    }

    /// Events of a job as this replica has stored them.
    pub fn push(&self, id: JobId, events: &[StoredEvent]) {
        let (Some(feed), Some(last)) = (self.of(id), events.last()) else { return };
        feed.heard.fetch_max(last.number, Ordering::SeqCst);
        feed.show(events);
        feed.wake_unless_seen();
    }

    /// A job is said to have events up to this number; zero: more than before.
    pub fn heard(&self, id: JobId, last: u64) {
        let Some(feed) = self.of(id) else { return };
        let last = if last == 0 { feed.last() + 1 } else { last };
        feed.heard.fetch_max(last, Ordering::SeqCst);
        feed.wake_unless_seen();
    }

    /// Jobs whose feeds wait for more.
    fn waiting(&self) -> Vec<JobId> {
        let open = self.open();
        open.values().filter(|feed| feed.standing() == Standing::Open).map(|feed| feed.id).collect()
    }

    fn gone(&self, id: JobId) {
        if let Some(feed) = self.of(id) {
            feed.stand(Standing::Gone);
            feed.wake.notify_one();
        }
    }

    /// Watches the job, with those who do so already.
    fn watch(&self, jobs: &Jobs, id: JobId) -> watch::Receiver<Shown> {
        let mut open = self.open();
        if let Some(feed) = open.get(&id) {
            return feed.shown.subscribe();
        }
        let shown = Shown { standing: Standing::Opening, owner: String::new(), events: Vec::new() };
        let (shown, watching) = watch::channel(shown);
        let feed = Arc::new(Feed { id, shown, heard: AtomicU64::new(0), wake: Notify::new() });
        open.insert(id, feed.clone());
        tokio::spawn(run(jobs.clone(), feed));
        watching
    }

    /// Takes the feed out unless it is open and somebody watches.
    fn is_closed(&self, feed: &Feed) -> bool {
        let mut open = self.open();
        let is_closed = feed.standing() != Standing::Open || feed.shown.receiver_count() == 0;
        if is_closed {
            open.remove(&feed.id);
        }
        is_closed
    }
}

/// Keeps a feed until nobody watches or there is nothing more to come.
async fn run(jobs: Jobs, feed: Arc<Feed>) {
    let (store, hot) = (&jobs.inner.store, &jobs.inner.hot);
    if let Err(error) = feed.read_all(store).await {
        log_error("opening an event stream", &error);
        feed.stand(Standing::Failed);
    }
    while !jobs.inner.feeds.is_closed(&feed) {
        feed.catch_up(store, hot).await;
        tokio::select! {
            () = feed.shown.closed() => {}
            () = feed.wake.notified() => {}
        }
    }
}

impl Feed {
    fn last(&self) -> u64 {
        self.shown.borrow().last()
    }

    fn standing(&self) -> Standing {
        self.shown.borrow().standing
    }

    fn stand(&self, standing: Standing) {
        self.shown.send_modify(|shown| shown.standing = standing);
    }

    fn show(&self, events: &[StoredEvent]) -> bool {
        self.shown.send_if_modified(|shown| shown.append(events))
    }

    fn wake_unless_seen(&self) {
        if self.last() < self.heard.load(Ordering::SeqCst) {
            self.wake.notify_one();
        }
    }

    /// Whose it is, and all its events so far.
    async fn read_all(&self, store: &Store) -> Result<(), StoreError> {
        let Some(owner) = store.owner_of(self.id).await? else {
            self.stand(Standing::Gone);
            return Ok(());
        };
        let mut all = Shown { standing: Standing::Open, owner, events: Vec::new() };
        while all.append(&store.events_after(self.id, all.last(), PAGE).await?) {
            if !all.last().is_multiple_of(PAGE) {
                break;
            }
        }
        // At once: whoever waits for it to open sees where it really stands.
        self.shown.send_replace(all);
        Ok(())
    }

    /// Reads what was heard of and is not there.
    async fn catch_up(&self, store: &Store, hot: &Hot) {
        loop {
            let (last, heard) = (self.last(), self.heard.load(Ordering::SeqCst));
            if heard <= last || self.standing() != Standing::Open {
                return;
            }
            if let Some(snapshot) = hot.look(self.id).await
                && self.show(&snapshot.events)
            {
                continue;
            }
            match store.events_after(self.id, last, PAGE).await {
                // This replica may have shown it meanwhile.
                Ok(events) if self.show(&events) || self.last() > last => {}
                Ok(_) => {
                    // Nothing is there: the job was deleted, which the poll will find.
                    let _more_meanwhile = self.heard.compare_exchange(heard, last, Ordering::SeqCst, Ordering::SeqCst);
                    return;
                }
                Err(error) => return log_error("an event stream", &error),
            }
        }
    }
}

/// All events of a job after a number, those to come included, with what goes on within running steps between; ends after
/// `job_finished`.
///
/// # Errors
/// `job_not_found`, or a storage failure.
pub async fn follow(
    jobs: &Jobs,
    owner: &OwnerId,
    id: JobId,
    after: u64,
) -> Result<impl Stream<Item = Told> + use<>, Failure> {
    let mut watching = jobs.inner.feeds.watch(jobs, id);
    let (standing, last, is_theirs) = match watching.wait_for(|shown| shown.standing != Standing::Opening).await {
        Ok(shown) => (shown.standing, shown.last(), shown.owner == owner.as_str()),
        Err(_ended) => (Standing::Failed, 0, false),
    };
    match standing {
        Standing::Failed => return Err(Failure::new(ErrorCode::StorageUnavailable)),
        Standing::Opening | Standing::Gone => return Err(Failure::new(ErrorCode::JobNotFound)),
        Standing::Open | Standing::Over if !is_theirs => return Err(Failure::new(ErrorCode::JobNotFound)),
        Standing::Open | Standing::Over => {}
    }
    let mut is_ended = false;
    if standing == Standing::Open && after > last {
        // Another replica may have shown more than this one has heard of. An event that never was ends the stream.
        let seen = jobs.inner.store.events_after(id, after - 1, 1).await.map_err(crate::store_failure)?;
        is_ended = seen.is_empty();
        jobs.inner.feeds.heard(id, after);
    }
    let present = jobs.inner.lives.watch(id);
    let (reader, news) = (Reader::default(), VecDeque::new());
    Ok(stream::unfold(Reading { watching, present, reader, news, after, is_ended }, Reading::next))
}

/// Asks how far watched jobs have come, until stopped.
pub async fn poll(jobs: Jobs, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(POLL)).await.is_some() {
        for ids in jobs.inner.feeds.waiting().chunks(POLLED) {
            match jobs.inner.store.last_events(ids).await {
                Ok(last) => ids.iter().for_each(|id| match last.get(id) {
                    Some(last) => jobs.inner.feeds.heard(*id, *last),
                    None => jobs.inner.feeds.gone(*id),
                }),
                Err(error) => log_error("watched jobs", &error),
            }
        }
    }
}

#[cfg(test)]
mod tests;
