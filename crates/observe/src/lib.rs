//! What all services say about themselves: how a trace goes on from one span to the next, across HTTP and the bus, and the
//! closed table of metrics.
//!
//! Nothing here sends anything. A program that wants its spans and metrics to go somewhere starts
//! `runtime::telemetry`; without it spans cost next to nothing and metrics nothing.

mod status;
pub mod table;
mod trace;

pub use metrics::{counter, gauge, histogram};
pub use opentelemetry::KeyValue;
pub use status::{failed, note, rename};
pub use table::{Kind, METRICS, Metric};
pub use trace::{begin, current, of, past, start};
