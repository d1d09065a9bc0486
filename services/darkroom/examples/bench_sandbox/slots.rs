//! What a room that waits for code costs.

use super::server::Server;
use super::table::{Limit, Table};
use std::collections::HashMap;
use std::time::Duration;

/// Time after which a server that starts has nothing left to do.
const SETTLED: Duration = Duration::from_secs(10);

struct Process {
    parent: u32,
    line: String,
}

/// Memory that a waiting child does not share with its zygote.
pub async fn measure(server: &Server, table: &mut Table) {
    // What the start does in the background runs code too; a room in use is not one that waits.
    tokio::time::sleep(SETTLED).await;
    server.at_rest().await;
    let processes = processes();
    for tier in ["bare", "plots", "vision"] {
        let word = format!("--tier={tier}");
        let is_python = |process: &Process| process.line.contains(&word) && !process.line.contains("/maker");
        let mut private = Vec::new();
        for (pid, process) in &processes {
            // The zygote's own parent is the maker, which nsjail started; that of a room's child is the room's first
            // process, a child of the maker.
            let above = |pid: &u32| processes.get(pid).map(|process| process.parent);
            let is_in_a_room = above(&process.parent)
                .and_then(|maker| processes.get(&maker))
                .is_some_and(|maker| maker.line.starts_with("/opt/darkroom/maker ") && maker.line.contains(&word));
            if is_python(process) && is_in_a_room && belongs(&processes, *pid, server.pid()) {
                private.push(private_kib(*pid));
            }
        }
        let most = private.iter().copied().max().unwrap_or_default();
        let count = private.len();
        assert!(count > 0, "no room of tier {tier} waits");
        #[expect(clippy::cast_precision_loss, reason = "kibibytes of one process")]
        let found = most as f64 / 1024.0;
        let note = format!("the largest of {count} that wait");
        table.add(&format!("private memory of a waiting room, {tier}"), found, "MiB", Limit::Most(4.0), note);
    }
}

fn processes() -> HashMap<u32, Process> {
    let pids =
        std::fs::read_dir("/proc").expect("proc").filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        Some((pid, Process { parent, line }))
    })
    .collect()
}

fn belongs(processes: &HashMap<u32, Process>, mut pid: u32, root: u32) -> bool {
    while let Some(process) = processes.get(&pid) {
        if pid == root {
            return true;
        }
        pid = process.parent;
    }
    false
}

fn private_kib(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let lines = text.lines().filter(|line| line.starts_with("Private_"));
    lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum()
}
