//! The same tests as in `it` that touch the database, on PostgreSQL.

#[path = "../it/internal.rs"]
mod internal;
#[path = "../it/keys.rs"]
mod keys;
#[path = "../it/oidc.rs"]
mod oidc;
#[path = "../it/people.rs"]
mod people;
#[path = "../it/signin.rs"]
mod signin;
#[path = "../it/support.rs"]
mod support;

use testkit::database_url;
