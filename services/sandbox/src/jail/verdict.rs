//! What a run's end is called. Pure.

use common::execution::RunStatus;
pub use supervisor::frames::Stop;

/// How a run ended, as a person reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The word for it.
    pub status: RunStatus,
    /// Exit code, when it exited.
    pub exit_code: Option<i32>,
    /// Signal, when one ended it.
    pub signal: Option<i32>,
}

const SIGKILL: i32 = 9;

/// The verdict from why we stopped it, if we did, else from the wait status the runner told (none when
/// the runner itself was killed), and from how many of its processes the kernel ended for lack of memory.
pub fn verdict(stop: Option<Stop>, wait_status: Option<i32>, oom_kills: u64) -> Verdict {
    let (exit_code, signal) = match (stop, wait_status) {
        (None, Some(status)) if status & 0x7f == 0 => (Some((status >> 8) & 0xff), None),
        (None, Some(status)) => (None, Some(status & 0x7f)),
        _ => (None, Some(SIGKILL)),
    };
    let status = match stop {
        Some(Stop::Killed) => RunStatus::Killed,
        Some(Stop::OutOfMemory) => RunStatus::OutOfMemory,
        // A program that outlived the loss of a helper process is judged by how it ended.
        _ if oom_kills > 0 && exit_code != Some(0) => RunStatus::OutOfMemory,
        Some(Stop::Timeout) => RunStatus::Timeout,
        Some(Stop::OutputLimit) => RunStatus::OutputLimit,
        None if exit_code == Some(0) => RunStatus::Ok,
        None => RunStatus::Error,
    };
    Verdict { status, exit_code, signal }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the meaning of results: exit codes and signals exact, our own stops and the kernel's told apart.
    #[test]
    fn every_end_has_its_word() {
        let exit = |code: i32| Some(code << 8);
        let table = [
            (None, exit(0), 0, RunStatus::Ok, Some(0), None),
            (None, exit(1), 0, RunStatus::Error, Some(1), None),
            (None, exit(255), 0, RunStatus::Error, Some(255), None),
            (None, Some(6), 0, RunStatus::Error, None, Some(6)),
            (None, Some(11 | 0x80), 0, RunStatus::Error, None, Some(11)),
            (None, Some(9), 1, RunStatus::OutOfMemory, None, Some(9)),
            (None, None, 1, RunStatus::OutOfMemory, None, Some(9)),
            (None, None, 0, RunStatus::Error, None, Some(9)),
            (None, exit(0), 2, RunStatus::Ok, Some(0), None),
            (None, exit(1), 2, RunStatus::OutOfMemory, Some(1), None),
            (Some(Stop::Timeout), None, 0, RunStatus::Timeout, None, Some(9)),
            (Some(Stop::OutputLimit), None, 0, RunStatus::OutputLimit, None, Some(9)),
            (Some(Stop::Killed), None, 3, RunStatus::Killed, None, Some(9)),
            (Some(Stop::Timeout), None, 1, RunStatus::OutOfMemory, None, Some(9)),
        ];
        for (stop, wait, oom, status, exit_code, signal) in table {
            let expected = Verdict { status, exit_code, signal };
            assert_eq!(verdict(stop, wait, oom), expected, "{stop:?} {wait:?} {oom}");
        }
    }
}
