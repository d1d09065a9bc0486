//! Names by which one instance of the service marks what is its own, so that a later one can tell
//! whether the owner still lives.

use std::fmt;

/// This instance. Its name carries the process (id and start time, so a reused id is told apart) and
/// the pid namespace in which that id means something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner(String);

const PREFIX: &str = "darkroom-run-";

impl Owner {
    /// A name nobody else has.
    pub fn new() -> Self {
        let pid = std::process::id();
        let started = start_time(&std::fs::read_to_string("/proc/self/stat").unwrap_or_default()).unwrap_or(0);
        Self(format!("{PREFIX}{}-{pid}-{started}-0", pid_namespace()))
    }

    /// The name: fit for folders and groups.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl Default for Owner {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// True when the name is one of ours and its process is surely gone. A name from another pid namespace
/// may be alive.
pub fn is_dead(name: &str) -> bool {
    let Some((namespace, pid, started)) = parse(name) else { return false };
    if namespace != pid_namespace() {
        return false;
    }
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        // One that was killed and not yet waited for is listed all the same.
        Ok(stat) => has_ended(&stat) || start_time(&stat) != Some(started),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

fn parse(name: &str) -> Option<(u64, u32, u64)> {
    let mut parts = name.strip_prefix(PREFIX)?.split('-');
    let parsed = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().map(|_| parsed)
}

fn pid_namespace() -> u64 {
    let link = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let digits: String = link.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// True for a process that is a zombie: its state is the first field behind the name.
fn has_ended(stat: &str) -> bool {
    let state = stat.rsplit_once(')').and_then(|(_, fields)| fields.split_whitespace().next());
    matches!(state, Some("Z" | "X"))
}

/// Start time of a process in clock ticks since boot: field 22 of its `stat`. The name in field 2 may
/// hold anything, so counting starts behind its last parenthesis.
fn start_time(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects running instances: only a name whose very process is gone counts as dead.
    #[test]
    fn only_the_gone_are_dead() {
        let own = Owner::new();
        assert!(!is_dead(own.name()));
        let (namespace, pid, started) = parse(own.name()).unwrap();
        assert!(is_dead(&format!("{PREFIX}{namespace}-{pid}-{}-abcdef01", started + 1)), "reused pid");
        assert!(!is_dead(&format!("{PREFIX}1-{pid}-{}-abcdef01", started + 1)), "another namespace");
        for foreign in ["NSJAIL.12", "darkroom-run-x", "system.slice", "darkroom-main"] {
            assert!(!is_dead(foreign), "{foreign}");
        }
    }

    /// Protects the next start's sweep: an owner that was killed a moment ago, and that nobody has waited for yet,
    /// is dead.
    #[test]
    fn a_zombie_is_dead() {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let stat = || std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        let name = format!("{PREFIX}{}-{}-{}-0", pid_namespace(), child.id(), start_time(&stat()).unwrap());
        assert!(!is_dead(&name));
        let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        while !has_ended(&stat()) {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(is_dead(&name));
        child.wait().unwrap();
    }

    /// Protects that judgement from odd process names.
    #[test]
    fn start_time_is_behind_any_name() {
        let stat = format!("12 (a) b (c)) S {} 4711 0", (1..=18).map(|n| n.to_string()).collect::<Vec<_>>().join(" "));
        assert_eq!(start_time(&stat), Some(4711));
    }
}
