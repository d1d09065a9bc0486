//! The engines that services stand on.

use crate::{Postgres, RabbitMq, Redis, S3Server, postgres};
use std::sync::{Mutex, OnceLock, PoisonError};

/// A broker, a database, an object store, and what is shared and forgotten.
#[derive(Debug)]
pub struct Engines {
    /// RabbitMQ.
    pub broker: RabbitMq,
    /// PostgreSQL.
    pub postgres: &'static Postgres,
    /// The object store.
    pub store: S3Server,
    /// Redis.
    pub redis: Redis,
}

/// Where the engines are found by one stack: apart from those of others.
#[derive(Debug, Clone)]
pub struct EngineUrls {
    /// `BUS_URL`.
    pub bus: String,
    /// `DATABASE_URL`.
    pub database: String,
    /// `BLOB_URL`.
    pub blob: String,
    /// `SHARED_URL`.
    pub shared: String,
}

impl EngineUrls {
    /// As settings.
    pub fn variables(&self) -> Vec<(String, String)> {
        let pairs = [
            ("BUS_URL", &self.bus),
            ("DATABASE_URL", &self.database),
            ("BLOB_URL", &self.blob),
            ("SHARED_URL", &self.shared),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
    }
}

impl Engines {
    /// Starts all four, side by side.
    ///
    /// # Errors
    /// One is not installed or does not come up: why.
    pub fn start() -> Result<Self, String> {
        std::thread::scope(|scope| {
            let broker = scope.spawn(RabbitMq::start);
            let postgres = scope.spawn(postgres);
            let redis = scope.spawn(Redis::start);
            let store = S3Server::start();
            let panicked = |_| "an engine's start panicked".to_owned();
            Ok(Self {
                broker: broker.join().map_err(panicked)??,
                postgres: postgres.join().map_err(panicked)??,
                store: store?,
                redis: redis.join().map_err(panicked)??,
            })
        })
    }

    /// Those of this process, started by whoever asks first. They end with the process.
    ///
    /// # Errors
    /// As [`Engines::start`].
    pub fn of_this_process() -> Result<&'static Mutex<Self>, String> {
        static ENGINES: OnceLock<Result<Mutex<Engines>, String>> = OnceLock::new();
        ENGINES.get_or_init(|| Self::start().map(Mutex::new)).as_ref().map_err(Clone::clone)
    }

    /// Where a stack of that name finds them: letters and digits.
    pub fn urls(&self, name: &str) -> EngineUrls {
        EngineUrls {
            bus: format!("{}?namespace={name}", self.broker.url()),
            database: self.postgres.database(name),
            blob: self.store.url(name),
            shared: format!("{}?namespace={name}", self.redis.url()),
        }
    }
}

/// URLs of a new stack on the engines of this process.
///
/// # Errors
/// As [`Engines::start`].
pub fn fresh_urls() -> Result<EngineUrls, String> {
    let engines = Engines::of_this_process()?.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(engines.urls(&format!("s{}", &crate::random_hex()[..16])))
}
