//! A connection to the broker: one at a time, made anew when it is lost, to the next of its nodes.
//!
//! The library's own recovery is not used: it loses consumers of transient queues and can wait for ever
//! (amqp-rs/lapin#450).

use super::topology::{self, Names};
use super::{Place, RabbitSettings, greeting};
use crate::BusError;
use futures::{Stream, StreamExt};
use lapin::options::ConfirmSelectOptions;
use lapin::{Channel, Connection, ConnectionProperties, Event};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Longest wait for a node to take a connection, before the next one is tried.
const NODE_PATIENCE: Duration = Duration::from_secs(5);
/// Longest wait for a connection with everything on it.
const CONNECT_PATIENCE: Duration = Duration::from_secs(15);
/// First pause after every node was tried; doubled each time, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// Longest wait for an orderly end.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

/// A connection with the topology declared.
#[derive(Debug)]
pub struct Connected {
    /// Tells connections apart.
    number: u64,
    /// The connection, for channels of consumers.
    pub connection: Connection,
    /// A channel that confirms what is published.
    pub channel: Channel,
    /// What the broker said when it last stopped taking messages.
    reason: Mutex<String>,
}

impl Connected {
    /// Why the broker takes no messages on this connection for now; nothing when it does, as far as it has said.
    pub fn blocked(&self) -> Option<String> {
        let status = self.connection.status();
        (status.connected() && status.blocked())
            // Nothing can break a text.
            .then(|| self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// How the connection is.
#[derive(Debug, Clone)]
enum State {
    /// It stands.
    Up(Arc<Connected>),
    /// There is none; why not.
    Down(String),
}

impl State {
    fn is_up(&self) -> bool {
        matches!(self, Self::Up(_))
    }
}

/// See the module. Dropping it ends the connection.
#[derive(Debug)]
pub struct Line {
    names: Names,
    now: watch::Receiver<State>,
    /// Number of the newest connection that somebody found broken.
    broken: Arc<watch::Sender<u64>>,
    stop: CancellationToken,
    ended: CancellationToken,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Line {
    /// Begins to connect; the broker's operator sees what the connection is for.
    pub fn start(mut settings: RabbitSettings, what_for: &str) -> Self {
        let names = Names(settings.namespace.clone());
        let (tell, now) = watch::channel(State::Down("not yet".to_owned()));
        let (broken, seen) = watch::channel(0);
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());
        // Each client has an order of its own, so that those of a node that dies spread over the others.
        settings.places.sort_by_cached_key(|_| uuid::Uuid::new_v4());
        let called = format!("darkroom {} {what_for}", settings.namespace);
        let places = settings.places;
        let keeper =
            Keeper { places, called, silent: HashSet::new(), names: names.clone(), tell, seen, stop: stop.clone() };
        let end = ended.clone();
        tokio::spawn(async move {
            keeper.keep().await;
            end.cancel();
        });
        Self { names, now, broken: Arc::new(broken), stop, ended }
    }

    /// Names of what is declared.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Cancelled when the bus is closed.
    pub fn closed(&self) -> &CancellationToken {
        &self.stop
    }

    /// Whether the bus is open.
    ///
    /// # Errors
    /// It is closed.
    pub fn open(&self) -> Result<(), BusError> {
        if self.stop.is_cancelled() { Err(BusError::Closed) } else { Ok(()) }
    }

    /// The present connection, or the next one.
    ///
    /// # Errors
    /// The bus is closed, or there was none for that long.
    pub async fn connected(&self, patience: Duration) -> Result<Arc<Connected>, BusError> {
        self.open()?;
        let mut now = self.now.clone();
        let up =
            async { timeout(patience, now.wait_for(State::is_up)).await.map(|found| found.map(|now| now.clone())) };
        let found = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(BusError::Closed),
            found = up => found,
        };
        match found {
            Ok(Ok(State::Up(connected))) => Ok(connected),
            Ok(_gone) => Err(BusError::Closed),
            Err(_late) => match &*self.now.borrow() {
                State::Up(connected) => Ok(connected.clone()),
                State::Down(why) => Err(BusError::Unavailable(format!("no connection: {why}"))),
            },
        }
    }

    /// Says that a connection does not work; another is made.
    pub fn lost(&self, connected: &Connected) {
        self.broken.send_if_modified(|newest| {
            let is_news = connected.number > *newest;
            *newest = (*newest).max(connected.number);
            is_news
        });
    }

    /// Ends everything, and waits for it.
    pub async fn close(&self) {
        self.stop.cancel();
        self.ended.cancelled().await;
    }
}

/// Keeps a connection until it is told to stop.
struct Keeper {
    places: Vec<Place>,
    called: String,
    /// Nodes that took a connection last time and did not answer.
    silent: HashSet<String>,
    names: Names,
    tell: watch::Sender<State>,
    seen: watch::Receiver<u64>,
    stop: CancellationToken,
}

impl Keeper {
    async fn keep(mut self) {
        let (mut pause, mut number, mut failed) = (FIRST_PAUSE, 0, 0);
        let stop = self.stop.clone();
        for place in self.places.clone().iter().cycle() {
            number += 1;
            let attempt = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                attempt = timeout(CONNECT_PATIENCE, self.connect(place, number)) => attempt,
            };
            let why = match attempt {
                Ok(Ok(connected)) => {
                    (pause, failed) = (FIRST_PAUSE, 0);
                    tracing::debug!(number = connected.number, host = place.host, "connected to the broker");
                    // Before anything is published: what happens while nobody listens is not told later.
                    let events = connected.connection.events_listener();
                    self.tell.send_replace(State::Up(connected.clone()));
                    self.until_lost(&connected, events).await
                }
                Ok(Err(error)) => Some(error),
                Err(_late) => Some("no answer in time".to_owned()),
            };
            let Some(why) = why else { break };
            let why = format!("{}: {why}", place.host);
            self.tell.send_replace(State::Down(why.clone()));
            tracing::warn!(why, "no connection to the broker; connecting again");
            failed += 1;
            if failed < self.places.len() {
                continue;
            }
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
            (pause, failed) = ((pause * 2).min(LONGEST_PAUSE), 0);
        }
    }

    async fn connect(&mut self, place: &Place, number: u64) -> Result<Arc<Connected>, String> {
        let text = |error: lapin::Error| error.to_string();
        let properties = ConnectionProperties::default().with_connection_name(self.called.as_str().into());
        let silence = |_late| "it does not answer".to_owned();
        if self.silent.contains(&place.host) {
            timeout(NODE_PATIENCE, greeting::answers(place)).await.map_err(silence)??;
        }
        self.silent.insert(place.host.clone());
        let connection = timeout(NODE_PATIENCE, Connection::connect(&place.url, properties)).await.map_err(silence)?;
        self.silent.remove(&place.host);
        let connection = connection.map_err(text)?;
        let channel = connection.create_channel().await.map_err(text)?;
        topology::declare(&channel, &self.names).await.map_err(text)?;
        channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(text)?;
        let reason = Mutex::new("it does not say why".to_owned());
        Ok(Arc::new(Connected { number, connection, channel, reason }))
    }

    /// Waits until the connection is lost, and answers why; nothing when it was ended in order.
    async fn until_lost(&mut self, connected: &Connected, events: impl Stream<Item = Event>) -> Option<String> {
        let mut events = std::pin::pin!(events);
        loop {
            let number = connected.number;
            tokio::select! {
                biased;
                () = self.stop.cancelled() => {
                    let closing = connected.connection.close(200, "bye".into());
                    if !matches!(timeout(CLOSE_PATIENCE, closing).await, Ok(Ok(()))) {
                        tracing::debug!("the broker did not take leave; what was in hand comes again");
                    }
                    return None;
                }
                // Whoever found it broken says so by its number.
                was_seen = async { self.seen.wait_for(|newest| *newest >= number).await.is_ok() } => {
                    return was_seen.then(|| "it was found not to work".to_owned());
                }
                event = events.next() => match event {
                    Some(Event::Error(error)) if !connected.connection.status().connected() => {
                        return Some(error.to_string());
                    }
                    Some(Event::ConnectionBlocked(why)) => {
                        tracing::error!(why, "the broker takes no messages for now: memory or disk run out there");
                        *connected.reason.lock().unwrap_or_else(PoisonError::into_inner) = why;
                    }
                    Some(Event::ConnectionUnblocked) => tracing::info!("the broker takes messages again"),
                    Some(_) => {}
                    None => return Some("it ended".to_owned()),
                }
            }
        }
    }
}
