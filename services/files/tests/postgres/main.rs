//! The same tests as in `it` that touch the database, on PostgreSQL.

#[path = "../it/catalogue.rs"]
mod catalogue;
#[path = "../it/content.rs"]
mod content;
#[path = "../it/erasing.rs"]
mod erasing;
#[path = "../it/faults.rs"]
mod faults;
#[path = "../it/hang_up.rs"]
mod hang_up;
#[path = "../it/samples.rs"]
mod samples;
#[path = "../it/sweeping.rs"]
mod sweeping;
#[path = "../it/uploads.rs"]
mod uploads;
#[path = "../it/world.rs"]
mod world;

// Where what belongs to a folder is kept.
use testkit::database_url;
