//! The connection to the server: one for all callers, made anew by whoever finds it lost.
//!
//! Not the library's own manager: that one gives up for ever where a reconnection fails with anything but an I/O error
//! (a password being changed, too many clients), and keeps a connection on which nothing is answered.

use super::trouble::Trouble;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, RedisError};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// Longest wait for a connection.
const CONNECT_PATIENCE: Duration = Duration::from_millis(1000);
/// Longest wait for an answer on a connection.
const COMMAND_PATIENCE: Duration = Duration::from_millis(750);
/// Longest time of an operation of [`RedisState`](super::RedisState): a connection, where there is none, and an answer.
pub const OPERATION_PATIENCE: Duration = Duration::from_millis(1750);
/// First pause after a failed attempt to connect; doubled with each, up to [`LONGEST_PAUSE`]. Meanwhile callers are
/// refused at once.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// See the module.
pub struct Line {
    client: Client,
    state: Mutex<State>,
}

enum State {
    /// It stands, as far as is known.
    Up(Connected),
    /// There is none.
    Down { why: Trouble, until: Instant, pause: Duration },
}

#[derive(Clone)]
struct Connected {
    connection: MultiplexedConnection,
    /// Somebody found that it does not work.
    is_lost: Arc<AtomicBool>,
}

impl Line {
    /// Does not connect yet.
    pub fn new(client: Client) -> Self {
        let why = Trouble { why: "not yet connected".to_owned(), is_lost: true, is_lasting: false };
        Self { client, state: Mutex::new(State::Down { why, until: Instant::now(), pause: FIRST_PAUSE }) }
    }

    /// Does the work on the connection, within [`OPERATION_PATIENCE`].
    pub async fn run<T, F>(&self, work: impl FnOnce(MultiplexedConnection) -> F) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        let operation = async {
            let connected = self.connected().await?;
            let answer = match timeout(COMMAND_PATIENCE, work(connected.connection)).await {
                Ok(answer) => answer.map_err(|error| Trouble::from(&error)),
                Err(_late) => Err(Trouble::late()),
            };
            if answer.as_ref().is_err_and(|trouble| trouble.is_lost) {
                connected.is_lost.store(true, Ordering::Relaxed);
            }
            answer
        };
        timeout(OPERATION_PATIENCE, operation).await.unwrap_or_else(|_late| Err(Trouble::late()))
    }

    /// The connection, or a new one; those who wait meanwhile get the same one, or the same error.
    async fn connected(&self) -> Result<Connected, Trouble> {
        let mut state = self.state.lock().await;
        let pause = match &*state {
            State::Up(connected) if !connected.is_lost.load(Ordering::Relaxed) => return Ok(connected.clone()),
            State::Up(_) => {
                tracing::debug!("the connection to Redis was lost; connecting again");
                FIRST_PAUSE
            }
            State::Down { why, until, .. } if Instant::now() < *until => return Err(why.clone()),
            State::Down { pause, .. } => *pause,
        };
        match timeout(CONNECT_PATIENCE, self.connect()).await {
            Ok(Ok(connected)) => {
                tracing::debug!("connected to Redis");
                *state = State::Up(connected.clone());
                Ok(connected)
            }
            failed => {
                let why = match failed {
                    Ok(Err(error)) => Trouble::from(&error),
                    _late => Trouble::late(),
                };
                tracing::warn!(why = why.why, "no connection to Redis");
                let until = Instant::now() + pause;
                *state = State::Down { why: why.clone(), until, pause: (pause * 2).min(LONGEST_PAUSE) };
                Err(why)
            }
        }
    }

    async fn connect(&self) -> Result<Connected, RedisError> {
        let is_lost = Arc::new(AtomicBool::new(false));
        let seen = is_lost.clone();
        // Called when the connection ends, also while nobody uses it: the next caller gets a new one, not an error.
        let notice = move |info: PushInfo| {
            if info.kind == PushKind::Disconnection {
                seen.store(true, Ordering::Relaxed);
            }
            Ok::<(), Infallible>(())
        };
        // Time is limited from outside, for everything together.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_push_sender(notice);
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Connected { connection, is_lost })
    }
}
