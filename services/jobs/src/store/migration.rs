//! The tables of the jobs service.

mod notifications;

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string_len, text, uuid};

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(CreateTables),
            Box::new(TraceMessages),
            Box::new(CountDailyUse),
            Box::new(SearchJobs),
            Box::new(KeepCalls),
            Box::new(notifications::CreateNotifications),
        ]
    }
}

struct CreateTables;

impl MigrationName for CreateTables {
    fn name(&self) -> &str {
        "m0001_create_jobs"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let job = Table::create()
            .table("job")
            .col(uuid("id").primary_key())
            .col(string_len("owner", 64))
            .col(string_len("state", 16))
            .col(text("doc"))
            .col(big_integer("last_event"))
            .col(big_integer_null("next_lease_ms"))
            .col(big_integer("created_at_ms"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(job).await?;
        let by_owner =
            Index::create().name("ix_job_owner_created").table("job").col("owner").col("created_at_ms").to_owned();
        manager.create_index(by_owner).await?;
        let by_state =
            Index::create().name("ix_job_state_created").table("job").col("state").col("created_at_ms").to_owned();
        manager.create_index(by_state).await?;
        let event = Table::create()
            .table("job_event")
            .col(uuid("job_id"))
            .col(big_integer("number"))
            .col(string_len("kind", 32))
            .col(text("data"))
            .col(big_integer("at_ms"))
            .primary_key(Index::create().col("job_id").col("number"))
            .to_owned();
        manager.create_table(event).await?;
        let idempotency = Table::create()
            .table("idempotency_key")
            .col(string_len("owner", 64))
            .col(string_len("key", 255))
            .col(string_len("request_sha256", 64))
            .col(uuid("job_id"))
            .col(big_integer("created_at_ms"))
            .primary_key(Index::create().col("owner").col("key"))
            .to_owned();
        manager.create_table(idempotency).await?;
        manager.create_table(database::outbox::table()).await
    }
}

struct TraceMessages;

impl MigrationName for TraceMessages {
    fn name(&self) -> &str {
        "m0002_trace_messages"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for TraceMessages {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(database::outbox::add_trace()).await
    }
}

struct CountDailyUse;

impl MigrationName for CountDailyUse {
    fn name(&self) -> &str {
        "m0003_count_daily_use"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CountDailyUse {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let daily_use = Table::create()
            .table("daily_use")
            .col(string_len("owner", 64))
            .col(big_integer("day"))
            .col(big_integer("prompt_tokens"))
            .col(big_integer("completion_tokens"))
            .col(big_integer("call_count"))
            .col(big_integer("cost_micro_usd"))
            .primary_key(Index::create().col("owner").col("day"))
            .to_owned();
        manager.create_table(daily_use).await
    }
}

struct SearchJobs;

impl MigrationName for SearchJobs {
    fn name(&self) -> &str {
        "m0004_search_jobs"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SearchJobs {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let words = Table::alter().table("job").add_column(text("words").default("")).to_owned();
        manager.alter_table(words).await?;
        super::search::fill_in(manager.get_connection()).await
    }
}

struct KeepCalls;

impl MigrationName for KeepCalls {
    fn name(&self) -> &str {
        "m0005_keep_model_calls"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for KeepCalls {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let call = Table::create()
            .table("model_call")
            .col(uuid("id").primary_key())
            .col(uuid("job_id"))
            .col(string_len("owner", 64))
            .col(big_integer("started_ms"))
            .col(text("data"))
            .to_owned();
        manager.create_table(call).await?;
        let by_owner =
            Index::create().name("ix_model_call_owner").table("model_call").col("owner").col("started_ms").to_owned();
        manager.create_index(by_owner).await?;
        let by_job = Index::create().name("ix_model_call_job").table("model_call").col("job_id").to_owned();
        manager.create_index(by_job).await
    }
}
