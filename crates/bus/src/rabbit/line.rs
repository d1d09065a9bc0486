//! The connection to the broker: one at a time, made anew when it is lost.
//!
//! The library's own recovery is not used: it loses consumers of transient queues and can wait for ever
//! (amqp-rs/lapin#450).

use super::RabbitSettings;
use super::topology::{self, Names};
use crate::BusError;
use futures::StreamExt;
use lapin::options::ConfirmSelectOptions;
use lapin::{Channel, Connection, ConnectionProperties, Event};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Longest wait for a connection with everything on it.
const CONNECT_PATIENCE: Duration = Duration::from_secs(15);
/// First pause after a failed attempt; doubled with each, up to [`LONGEST_PAUSE`].
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
    pub publishing: Channel,
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
    /// Begins to connect.
    pub fn start(settings: RabbitSettings) -> Self {
        let names = Names(settings.namespace.clone());
        let (tell, now) = watch::channel(State::Down("not yet".to_owned()));
        let (broken, seen) = watch::channel(0);
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());
        let keeper = Keeper { settings, names: names.clone(), tell, seen, stop: stop.clone() };
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
    settings: RabbitSettings,
    names: Names,
    tell: watch::Sender<State>,
    seen: watch::Receiver<u64>,
    stop: CancellationToken,
}

impl Keeper {
    async fn keep(mut self) {
        let (mut pause, mut number) = (FIRST_PAUSE, 0);
        while !self.stop.is_cancelled() {
            number += 1;
            let attempt = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                attempt = timeout(CONNECT_PATIENCE, self.connect(number)) => attempt,
            };
            let why = match attempt {
                Ok(Ok(connected)) => {
                    pause = FIRST_PAUSE;
                    tracing::debug!(number = connected.number, "connected to the broker");
                    self.tell.send_replace(State::Up(connected.clone()));
                    self.until_lost(&connected).await
                }
                Ok(Err(error)) => Some(error.to_string()),
                Err(_late) => Some("no answer in time".to_owned()),
            };
            let Some(why) = why else { break };
            self.tell.send_replace(State::Down(why.clone()));
            tracing::warn!(why, "no connection to the broker; connecting again");
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn connect(&self, number: u64) -> lapin::Result<Arc<Connected>> {
        let name = format!("darkroom {}", self.settings.namespace);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connection = Connection::connect(&self.settings.url, properties).await?;
        let publishing = connection.create_channel().await?;
        topology::declare(&publishing, &self.names).await?;
        publishing.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Arc::new(Connected { number, connection, publishing }))
    }

    /// Waits until the connection is lost, and answers why; nothing when it was ended in order.
    async fn until_lost(&mut self, connected: &Connected) -> Option<String> {
        let mut events = std::pin::pin!(connected.connection.events_listener());
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
                    }
                    Some(_) => {}
                    None => return Some("it ended".to_owned()),
                }
            }
        }
    }
}
