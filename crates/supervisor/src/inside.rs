//! What runs inside nsjail's namespaces: the maker of rooms, each room's first process, and the lock-down.

#[expect(dead_code, reason = "shared with the zygote's library, which uses the rest")]
mod kernel;
mod lockdown;

pub mod first;
pub mod maker;

/// The library that a zygote loads, built from `inside/library.rs`; see its documentation.
pub const ZYGOTE_LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libdarkroom_zygote.so"));
