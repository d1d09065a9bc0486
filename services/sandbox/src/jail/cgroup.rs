//! The group each run's processes live in: memory, process and CPU limits, and what was used.
//!
//! Groups are ours, not nsjail's: made before the code starts, the jail's first process is moved in
//! while it still waits, the move is checked, and only then the code gets going. So limits, usage and
//! the out-of-memory signal come from the kernel alone, the same way on v1 and v2.

mod group;
mod place;
mod text;

pub use group::Group;
pub use place::Groups;
