//! PostgreSQL: one schema for each service, in the database that the URL names.

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement,
    TransactionTrait,
};
use std::time::Duration;

/// Connections of one replica of a service.
const MOST_CONNECTIONS: u32 = 10;
/// Longest wait for a connection, a new one or one of the pool.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// Longest a statement may take; none of ours takes a hundredth of it.
const STATEMENT_TIMEOUT: &str = "30s";

/// Opens the pool, making the schema when it is missing.
pub async fn connect(url: &str, service: &str) -> Result<DatabaseConnection, DbErr> {
    // Before the pool, whose connections want to find the schema.
    let mut options = options(url, service);
    options.max_connections(1);
    let once = Database::connect(options.clone()).await?;
    let made = make_schema(&once, service).await;
    once.close().await?;
    made?;
    options
        .max_connections(MOST_CONNECTIONS)
        .min_connections(1)
        .idle_timeout(crate::IDLE_TIMEOUT)
        .set_schema_search_path(service);
    Database::connect(options).await
}

fn options(url: &str, service: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    let name = format!("darkroom {service}");
    options
        .connect_timeout(CONNECT_PATIENCE)
        .acquire_timeout(CONNECT_PATIENCE)
        // A connection that died while nobody used it is found out before somebody does.
        .test_before_acquire(true)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(move |postgres| {
            postgres.application_name(&name).options([("statement_timeout", STATEMENT_TIMEOUT)])
        });
    options
}

async fn make_schema(once: &DatabaseConnection, service: &str) -> Result<(), DbErr> {
    if !service.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Err(DbErr::Custom(format!("'{service}' is no name for a schema")));
    }
    let tx = once.begin().await?;
    // Two that find it missing at the same time would both make it.
    lock(&tx, &format!("schema {service}")).await?;
    tx.execute_unprepared(&format!("CREATE SCHEMA IF NOT EXISTS {service}")).await?;
    tx.commit().await
}

fn statement(function: &str, name: &str) -> Statement {
    // Below the schema, so that services do not wait for each other.
    let text =
        format!("SELECT {function}(hashtext('darkroom'), hashtext(coalesce(current_schema(), '') || $1)) AS had");
    Statement::from_sql_and_values(DbBackend::Postgres, text, [name.into()])
}

/// Waits until nobody else holds the lock of that name; it is held until the transaction's end.
pub async fn lock(tx: &DatabaseTransaction, name: &str) -> Result<(), DbErr> {
    tx.query_one_raw(statement("pg_advisory_xact_lock", name)).await.map(drop)
}

/// The lock of that name, held until the transaction's end, unless somebody else holds it.
pub async fn try_lock(tx: &DatabaseTransaction, name: &str) -> Result<bool, DbErr> {
    let row = tx.query_one_raw(statement("pg_try_advisory_xact_lock", name)).await?;
    row.map_or(Ok(false), |row| row.try_get("", "had"))
}

/// Asks for the number of a writing transaction, which a server that only reads does not give.
pub async fn takes_writes(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    tx.execute_unprepared("SELECT pg_current_xact_id()").await.map(drop)
}
