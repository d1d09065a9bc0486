//! Connections to what the settings name, with the embedded defaults below a data folder.

use crate::{NotReady, Settings};
use blob::SharedStore;
use bus::SharedBus;
use shared::SharedHandle;
use std::path::Path;

/// The bus.
///
/// # Errors
/// The broker does not answer, or the URL names none.
pub async fn bus(settings: &Settings) -> Result<SharedBus, NotReady> {
    bus::connect(settings.bus_url.exposed()).await.map_err(|error| NotReady::bus(&error))
}

/// The blob store, below the data folder unless the settings name another.
///
/// # Errors
/// It cannot be opened.
pub async fn blob(settings: &Settings, data: &Path) -> Result<SharedStore, NotReady> {
    let url = or_default(settings.blob_url.exposed(), || format!("file://{}", data.join("blobs").display()));
    blob::connect(&url).await.map_err(|error| NotReady::storage(&error))
}

/// What replicas share and may forget.
///
/// # Errors
/// It cannot be opened.
pub async fn shared(settings: &Settings) -> Result<SharedHandle, NotReady> {
    shared::connect(settings.shared_url.exposed()).await.map_err(|error| {
        NotReady::new(error.to_string(), "start the server it names, or correct SHARED_URL in the settings")
    })
}

/// What replicas share and may forget, for a service that does without while the server is away, also at its start.
///
/// # Errors
/// The URL is wrong.
pub fn shared_if_there(settings: &Settings) -> Result<SharedHandle, NotReady> {
    shared::open(settings.shared_url.exposed())
        .map_err(|error| NotReady::new(error.to_string(), "correct SHARED_URL in the settings"))
}

/// URL of the databases, below the data folder unless the settings name others.
pub fn database_url(settings: &Settings, data: &Path) -> String {
    or_default(settings.database_url.exposed(), || format!("sqlite://{}", data.join("db").display()))
}

fn or_default(set: &str, default: impl FnOnce() -> String) -> String {
    if set.is_empty() { default() } else { set.to_owned() }
}
