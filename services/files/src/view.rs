//! What clients get to see of an upload.

use crate::store::FileRow;
use chrono::{DateTime, Utc};
use common::FileId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An uploaded image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileView {
    /// Its id.
    pub id: FileId,
    /// The name it was uploaded under, cleaned for display.
    #[schema(example = "chart.png")]
    pub name: String,
    /// Media type of the uploaded bytes, told from the bytes themselves.
    #[schema(example = "image/png")]
    pub media_type: String,
    /// Size of the uploaded bytes.
    pub bytes: u64,
    /// Width in pixels, upright.
    pub width: u32,
    /// Height in pixels, upright.
    pub height: u32,
    /// SHA-256 of the uploaded bytes, lower-case hex.
    pub sha256: String,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
    /// What to know about how it was read, for example that only the first frame of an animation is used.
    pub notes: Vec<String>,
}

/// One page of a list of uploads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FilePage {
    /// Newest first.
    pub items: Vec<FileView>,
    /// Give this as `cursor` to get the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl From<FileRow> for FileView {
    fn from(row: FileRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            media_type: row.media_type,
            bytes: row.bytes,
            width: row.width,
            height: row.height,
            sha256: row.sha256,
            created_at: row.created_at,
            notes: row.notes,
        }
    }
}
