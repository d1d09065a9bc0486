//! The group each run's processes live in: memory, process and CPU limits, and what was used.
//!
//! Groups are ours, not nsjail's: made before the code starts, the process that will run it is moved in
//! while it still waits, the move is checked, and only then the code gets going. So limits, usage and the
//! out-of-memory signal come from the kernel alone, the same way on v1 and v2.

mod group;
mod place;
mod text;
mod unified;

pub use group::{Group, Shortage, Usage};
pub use place::Groups;

/// Limits of one run that the kernel enforces. Files in memory count against the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Memory of all processes and files together, in bytes; no swap.
    pub memory_bytes: u64,
    /// Processes and threads.
    pub pids: u32,
    /// CPU time per wall time, in percent of one CPU.
    pub cpu_percent: u32,
}

impl Limits {
    /// The lesser of both, by each limit.
    pub fn at_most(self, ceiling: Self) -> Self {
        Self {
            memory_bytes: self.memory_bytes.min(ceiling.memory_bytes),
            pids: self.pids.min(ceiling.pids),
            cpu_percent: self.cpu_percent.min(ceiling.cpu_percent),
        }
    }
}
