//! How the tables of this service come to be.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, json_binary, string_len, timestamp_with_time_zone, uuid};

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateFile)]
    }
}

struct CreateFile;

impl MigrationName for CreateFile {
    fn name(&self) -> &'static str {
        "m0001_create_file"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateFile {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("file")
            .if_not_exists()
            .col(uuid("id").primary_key())
            .col(string_len("owner", 64))
            .col(string_len("name", 255))
            .col(string_len("media_type", 64))
            .col(big_integer("bytes"))
            .col(integer("width"))
            .col(integer("height"))
            .col(string_len("sha256", 64))
            .col(string_len("image_sha256", 64))
            .col(json_binary("notes"))
            .col(timestamp_with_time_zone("created_at"))
            .to_owned();
        manager.create_table(table).await?;
        // Lists go through the uploads of one owner, newest first: ids sort by time.
        let index =
            Index::create().name("file_owner_id").table("file").col("owner").col("id").if_not_exists().to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("file").to_owned()).await
    }
}
