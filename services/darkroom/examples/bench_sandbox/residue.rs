//! What thousands of mixed runs leave behind: it should be nothing.

use super::Scale;
use super::measure::status_kib;
use super::server::Server;
use super::table::{Limit, Table};
use futures::stream::{self, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest wait for the last traces to go.
const PATIENCE: Duration = Duration::from_secs(30);

/// One kind of run: how many of a thousand, its code, further fields, and the status it has to end with.
const KINDS: [(usize, &str, &str, &str); 9] = [
    (620, "print(1)", "{}", "ok"),
    (100, "1/0", "{}", "error"),
    (100, "open('/box/out/a.txt', 'w').write('a')", "{}", "ok"),
    (
        60,
        "import os\nfor _ in range(5):\n    if os.fork() == 0:\n        os.setsid()\n        while True: pass",
        "{}",
        "ok",
    ),
    (40, "while True: pass", r#"{"timeout_seconds": 0.1}"#, "timeout"),
    (30, "block = []\nwhile True: block.append(bytearray(1 << 20))", r#"{"memory_mib": 64}"#, "out_of_memory"),
    (20, "import os\nos.abort()", "{}", "error"),
    (20, "for at in range(1000): open(f'/tmp/{at}', 'w').write('x' * 1000)", "{}", "ok"),
    (10, "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('a.png')", "{}", "ok"),
];

/// Counts before and after.
pub async fn measure(server: &Server, scale: Scale, table: &mut Table) {
    // Everything that is made once is made.
    mixed(server, 200).await;
    server.at_rest().await;
    let before = Traces::settled(server, None).await;
    let runs = scale.of(10_000);
    let begun = Instant::now();
    let ends = mixed(server, runs).await;
    let took = begun.elapsed();
    server.at_rest().await;
    let after = Traces::settled(server, Some(&before)).await;
    let note = format!("{} in {:.0} s", words(&ends), took.as_secs_f64());
    let wrong = ends.get("wrong").copied().unwrap_or_default();
    table.add(&format!("mixed runs that ended wrongly, of {runs}"), number(wrong), "runs", Limit::Most(0.0), note);
    for (name, count, earlier) in [
        ("processes", after.processes, before.processes),
        ("control groups", after.groups, before.groups),
        ("mounts", after.mounts, before.mounts),
        ("file descriptors of the service", after.service_fds, before.service_fds),
        ("file descriptors of the supervisor", after.supervisor_fds, before.supervisor_fds),
    ] {
        let found = number(count) - number(earlier);
        table.add(
            &format!("residue: {name}"),
            found,
            "more",
            Limit::Most(0.0),
            format!("{earlier} before, {count} after"),
        );
    }
    let shared = number(after.shared_kib.saturating_sub(before.shared_kib)) / 1024.0;
    table.add("residue: memory in files in memory", shared, "MiB", Limit::Most(1.0), "the machine's Shmem");
    let drift = number(after.supervisor_kib) / number(before.supervisor_kib) - 1.0;
    let note = format!("{} to {} KiB", before.supervisor_kib, after.supervisor_kib);
    table.add("the supervisor's memory, growth", drift * 100.0, "%", Limit::Most(10.0), note);
}

/// Runs of all kinds, spread evenly; how many ended in which way.
async fn mixed(server: &Server, runs: usize) -> BTreeMap<&'static str, usize> {
    let kinds: Vec<_> = (0..runs).map(|at| kind(at * 7 % 1000)).collect();
    let ended = stream::iter(kinds).map(|(code, fields, expected)| async move {
        let fields: Value = serde_json::from_str(fields).expect("fields");
        let answer = server.execute(code, fields).await;
        let right = answer.status == 200 && answer.body["status"] == json!(expected);
        if !right {
            println!("  ended wrongly: {code:?}: {}", answer.body);
        }
        if right { expected } else { "wrong" }
    });
    let ended: Vec<_> = ended.buffer_unordered(3).collect().await;
    let mut counts = BTreeMap::new();
    for end in ended {
        *counts.entry(end).or_default() += 1;
    }
    counts
}

fn kind(mut at: usize) -> (&'static str, &'static str, &'static str) {
    for (share, code, fields, expected) in KINDS {
        if at < share {
            return (code, fields, expected);
        }
        at -= share;
    }
    (KINDS[0].1, KINDS[0].2, KINDS[0].3)
}

fn words(ends: &BTreeMap<&str, usize>) -> String {
    ends.iter().map(|(end, count)| format!("{count} {end}")).collect::<Vec<_>>().join(", ")
}

#[expect(clippy::cast_precision_loss, reason = "counts of what is on one machine")]
fn number(count: usize) -> f64 {
    count as f64
}

/// What a server has on the machine.
#[derive(Debug, Clone, PartialEq)]
struct Traces {
    processes: usize,
    groups: usize,
    mounts: usize,
    service_fds: usize,
    supervisor_fds: usize,
    supervisor_kib: usize,
    shared_kib: usize,
}

impl Traces {
    /// Counts until nothing changes any more, or is as before.
    async fn settled(server: &Server, before: Option<&Self>) -> Self {
        let begun = Instant::now();
        let mut last = Self::count(server);
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let now = Self::count(server);
            let calm = now.processes == last.processes && now.groups == last.groups;
            let gone = before.is_none_or(|before| now.processes <= before.processes && now.groups <= before.groups);
            if (calm && gone) || begun.elapsed() > PATIENCE {
                return now;
            }
            last = now;
        }
    }

    fn count(server: &Server) -> Self {
        let below = descendants(server.pid());
        let supervisor = below.iter().copied().find(|pid| line(*pid).contains("darkroom-supervisor supervise"));
        let supervisor = supervisor.expect("a supervisor");
        let folder = |pid: u32, name: &str| std::fs::read_dir(format!("/proc/{pid}/{name}")).map_or(0, Iterator::count);
        let mounts = std::fs::read_to_string(format!("/proc/{supervisor}/mountinfo")).unwrap_or_default();
        let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let shared =
            memory.lines().find_map(|line| line.strip_prefix("Shmem:")?.split_whitespace().next()?.parse().ok());
        Self {
            processes: below.len(),
            groups: groups(supervisor).iter().map(|folder| folders_below(folder)).sum(),
            mounts: mounts.lines().count(),
            service_fds: folder(server.pid(), "fd"),
            supervisor_fds: folder(supervisor, "fd"),
            supervisor_kib: usize::try_from(status_kib(supervisor, "VmRSS")).unwrap_or_default(),
            shared_kib: shared.unwrap_or_default(),
        }
    }
}

fn line(pid: u32) -> String {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}

fn descendants(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut at = 0;
    while let Some(pid) = found.get(at).copied() {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        for task in tasks {
            let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
        at += 1;
    }
    found
}

/// Folders of control groups that carry the supervisor's name, wherever they are.
fn groups(supervisor: u32) -> Vec<PathBuf> {
    let word = format!("-{supervisor}-");
    let is_its = |path: &Path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with("darkroom-run-") && name.contains(&word)
    };
    let (mut found, mut todo) = (Vec::new(), vec![PathBuf::from("/sys/fs/cgroup")]);
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            if is_its(&entry.path()) { found.push(entry.path()) } else { todo.push(entry.path()) }
        }
    }
    found
}

fn folders_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).count()
}
