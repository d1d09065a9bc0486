//! Reading and removing uploads. Everything asks for the owner: someone else's upload does not exist.

use crate::keys::FileKeys;
use crate::store::FileRow;
use crate::view::{FilePage, FileView};
use crate::{Files, fault};
use async_trait::async_trait;
use blob::{BlobInfo, ByteStream};
use common::picture::{PictureRef, PictureSource, UPLOADS_A_PAGE, Upload};
use common::{Caller, ErrorCode, Failure, FileId, OwnerId};

/// Which of an upload's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// The upright PNG without metadata.
    Image,
    /// The thumbnail.
    Thumbnail,
}

impl Files {
    /// An upload.
    ///
    /// # Errors
    /// `file_not_found`, `not_ready`.
    pub async fn file(&self, owner: &OwnerId, id: FileId) -> Result<FileView, Failure> {
        self.row(owner, id).await.map(FileView::from)
    }

    /// One page of an owner's uploads, newest first.
    ///
    /// # Errors
    /// `invalid_field` for a cursor that no page gave, `not_ready`.
    pub async fn page(&self, owner: &OwnerId, limit: u32, cursor: Option<&str>) -> Result<FilePage, Failure> {
        let before = cursor.map(str::parse).transpose().map_err(|_| {
            Failure::with_detail(ErrorCode::InvalidField, "'cursor' must be the 'next_cursor' of an earlier page.")
        })?;
        // One more than asked for tells whether there is a next page.
        let wanted = u64::from(limit) + 1;
        let mut rows = self.rows().page(owner, before, wanted).await.map_err(|error| fault::rows_not_read(&error))?;
        let more = rows.len() as u64 == wanted;
        rows.truncate(limit as usize);
        let next_cursor = rows.last().filter(|_| more).map(|row| row.id.to_string());
        Ok(FilePage { items: rows.into_iter().map(FileView::from).collect(), next_cursor })
    }

    /// Removes an upload.
    ///
    /// # Errors
    /// `file_not_found`, `storage_unavailable`.
    pub async fn delete(&self, owner: &OwnerId, id: FileId) -> Result<(), Failure> {
        // The row first: a crash in between leaves blobs for the sweep, never a file without bytes.
        if !self.rows().delete(owner, id).await.map_err(|error| fault::row_not_stored(&error))? {
            return Err(ErrorCode::FileNotFound.into());
        }
        if let Err(error) = self.blob().delete_prefix(&FileKeys::new(owner, id).prefix).await {
            tracing::warn!(%error, "blobs of a removed upload stay until the next sweep");
        }
        Ok(())
    }

    /// The bytes of one of an upload's pictures.
    pub(crate) async fn open_picture(&self, row: &FileRow, which: Picture) -> Result<(BlobInfo, ByteStream), Failure> {
        let keys = FileKeys::new(&row.owner, row.id);
        let key = match which {
            Picture::Image => keys.image(),
            Picture::Thumbnail => keys.thumbnail(),
        };
        self.blob().get_stream(&key).await.map_err(|error| fault::not_read(&error))
    }

    pub(crate) async fn row(&self, owner: &OwnerId, id: FileId) -> Result<FileRow, Failure> {
        let found = self.rows().find(owner, id).await.map_err(|error| fault::rows_not_read(&error))?;
        found.ok_or_else(|| ErrorCode::FileNotFound.into())
    }
}

impl From<&FileRow> for PictureRef {
    fn from(row: &FileRow) -> Self {
        Self {
            file_id: row.id,
            blob_key: FileKeys::new(&row.owner, row.id).image().to_string(),
            sha256: row.image_sha256.clone(),
            width: row.width,
            height: row.height,
            name: row.name.clone(),
        }
    }
}

#[async_trait]
impl PictureSource for Files {
    async fn picture(&self, caller: &Caller, id: FileId) -> Result<PictureRef, Failure> {
        self.row(&caller.owner, id).await.map(|row| PictureRef::from(&row))
    }

    async fn uploads(&self, caller: &Caller, before: Option<FileId>) -> Result<Vec<Upload>, Failure> {
        let rows = self.rows().page(&caller.owner, before, UPLOADS_A_PAGE as u64).await;
        let upload = |row: FileRow| Upload {
            file_id: row.id,
            original_key: FileKeys::new(&row.owner, row.id).original().to_string(),
            name: row.name,
        };
        Ok(rows.map_err(|error| fault::rows_not_read(&error))?.into_iter().map(upload).collect())
    }

    async fn erase(&self, caller: &Caller) -> Result<(), Failure> {
        self.erase_owner(&caller.owner).await
    }
}
