//! Rows about uploads. The only part of this service that knows a database.

mod entity;
mod migration;

use chrono::{DateTime, Utc};
use common::{FileId, OwnerId};
use entity::{Column, Entity};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::BTreeSet;

pub use sea_orm::DbErr;

/// What is known about an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// Its id; ids made later sort later.
    pub id: FileId,
    /// Whose it is.
    pub owner: OwnerId,
    /// The cleaned name.
    pub name: String,
    /// Media type of the uploaded bytes.
    pub media_type: String,
    /// Size of the uploaded bytes.
    pub bytes: u64,
    /// Width of the upright picture in pixels.
    pub width: u32,
    /// Height of the upright picture in pixels.
    pub height: u32,
    /// SHA-256 of the uploaded bytes, lower-case hex.
    pub sha256: String,
    /// SHA-256 of the upright PNG, lower-case hex.
    pub image_sha256: String,
    /// What a person should know about how the upload was read.
    pub notes: Vec<String>,
    /// When, to the millisecond.
    pub created_at: DateTime<Utc>,
}

/// The rows of this service.
#[derive(Debug, Clone)]
pub struct FileStore {
    db: DatabaseConnection,
}

impl FileStore {
    /// Brings the tables up to date.
    pub async fn open(db: DatabaseConnection) -> Result<Self, DbErr> {
        database::migrate::<migration::Migrator>(&db).await?;
        Ok(Self { db })
    }

    /// Adds a row.
    pub async fn insert(&self, row: &FileRow) -> Result<(), DbErr> {
        Entity::insert(to_model(row)?).exec_without_returning(&self.db).await.map(drop)
    }

    /// The row of this owner's upload.
    pub async fn find(&self, owner: &OwnerId, id: FileId) -> Result<Option<FileRow>, DbErr> {
        let found = Entity::find_by_id(id.0).filter(Column::Owner.eq(owner.as_str())).one(&self.db).await?;
        found.map(from_model).transpose()
    }

    /// At most `limit` uploads of this owner older than `before`, newest first.
    pub async fn page(&self, owner: &OwnerId, before: Option<FileId>, limit: u64) -> Result<Vec<FileRow>, DbErr> {
        let mut query = Entity::find().filter(Column::Owner.eq(owner.as_str()));
        if let Some(before) = before {
            query = query.filter(Column::Id.lt(before.0));
        }
        let rows = query.order_by_desc(Column::Id).limit(limit).all(&self.db).await?;
        rows.into_iter().map(from_model).collect()
    }

    /// Removes the row of this owner's upload; false when there was none.
    pub async fn delete(&self, owner: &OwnerId, id: FileId) -> Result<bool, DbErr> {
        let gone = Entity::delete_by_id(id.0).filter(Column::Owner.eq(owner.as_str())).exec(&self.db).await?;
        Ok(gone.rows_affected > 0)
    }

    /// Those of the ids that have a row, whoever owns it.
    pub async fn existing(&self, ids: &[FileId]) -> Result<BTreeSet<FileId>, DbErr> {
        let wanted = ids.iter().map(|id| id.0);
        let rows = Entity::find().filter(Column::Id.is_in(wanted)).all(&self.db).await?;
        Ok(rows.into_iter().map(|row| FileId(row.id)).collect())
    }

    /// At most `limit` uploads of anybody from before then, oldest first.
    pub async fn older_than(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<FileRow>, DbErr> {
        let old = Entity::find().filter(Column::CreatedAt.lt(before)).order_by_asc(Column::Id).limit(limit);
        old.all(&self.db).await?.into_iter().map(from_model).collect()
    }

    /// Those of the pictures that uploads other than these show, too, whoever owns them.
    pub async fn pictures_of_others(
        &self,
        pictures: &BTreeSet<&str>,
        but: &[FileId],
    ) -> Result<BTreeSet<String>, DbErr> {
        let same = Entity::find()
            .select_only()
            .column(Column::ImageSha256)
            .filter(Column::ImageSha256.is_in(pictures.iter().copied()))
            .filter(Column::Id.is_not_in(but.iter().map(|id| id.0)));
        Ok(same.into_tuple::<String>().all(&self.db).await?.into_iter().collect())
    }

    /// Removes these rows, whoever owns them.
    pub async fn delete_all(&self, ids: &[FileId]) -> Result<(), DbErr> {
        Entity::delete_many().filter(Column::Id.is_in(ids.iter().map(|id| id.0))).exec(&self.db).await.map(drop)
    }

    /// Proves that rows can be written now.
    pub async fn check(&self) -> Result<(), DbErr> {
        database::check(&self.db).await
    }
}

fn out_of_range(column: &str) -> DbErr {
    DbErr::Type(format!("column '{column}' of table 'file' is out of range"))
}

fn to_model(row: &FileRow) -> Result<entity::ActiveModel, DbErr> {
    Ok(entity::ActiveModel {
        id: Set(row.id.0),
        owner: Set(row.owner.to_string()),
        name: Set(row.name.clone()),
        media_type: Set(row.media_type.clone()),
        bytes: Set(i64::try_from(row.bytes).map_err(|_| out_of_range("bytes"))?),
        width: Set(i32::try_from(row.width).map_err(|_| out_of_range("width"))?),
        height: Set(i32::try_from(row.height).map_err(|_| out_of_range("height"))?),
        sha256: Set(row.sha256.clone()),
        image_sha256: Set(row.image_sha256.clone()),
        notes: Set(entity::Notes(row.notes.clone())),
        created_at: Set(row.created_at),
    })
}

fn from_model(model: entity::Model) -> Result<FileRow, DbErr> {
    Ok(FileRow {
        id: FileId(model.id),
        owner: OwnerId::parse(&model.owner).map_err(|_| out_of_range("owner"))?,
        name: model.name,
        media_type: model.media_type,
        bytes: u64::try_from(model.bytes).map_err(|_| out_of_range("bytes"))?,
        width: u32::try_from(model.width).map_err(|_| out_of_range("width"))?,
        height: u32::try_from(model.height).map_err(|_| out_of_range("height"))?,
        sha256: model.sha256,
        image_sha256: model.image_sha256,
        notes: model.notes.0,
        created_at: model.created_at,
    })
}
