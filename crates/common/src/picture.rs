//! Words about pictures.

use serde::{Deserialize, Serialize};

/// What a picture shows, as far as the platform's own look can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PictureKind {
    /// Rows and columns of text or numbers.
    Table,
    /// Bars with a value axis.
    Bar,
    /// Lines over an axis.
    Line,
    /// Points over two axes.
    Scatter,
    /// Shares of a circle.
    Pie,
    /// Several charts beside each other.
    Panels,
    /// Boxes with lines or arrows between them.
    Diagram,
    /// Running text.
    Text,
    /// A photograph or micrograph.
    Photo,
    /// None of these.
    Other,
}

impl PictureKind {
    /// All kinds.
    pub const ALL: [PictureKind; 10] = [
        Self::Table,
        Self::Bar,
        Self::Line,
        Self::Scatter,
        Self::Pie,
        Self::Panels,
        Self::Diagram,
        Self::Text,
        Self::Photo,
        Self::Other,
    ];

    /// The stable text, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Bar => "bar",
            Self::Line => "line",
            Self::Scatter => "scatter",
            Self::Pie => "pie",
            Self::Panels => "panels",
            Self::Diagram => "diagram",
            Self::Text => "text",
            Self::Photo => "photo",
            Self::Other => "other",
        }
    }

    /// The kind named by the text; anything unknown is [`PictureKind::Other`].
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).unwrap_or(Self::Other)
    }
}

/// A picture as the workers get it: where its upright, metadata-free PNG stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureRef {
    /// The upload it came from.
    pub file_id: crate::FileId,
    /// Blob key of the upright PNG without metadata.
    pub blob_key: String,
    /// SHA-256 of that PNG, lower-case hex. What was seen in it is cached under this.
    pub sha256: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The upload's name, for people; workers are not told. Empty in jobs that were stored without.
    #[serde(default)]
    pub name: String,
}

/// A picture that was made fit before it was measured: turned upright, rectified, evened out or smoothed. Places in the
/// evidence are pixels of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// Blob key of the PNG.
    pub blob_key: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Turns ids of uploads into pictures for the workers. The service that owns the uploads implements it;
/// who needs pictures takes it as a dependency, so the two services never name each other.
///
/// ```text
///   jobs ──takes──► PictureSource ◄──implements── files
/// ```
#[async_trait::async_trait]
pub trait PictureSource: Send + Sync + 'static {
    /// The picture of an upload.
    ///
    /// # Errors
    /// `file_not_found` when this caller has no such upload; another code when it cannot be told now.
    async fn picture(&self, caller: &crate::Caller, id: crate::FileId) -> Result<PictureRef, crate::Failure>;

    /// The uploads of this caller older than `before`, newest first, [`UPLOADS_A_PAGE`] at most.
    ///
    /// # Errors
    /// It cannot be told now.
    async fn uploads(
        &self,
        caller: &crate::Caller,
        before: Option<crate::FileId>,
    ) -> Result<Vec<Upload>, crate::Failure>;

    /// Removes all uploads of this caller, with everything that was made of them. Safe to repeat.
    ///
    /// # Errors
    /// Something is left; repeat it.
    async fn erase(&self, caller: &crate::Caller) -> Result<(), crate::Failure>;
}

/// Most uploads that one question gives.
pub const UPLOADS_A_PAGE: usize = 100;

/// An upload, for whoever exports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its id.
    pub file_id: crate::FileId,
    /// Its cleaned name.
    pub name: String,
    /// Blob key of the bytes as they were uploaded.
    pub original_key: String,
}

/// Name of the n-th picture (from 0) of a job inside the sandbox, below `/box/in`.
///
/// The platform chooses it, so no name from outside ever becomes a path.
pub fn input_name(index: usize, count: usize) -> String {
    if count == 1 { "image.png".to_owned() } else { format!("image_{}.png", index + 1) }
}

/// Name of the evidence about the n-th picture (from 0) inside the sandbox, below `/box/in`.
pub fn evidence_name(index: usize, count: usize) -> String {
    if count == 1 { "evidence.json".to_owned() } else { format!("evidence_{}.json", index + 1) }
}

/// Name of the n-th picture (from 0) as it was measured, inside the sandbox, below `/box/in`; it is there only where the
/// picture was made fit first.
pub fn prepared_name(index: usize, count: usize) -> String {
    if count == 1 { "prepared.png".to_owned() } else { format!("prepared_{}.png", index + 1) }
}
