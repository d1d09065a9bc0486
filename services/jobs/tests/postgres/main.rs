//! The same tests as in `it`, on PostgreSQL.

#[path = "../it/harness.rs"]
mod harness;
#[path = "../it/http.rs"]
mod http;
#[path = "../it/life.rs"]
mod life;
#[path = "../it/limits.rs"]
mod limits;
#[path = "../it/notify/mod.rs"]
mod notify;
#[path = "../it/personal.rs"]
mod personal;
#[path = "../it/repeats.rs"]
mod repeats;
mod replicas;
mod watchers;

// Where what belongs to a folder is kept.
use testkit::database_url;
