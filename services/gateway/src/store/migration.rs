//! The tables of the gateway.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, string_len, string_len_null, text, text_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::DatabaseBackend;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateTables), Box::new(CreateAccounts), Box::new(AddLimits)]
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

struct CreateAccounts;

impl MigrationName for CreateAccounts {
    fn name(&self) -> &str {
        "m0002_create_accounts"
    }
}

/// What keeps the audit as it was written, on each engine.
const APPEND_ONLY_SQLITE: &str = "
    CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append only'); END;
    CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append only'); END;";
const APPEND_ONLY_POSTGRES: &str = "
    CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the audit is append only'; END $$;
    CREATE TRIGGER audit_unchanged BEFORE UPDATE OR DELETE ON audit
        FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();";

#[async_trait::async_trait]
impl MigrationTrait for CreateAccounts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let unique = |name: &str, table: &str, columns: &[&str]| {
            let mut index = Index::create();
            index.name(name.to_owned()).table(table.to_owned()).unique();
            for column in columns {
                index.col((*column).to_owned());
            }
            index.to_owned()
        };
        manager.create_table(users()).await?;
        manager.create_index(unique("ux_users_owner", "users", &["owner"])).await?;
        manager.create_index(unique("ux_users_email", "users", &["email"])).await?;
        manager.create_index(unique("ux_users_subject", "users", &["issuer", "subject"])).await?;
        manager.create_table(sessions()).await?;
        manager.create_index(unique("ux_sessions_hash", "sessions", &["hash"])).await?;
        let by_user = Index::create().name("ix_sessions_user").table("sessions").col("user_id").to_owned();
        manager.create_index(by_user).await?;
        manager.create_table(invitations()).await?;
        manager.create_index(unique("ux_invitations_hash", "invitations", &["hash"])).await?;
        manager.create_table(api_keys()).await?;
        manager.create_index(unique("ux_api_keys_prefix", "api_keys", &["prefix"])).await?;
        let by_user = Index::create().name("ix_api_keys_user").table("api_keys").col("user_id").to_owned();
        manager.create_index(by_user).await?;
        manager.create_table(audit()).await?;
        let append_only = match manager.get_database_backend() {
            DatabaseBackend::Postgres => APPEND_ONLY_POSTGRES,
            _ => APPEND_ONLY_SQLITE,
        };
        manager.get_connection().execute_unprepared(append_only).await.map(drop)
    }
}

struct AddLimits;

impl MigrationName for AddLimits {
    fn name(&self) -> &str {
        "m0003_add_limits"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for AddLimits {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let users = Table::alter().table("users").add_column(text_null("limits")).to_owned();
        manager.alter_table(users).await?;
        let rate = big_integer_null("requests_per_minute");
        manager.alter_table(Table::alter().table("api_keys").add_column(rate).to_owned()).await
    }
}

fn users() -> TableCreateStatement {
    Table::create()
        .table("users")
        .col(uuid("id").primary_key())
        .col(string_len("owner", 64))
        .col(string_len("name", 255))
        .col(string_len_null("email", 255))
        .col(string_len("role", 16))
        .col(boolean("is_active"))
        .col(string_len("source", 16))
        .col(string_len_null("issuer", 255))
        .col(string_len_null("subject", 255))
        .col(string_len_null("password_hash", 255))
        .col(string_len_null("team", 255))
        .col(big_integer("created_at_ms"))
        .col(big_integer_null("last_seen_at_ms"))
        .to_owned()
}

fn sessions() -> TableCreateStatement {
    Table::create()
        .table("sessions")
        .col(uuid("id").primary_key())
        .col(string_len("hash", 64))
        .col(uuid("user_id"))
        .col(string_len("via", 16))
        .col(string_len("user_agent", 255))
        .col(big_integer("created_at_ms"))
        .col(big_integer("last_used_at_ms"))
        .col(big_integer("ends_at_ms"))
        .to_owned()
}

fn invitations() -> TableCreateStatement {
    Table::create()
        .table("invitations")
        .col(uuid("id").primary_key())
        .col(string_len("hash", 64))
        .col(string_len("role", 16))
        .col(string_len_null("email", 255))
        .col(uuid("made_by"))
        .col(big_integer("created_at_ms"))
        .col(big_integer("ends_at_ms"))
        .col(big_integer_null("used_at_ms"))
        .to_owned()
}

fn api_keys() -> TableCreateStatement {
    Table::create()
        .table("api_keys")
        .col(uuid("id").primary_key())
        .col(uuid("user_id"))
        .col(string_len("name", 255))
        .col(string_len("prefix", 16))
        .col(string_len("hash", 64))
        .col(string_len("scopes", 255))
        .col(big_integer("created_at_ms"))
        .col(big_integer_null("ends_at_ms"))
        .col(big_integer_null("last_used_at_ms"))
        .col(big_integer_null("revoked_at_ms"))
        .to_owned()
}

fn audit() -> TableCreateStatement {
    Table::create()
        .table("audit")
        .col(uuid("id").primary_key())
        .col(big_integer("at_ms"))
        .col(uuid_null("actor"))
        .col(string_len("action", 64))
        .col(uuid_null("object"))
        .col(text("detail"))
        .col(string_len("address", 64))
        .to_owned()
}
