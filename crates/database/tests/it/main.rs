//! Connections and the outbox on every engine of this build.

use common::MessageId;
use database::outbox::Message;
use sea_orm::TransactionTrait;
use sea_orm_migration::prelude::*;

struct OutboxOnly;

#[async_trait::async_trait]
impl MigratorTrait for OutboxOnly {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateOutbox)]
    }
}

struct CreateOutbox;

impl MigrationName for CreateOutbox {
    fn name(&self) -> &str {
        "m1_outbox"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateOutbox {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(database::outbox::table()).await?;
        manager.alter_table(database::outbox::add_trace()).await
    }
}

mod postgres;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn message(message_id: MessageId, payload: &[u8]) -> Message {
    Message { message_id, topic: "agent.think".into(), payload: payload.to_vec(), trace: None }
}

fn sqlite(folder: &std::path::Path) -> String {
    format!("sqlite://{}", folder.display())
}

async fn open(url: &str) -> sea_orm::DatabaseConnection {
    let db = database::connect(url, "test").await.expect("connect");
    database::migrate::<OutboxOnly>(&db).await.expect("migrate");
    database::migrate::<OutboxOnly>(&db).await.expect("migrating twice changes nothing");
    db
}

/// Protects invariant 4 (no accepted job is lost): a message exists exactly when its transaction
/// committed, keeps its order, id and trace, survives reopening, and is gone once published.
#[tokio::test]
async fn outbox_commits_with_its_transaction() {
    let folder = tempfile::tempdir().expect("folder");
    outbox_commits_with(&sqlite(folder.path())).await;
}

async fn outbox_commits_with(url: &str) {
    let ids = [MessageId::new(), MessageId::new()];
    {
        let db = open(url).await;
        let tx = database::begin_write(&db).await.expect("begin");
        let both = ids.map(|id| Message { trace: (id == ids[0]).then(|| TRACE.to_owned()), ..message(id, b"x") });
        database::outbox::push(&tx, both.to_vec(), database::now()).await.expect("push");
        tx.commit().await.expect("commit");
        let tx = db.begin().await.expect("begin");
        database::outbox::push(&tx, vec![message(MessageId::new(), b"")], database::now()).await.expect("push");
        tx.rollback().await.expect("rollback");
        db.close().await.expect("close");
    }
    let db = open(url).await;
    let pending = database::outbox::pending(&db, 10).await.expect("pending");
    assert_eq!(pending.iter().map(|one| one.message.message_id).collect::<Vec<_>>(), ids);
    assert_eq!(pending[0].message.payload, b"x");
    assert_eq!((pending[0].message.trace.as_deref(), &pending[1].message.trace), (Some(TRACE), &None));
    database::outbox::published(&db, &[pending[0].position]).await.expect("published");
    assert_eq!(database::outbox::pending(&db, 10).await.expect("pending"), pending[1..]);
}

/// Protects concurrent writers: begin_write takes the lock at once, so many writers queue up instead
/// of failing halfway.
#[tokio::test(flavor = "multi_thread")]
async fn writers_queue_up() {
    let folder = tempfile::tempdir().expect("folder");
    let db = open(&sqlite(folder.path())).await;
    let writers = (0..20).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            let tx = database::begin_write(&db).await?;
            let seen = database::outbox::pending(&tx, 100).await?.len();
            database::outbox::push(&tx, vec![message(MessageId::new(), b"")], database::now()).await?;
            tx.commit().await?;
            Ok::<_, DbErr>(seen)
        })
    });
    came_one_by_one(writers.collect()).await;
}

/// Each of the writers saw all writes before its own.
async fn came_one_by_one(writers: Vec<tokio::task::JoinHandle<Result<usize, DbErr>>>) {
    let count = writers.len();
    let mut seen: Vec<usize> = Vec::new();
    for writer in writers {
        seen.push(writer.await.expect("task").expect("write"));
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..count).collect::<Vec<_>>());
}

/// Protects operators: a URL of an engine this build lacks is refused with what to use instead.
#[tokio::test]
async fn unknown_engines_explain_themselves() {
    let error = database::connect("mysql://x", "jobs").await.expect_err("refused");
    assert!(error.to_string().contains("sqlite://") && error.to_string().contains("postgres://"), "{error}");
}
