//! State in Redis 6.2 or newer, or what speaks as it does: for any number of replicas.
//!
//! Each operation is one command or one script (`newer.lua`, `spend.lua`, `hold.lua`) on one key, so it is atomic,
//! also where keys are spread over servers. Nothing is asked a second time: a caller who got an error decides.

mod line;
mod settings;
mod trouble;

pub use line::OPERATION_PATIENCE;
pub use settings::RedisSettings;

use crate::key::holder_digest;
use crate::{ConnectError, Key, Rate, SharedError, SharedState, Spent, bounded, prove, within_limit};
use async_trait::async_trait;
use bytes::Bytes;
use line::Line;
use redis::{Cmd, FromRedisValue, Script, ScriptInvocation, cmd};
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// Pause between attempts at the start.
const START_PAUSE: Duration = Duration::from_millis(200);

/// See the module.
pub struct RedisState {
    namespace: String,
    line: Line,
    newer: Script,
    spend: Script,
    hold: Script,
}

impl fmt::Debug for RedisState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisState").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

/// Digits of a version, so that versions are in the order of their texts.
const VERSION_DIGITS: usize = 20;

/// The four things a key may have.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Value,
    Newest,
    Rate,
    Holders,
}

impl RedisState {
    /// Connects when it is first used. Until the server is there, operations fail.
    ///
    /// # Errors
    /// The settings cannot be used.
    pub fn new(settings: RedisSettings) -> Result<Self, ConnectError> {
        Ok(Self {
            line: Line::new(settings.client()?),
            namespace: settings.namespace,
            newer: Script::new(include_str!("redis_state/newer.lua")),
            spend: Script::new(include_str!("redis_state/spend.lua")),
            hold: Script::new(include_str!("redis_state/hold.lua")),
        })
    }

    /// Connects, and proves that the server can be written.
    ///
    /// # Errors
    /// The server does not answer within the settings' patience; or it refuses, which is not waited for.
    pub async fn connect(settings: RedisSettings) -> Result<Self, ConnectError> {
        let until = Instant::now() + settings.start_patience;
        let state = Self::new(settings)?;
        // Of a password, a right to write, and what else may be wrong, an attempt to write says which.
        let trial = state.name(Kind::Value, &Key::new(crate::Purpose::Check, "start"));
        loop {
            let mut set = cmd("SET");
            set.arg(&trial).arg("").arg("PX").arg(1);
            let Err(trouble) = state.line.run(async |mut line| set.query_async::<()>(&mut line).await).await else {
                return Ok(state);
            };
            if trouble.is_lasting || Instant::now() + START_PAUSE >= until {
                return Err(ConnectError::Unavailable(trouble.why));
            }
            tokio::time::sleep(START_PAUSE).await;
        }
    }

    /// A key as the server sees it.
    fn name(&self, kind: Kind, key: &Key) -> String {
        let kind = match kind {
            Kind::Value => "value",
            Kind::Newest => "newest",
            Kind::Rate => "rate",
            Kind::Holders => "hold",
        };
        format!("{}:{kind}:{key}", self.namespace)
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, SharedError> {
        let answer = self.line.run(async move |mut line| command.query_async(&mut line).await).await;
        answer.map_err(|trouble| SharedError::Unavailable(trouble.why))
    }

    async fn decide<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, SharedError> {
        let answer = self.line.run(async move |mut line| script.invoke_async(&mut line).await).await;
        answer.map_err(|trouble| SharedError::Unavailable(trouble.why))
    }

    fn put(&self, key: &Key, value: &Bytes, keep: Duration) -> Cmd {
        let mut set = cmd("SET");
        set.arg(self.name(Kind::Value, key)).arg(value.as_ref()).arg("PX").arg(milliseconds(keep));
        set
    }
}

fn milliseconds(keep: Duration) -> u64 {
    u64::try_from(bounded(keep).as_millis()).unwrap_or(u64::MAX)
}

#[async_trait]
impl SharedState for RedisState {
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, SharedError> {
        self.ask(cmd("GET").arg(self.name(Kind::Value, key))).await
    }

    async fn put(&self, key: &Key, value: Bytes, keep: Duration) -> Result<(), SharedError> {
        within_limit(&value)?;
        self.ask(&self.put(key, &value, keep)).await
    }

    async fn put_new(&self, key: &Key, value: Bytes, keep: Duration) -> Result<bool, SharedError> {
        within_limit(&value)?;
        self.ask(self.put(key, &value, keep).arg("NX")).await
    }

    async fn take(&self, key: &Key) -> Result<Option<Bytes>, SharedError> {
        self.ask(cmd("GETDEL").arg(self.name(Kind::Value, key))).await
    }

    async fn delete(&self, key: &Key) -> Result<(), SharedError> {
        self.ask(cmd("DEL").arg(self.name(Kind::Value, key))).await
    }

    async fn put_newer(&self, key: &Key, version: u64, value: Bytes, keep: Duration) -> Result<bool, SharedError> {
        within_limit(&value)?;
        let version = format!("{version:0VERSION_DIGITS$}");
        let mut script = self.newer.key(self.name(Kind::Newest, key));
        self.decide(script.arg(version).arg(value.as_ref()).arg(milliseconds(keep))).await
    }

    async fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, SharedError> {
        let Some(mut text) = self.ask::<Option<Bytes>>(cmd("GET").arg(self.name(Kind::Newest, key))).await? else {
            return Ok(None);
        };
        let unreadable = || SharedError::Unavailable("what stands there is no version".to_owned());
        let value = text.split_off(VERSION_DIGITS.min(text.len()));
        let version = std::str::from_utf8(&text).ok().and_then(|version| version.parse().ok());
        Ok(Some((version.ok_or_else(unreadable)?, value)))
    }

    async fn spend(&self, key: &Key, rate: Rate, cost: u32) -> Result<Spent, SharedError> {
        if cost > rate.burst() {
            return Ok(Spent::Never);
        }
        let refill = u64::try_from(rate.refill().as_micros()).unwrap_or(u64::MAX);
        let mut script = self.spend.key(self.name(Kind::Rate, key));
        let (is_allowed, number): (bool, u64) = self.decide(script.arg(refill).arg(rate.burst()).arg(cost)).await?;
        Ok(if is_allowed {
            Spent::Allowed { remaining: u32::try_from(number).unwrap_or(u32::MAX) }
        } else {
            Spent::Refused { retry_after: Duration::from_micros(number) }
        })
    }

    async fn hold(&self, key: &Key, holder: &str, most: u32, keep: Duration) -> Result<bool, SharedError> {
        let mut script = self.hold.key(self.name(Kind::Holders, key));
        self.decide(script.arg(&holder_digest(holder)).arg(most).arg(milliseconds(keep))).await
    }

    async fn release(&self, key: &Key, holder: &str) -> Result<(), SharedError> {
        self.ask(cmd("ZREM").arg(self.name(Kind::Holders, key)).arg(&holder_digest(holder))).await
    }

    async fn check(&self) -> Result<(), SharedError> {
        prove(self).await
    }
}
