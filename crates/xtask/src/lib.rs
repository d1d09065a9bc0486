//! Rules of this repository that a compiler does not check. `cargo test` runs them, so they hold.

pub mod tidy;

use std::path::PathBuf;

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
