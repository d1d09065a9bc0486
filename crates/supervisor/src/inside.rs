//! What runs inside nsjail's namespaces: the maker of rooms, each room's first process, and the lock-down.

#[expect(dead_code, reason = "shared with the zygote's library, which uses the rest")]
mod kernel;
mod lockdown;

pub mod first;
pub mod maker;

/// The library that a zygote loads, built from `inside/library.rs`; see its documentation.
pub const ZYGOTE_LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libdarkroom_zygote.so"));

/// A step's name, for the log: what a process in lock-down tells is one letter.
pub fn step_name(step: u8) -> &'static str {
    match step {
        b'g' | b'o' | b'e' | b'r' | b'c' | b'0' => "placing its descriptors",
        b'n' => "setns into the room",
        b'P' | b'R' => "asking the supervisor",
        b'D' => "entering its control group",
        b'J' => "unshare of the cgroup namespace",
        b'G' => "setresgid",
        b'U' => "setresuid",
        b'l' => "setrlimit",
        b'C' => "capset",
        b'd' => "PR_SET_DUMPABLE",
        b'w' => "chdir to /box/out",
        b'p' => "PR_SET_NO_NEW_PRIVS",
        b's' => "seccomp",
        b'N' | b'b' => "reading the bundle",
        b'f' => "writing the code and its inputs",
        b'i' => "taking its place as a zygote's child",
        _ => "a step without a name",
    }
}
