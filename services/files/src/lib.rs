//! The files service. It owns uploaded images: their bytes, what is known about them, and their
//! thumbnails.
//!
//! An upload streams to the blob store (`upload`); then it is decoded within limits, turned upright,
//! stored as a PNG without metadata beside the original, and its row written last (`complete`). Only
//! that PNG is ever served or analysed. Blobs without a row are swept (`sweep`).
//!
//! It trusts neither file names nor declared types, and talks to others only through the bus (a look
//! ahead of time at each new picture) and as a [`common::picture::PictureSource`].

mod catalogue;
mod colour;
mod complete;
mod container;
mod decode;
mod encode;
mod erase;
mod fault;
mod keys;
mod name;
mod program;
mod routes;
mod sniff;
mod store;
mod sweep;
mod told;
mod upload;
mod view;
mod warm;

pub use program::serve;
pub use routes::{internal_routes, routes};
pub use sweep::GRACE;
pub use view::{FilePage, FileView};

use blob::SharedStore;
use bus::SharedBus;
use bytes::Bytes;
use common::{Failure, OwnerId};
use futures::{StreamExt, stream};
use sea_orm::{DatabaseConnection, DbErr};
use std::sync::Arc;
use store::FileStore;
use tokio::sync::Semaphore;

/// Pictures decoded at the same time.
const DECODERS: usize = 2;

/// What the service stands on.
pub struct Deps {
    /// Its own database.
    pub db: DatabaseConnection,
    /// Where bytes are kept.
    pub blob: SharedStore,
    /// Where looks are asked for.
    pub bus: SharedBus,
}

/// What an operator can choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Largest upload in bytes.
    pub max_upload_bytes: u64,
    /// Most pixels of an image.
    pub max_image_pixels: u64,
    /// Age in days at which uploads are removed; none: they are kept.
    pub retention_days: Option<u64>,
}

impl Default for Settings {
    /// 25 MiB and 40 megapixels, kept for ever.
    fn default() -> Self {
        Self { max_upload_bytes: 25 * 1024 * 1024, max_image_pixels: 40_000_000, retention_days: None }
    }
}

/// The service cannot start.
#[derive(Debug, thiserror::Error)]
#[error("the tables of the files service cannot be brought up to date")]
pub struct OpenError(#[source] DbErr);

/// The files service. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    inner: Arc<Inner>,
}

struct Inner {
    rows: FileStore,
    blob: SharedStore,
    bus: SharedBus,
    settings: Settings,
    decoders: Arc<Semaphore>,
}

impl Files {
    /// Opens the service and brings its tables up to date. [`Files::start`] begins its sweeps.
    ///
    /// # Errors
    /// The tables cannot be brought up to date.
    pub async fn open(deps: Deps, settings: Settings) -> Result<Self, OpenError> {
        let rows = FileStore::open(deps.db).await.map_err(OpenError)?;
        let decoders = Arc::new(Semaphore::new(DECODERS));
        Ok(Self { inner: Arc::new(Inner { rows, blob: deps.blob, bus: deps.bus, settings, decoders }) })
    }

    /// Takes in an image that is already in memory, exactly as an upload over HTTP.
    ///
    /// # Errors
    /// `empty_file`, `unsupported_media_type`, `file_too_large`, `undecodable_image`, `too_many_pixels`,
    /// `too_busy`, `storage_unavailable`.
    pub async fn ingest(&self, owner: &OwnerId, name: &str, bytes: Bytes) -> Result<FileView, Failure> {
        let received = self.receive(owner, name, stream::iter([Ok(bytes)]).boxed()).await?;
        self.complete(received, None).await
    }

    /// Proves that uploads can be stored now.
    ///
    /// # Errors
    /// `storage_unavailable` when bytes or rows cannot be written.
    pub async fn check(&self) -> Result<(), Failure> {
        self.blob().check().await.map_err(|error| fault::not_stored(&error))?;
        self.rows().check().await.map_err(|error| fault::row_not_stored(&error))
    }

    fn rows(&self) -> &FileStore {
        &self.inner.rows
    }

    fn blob(&self) -> &SharedStore {
        &self.inner.blob
    }

    fn bus(&self) -> &SharedBus {
        &self.inner.bus
    }

    fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    fn decoders(&self) -> Arc<Semaphore> {
        self.inner.decoders.clone()
    }
}
