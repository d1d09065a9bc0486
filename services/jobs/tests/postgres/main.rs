//! The same tests as in `it`, on PostgreSQL.

#[path = "../it/harness.rs"]
mod harness;
#[path = "../it/http.rs"]
mod http;
#[path = "../it/life.rs"]
mod life;
mod replicas;

// Where what belongs to a folder is kept.
use testkit::database_url;
