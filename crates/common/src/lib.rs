//! What every part of Darkroom agrees on: ids, error codes, the words of the domain, topics and the
//! generated message types. It performs no I/O, reads no clock and knows no framework, so any crate
//! may depend on it.

pub mod error;
pub mod execution;
pub mod id;
pub mod job;
pub mod picture;
pub mod review;
pub mod topic;
pub mod trace;
pub mod wire;

pub use error::{ErrorCode, Failure};
pub use id::{Caller, ExecutionId, FileId, JobId, MessageId, OwnerId, Pass, StepId};
pub use trace::TraceContext;
