//! PostgreSQL: the same promises, and those that only several processes need.

use crate::{OutboxOnly, came_one_by_one, message, open, outbox_commits_with};
use common::MessageId;
use sea_orm_migration::prelude::DbErr;
use std::time::Duration;

/// URL of a fresh database; none where there is no server, and that is said.
fn fresh(what: &str) -> Option<String> {
    match testkit::postgres() {
        Ok(server) => Some(server.database(&format!("t{}", uuid_text()))),
        Err(why) => {
            eprintln!("SKIPPED: {what} is not tried: {why}");
            None
        }
    }
}

fn uuid_text() -> String {
    MessageId::new().to_string().replace('-', "")
}

/// Protects invariant 4 on the engine that teams use: a message exists exactly when its transaction committed.
#[tokio::test]
async fn outbox_commits_with_its_transaction_on_postgres() {
    let Some(url) = fresh("the outbox on PostgreSQL") else { return };
    outbox_commits_with(&url).await;
}

/// Protects the start of several replicas at once: each finds tables, none fails because another made them.
#[tokio::test(flavor = "multi_thread")]
async fn replicas_may_migrate_at_the_same_time() {
    let Some(url) = fresh("migrating at the same time") else { return };
    let starts = (0..6).map(|_| {
        let url = url.clone();
        tokio::spawn(async move {
            let db = database::connect(&url, "test").await.expect("connect");
            database::migrate::<OutboxOnly>(&db).await.expect("migrate");
            database::check(&db).await.expect("works");
        })
    });
    for start in starts.collect::<Vec<_>>() {
        start.await.expect("no replica fails");
    }
}

/// Protects services from each other: what one sees under a name is its own.
#[tokio::test]
async fn services_have_schemas_of_their_own() {
    let Some(url) = fresh("schemas") else { return };
    let ours = open(&url).await;
    database::outbox::push(&ours, vec![message(MessageId::new(), b"1")], database::now()).await.expect("push");
    let theirs = database::connect(&url, "other").await.expect("connect");
    database::migrate::<OutboxOnly>(&theirs).await.expect("migrate");
    assert!(database::outbox::pending(&theirs, 10).await.expect("pending").is_empty());
    assert_eq!(database::outbox::pending(&ours, 10).await.expect("pending").len(), 1);
    let odd = database::connect(&url, "x; drop schema test").await.expect_err("refused");
    assert!(odd.to_string().contains("x; drop"), "{odd}");
}

/// Protects work that must not be done twice: one replica at a time has a claim, the next gets it afterwards, also
/// when the first died with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_has_one_holder() {
    let Some(url) = fresh("claims") else { return };
    let (one, two) = (open(&url).await, open(&url).await);
    let held = database::alone(&one, "relay").await.expect("works").expect("nobody has it");
    assert!(database::alone(&two, "relay").await.expect("works").is_none());
    assert!(database::alone(&two, "other").await.expect("works").is_some(), "another claim is another matter");
    held.done().await.expect("given up");
    let held = database::alone(&two, "relay").await.expect("works").expect("free again");
    drop(held);
    two.close().await.expect("closed");
    let free = async {
        while database::alone(&one, "relay").await.expect("works").is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), free).await.expect("free after its holder's end");
}

/// Protects decisions that depend on other rows: such transactions come one after the other, over all replicas.
#[tokio::test(flavor = "multi_thread")]
async fn writers_alone_queue_up() {
    let Some(url) = fresh("writers alone") else { return };
    let replicas = [open(&url).await, open(&url).await];
    let writers = (0..20).map(|number| {
        let db = replicas[number % 2].clone();
        tokio::spawn(async move {
            let tx = database::begin_alone(&db, "count").await?;
            let seen = database::outbox::pending(&tx, 100).await?.len();
            database::outbox::push(&tx, vec![message(MessageId::new(), b"")], database::now()).await?;
            tx.commit().await?;
            Ok::<_, DbErr>(seen)
        })
    });
    came_one_by_one(writers.collect()).await;
}
