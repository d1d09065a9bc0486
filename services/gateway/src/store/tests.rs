use super::*;
use common::{Role, UserId};
use serde_json::json;
use std::time::Duration;

/// The store on SQLite, and on PostgreSQL where that is installed.
async fn stores(folder: &std::path::Path) -> Vec<Store> {
    let mut urls = vec![format!("sqlite://{}", folder.display())];
    let at = folder.to_owned();
    let postgres = tokio::task::spawn_blocking(move || testkit::postgres().map(|server| server.database_of(&at)));
    match postgres.await.expect("no panic") {
        Ok(url) => urls.push(url),
        Err(why) => eprintln!("SKIPPED on PostgreSQL: {why}"),
    }
    let mut stores = Vec::new();
    for url in urls {
        let db = database::connect(&url, "gateway").await.expect("a database");
        stores.push(Store::open(db).await.expect("tables"));
    }
    stores
}

fn by(actor: Option<UserId>) -> By {
    By { actor, address: "192.0.2.1".to_owned() }
}

/// Protects the audit from whoever has the database's rights of this program: what was written stays as it is.
#[tokio::test]
async fn the_audit_cannot_be_changed() {
    use sea_orm::ConnectionTrait;
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(folder.path()).await {
        store.note(&by(None), Action::LinkMade, None, &json!({ "n": 1 })).await.expect("written");
        for change in ["UPDATE audit SET action = 'x'", "DELETE FROM audit"] {
            let error = store.db.execute_unprepared(change).await.expect_err("refused");
            assert!(error.to_string().contains("append only"), "{error}");
        }
        let lines = store.audit(None, 10).await.expect("lines");
        assert_eq!((lines.len(), lines[0].action.as_str(), &lines[0].detail), (1, "link.made", &json!({ "n": 1 })));
    }
}

/// Protects invitations: of many who come with one at once, one joins.
#[tokio::test]
async fn an_invitation_is_for_one() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(folder.path()).await {
        let owner = store.users().await.expect("users").remove(0);
        let life = Duration::from_secs(60);
        let new = NewInvitation { hash: "h", role: Role::Member, email: None, made_by: owner.id, life };
        store.invite(&new, &by(Some(owner.id))).await.expect("made");
        let tries = (0..8).map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let (email, session) = (format!("{number}@b.c"), format!("s{number}"));
                let join = Join {
                    invitation: "h",
                    name: "Ann",
                    email: &email,
                    password_hash: "p".to_owned(),
                    session: &session,
                    user_agent: "",
                    life,
                };
                matches!(store.join(&join, "").await.expect("decided"), Joined::Done(..))
            })
        });
        let joined = futures_of(tries).await;
        assert_eq!(joined, 1);
        assert_eq!(store.users().await.expect("users").len(), 2);
    }
}

async fn futures_of(tries: impl Iterator<Item = tokio::task::JoinHandle<bool>>) -> usize {
    let tries: Vec<_> = tries.collect();
    let mut joined = 0;
    for one in tries {
        joined += usize::from(one.await.expect("no panic"));
    }
    joined
}

/// Protects what ends: an invitation, a session and a key that are over are nobody's; uses are written once a minute.
#[tokio::test]
async fn what_is_over_opens_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(folder.path()).await {
        let owner = store.users().await.expect("users").remove(0);
        let by = by(Some(owner.id));
        let session = |hash: &'static str, life| NewSession {
            user: owner.id,
            hash,
            via: Via::Link,
            user_agent: "a browser",
            life: Duration::from_secs(life),
        };
        store.open_session(&session("over", 0), &by).await.expect("opened");
        let id = store.open_session(&session("open", 60), &by).await.expect("opened");
        assert!(store.session_by_hash("over").await.expect("told").is_none());
        let (found, person) = store.session_by_hash("open").await.expect("told").expect("a session");
        assert_eq!((found.id, found.user_agent.as_str(), &person.owner), (id, "a browser", &owner.owner));
        store.session_used(id).await.expect("noted");
        assert_eq!(store.sessions(owner.id).await.expect("told"), [found], "used within the minute: not written");

        let scopes = "jobs:read".parse().expect("a scope");
        let key = |prefix: &'static str, ends_at| NewKey {
            user: owner.id,
            name: "k",
            prefix,
            hash: "h",
            scopes,
            ends_at,
            requests_per_minute: Some(7),
        };
        store.make_key(&key("over", Some(database::now())), &by).await.expect("made");
        let made = store.make_key(&key("open", None), &by).await.expect("made");
        assert!(store.key_by_prefix("over").await.expect("told").is_none());
        assert_eq!(store.key_by_prefix("open").await.expect("told").map(|(key, _)| key), Some(made.clone()));
        store.key_used(made.id).await.expect("noted");
        let used = store.keys(owner.id).await.expect("told").remove(0).last_used_at.expect("used");
        store.key_used(made.id).await.expect("noted");
        assert_eq!(store.keys(owner.id).await.expect("told").remove(0).last_used_at, Some(used));

        let life = Duration::ZERO;
        let new = NewInvitation { hash: "over", role: Role::Owner, email: None, made_by: owner.id, life };
        store.invite(&new, &by).await.expect("made");
        assert!(store.invitations().await.expect("told").is_empty());
        let join = Join {
            invitation: "over",
            name: "Ann",
            email: "a@b.c",
            password_hash: String::new(),
            session: "s",
            user_agent: "",
            life,
        };
        assert!(matches!(store.join(&join, "").await.expect("decided"), Joined::NoInvitation));
    }
}
