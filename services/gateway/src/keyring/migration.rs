//! The tables of the gateway.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string_len};

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateTables)]
    }
}

struct CreateTables;

impl MigrationName for CreateTables {
    fn name(&self) -> &str {
        "m0001_create_signing_keys"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let key = Table::create()
            .table("signing_key")
            .col(string_len("kid", 64).primary_key())
            .col(string_len("x", 64))
            .col(big_integer("ends_at_ms"))
            .to_owned();
        manager.create_table(key).await
    }
}
