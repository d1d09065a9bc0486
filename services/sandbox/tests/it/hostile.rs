//! The hostile programs of `tests/hostile`, on the cold and on the warm path: the same verdicts on both.

use crate::support::{Room, request, root, settings, warm};
use common::execution::{ExecutionResult, Start};
use futures::stream::{self, StreamExt};
use regex::Regex;
use sandbox::{Asked, ExecutionRequest};
use std::collections::BTreeMap;
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Keys of the header; see the README beside the programs.
const KEYS: [&str; 13] = [
    "protects",
    "expect",
    "stdout",
    "stdout~",
    "stderr~",
    "limits",
    "outputs",
    "rejected",
    "truncated",
    "within",
    "arch",
    "pair",
    "distinct",
];
/// How much longer than a quiet machine a busy one may take.
const SLACK: u32 = 4;

/// A program and what its header says.
pub struct Program {
    /// Its file.
    pub name: String,
    code: String,
    header: BTreeMap<String, String>,
}

fn folder() -> PathBuf {
    root().join("services/sandbox/tests/hostile")
}

impl Program {
    fn read(name: &str) -> Self {
        let code = std::fs::read_to_string(folder().join(name)).expect("a program");
        let mut header = BTreeMap::new();
        for line in code.lines().take_while(|line| !line.is_empty()) {
            let (key, value) = line.strip_prefix("# ").and_then(|line| line.split_once(": ")).expect(name);
            assert!(KEYS.contains(&key) && !value.is_empty(), "{name}: {line}");
            assert!(header.insert(key.to_owned(), value.to_owned()).is_none(), "{name}: {key} twice");
        }
        assert!(header.contains_key("protects") && header.contains_key("expect"), "{name}");
        Self { name: name.to_owned(), code, header }
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.header.get(key).map(String::as_str)
    }

    /// One number of the line `limits`.
    fn limit(&self, key: &str) -> Option<u64> {
        let mut pairs = self.get("limits").unwrap_or_default().split(' ').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == key).map(|(_, number)| number.parse().expect("a number"))
    }

    /// How it pairs, and with which other program.
    pub fn pair(&self) -> Option<(&str, &str)> {
        self.get("pair").map(|pair| pair.split_once(' ').expect("how and with which"))
    }

    /// Runs it; tells the result and how long it took, clearing away included.
    pub async fn run(&self, room: &Room, canary: &Canary) -> (ExecutionResult, Duration) {
        let asked = Asked { memory_bytes: Some(self.limit("memory").unwrap_or(512) << 20), ..Asked::default() };
        let timeout = Some(Duration::from_secs(self.limit("timeout").unwrap_or(20)));
        let code = self.code.replace("CANARY_PORT", &canary.port.to_string());
        let begin = Instant::now();
        let result = room.execute(ExecutionRequest { timeout, asked, ..request(&code) }).await.result;
        (result, begin.elapsed())
    }

    /// What is not as the header says.
    pub fn faults(&self, result: &ExecutionResult, took: Duration) -> Vec<String> {
        let mut faults = Vec::new();
        let end = match (result.exit_code, result.signal) {
            (Some(code), _) => format!("exit={code}"),
            (None, signal) => format!("signal={}", signal.unwrap_or_default()),
        };
        let got = format!("status={} {end}", result.status.as_str());
        if !self.get("expect").is_some_and(|expect| expect.split(" | ").any(|one| one == got)) {
            faults.push(format!("ended with {got}"));
        }
        if self.get("stdout").is_some_and(|stdout| stdout != result.stdout.trim()) {
            faults.push(format!("printed {:?}", common::wire::tail(&result.stdout, 300)));
        }
        for (key, text) in [("stdout~", &result.stdout), ("stderr~", &result.stderr)] {
            if self.get(key).is_some_and(|pattern| !Regex::new(pattern).expect("an expression").is_match(text.trim())) {
                faults.push(format!("{key} does not match {:?}", common::wire::tail(text, 300)));
            }
        }
        let outputs = self.get("outputs").map(|count| count.parse::<usize>().expect("a count"));
        if outputs.is_some_and(|count| count != result.outputs.len()) {
            faults.push(format!("{} outputs", result.outputs.len()));
        }
        for (reason, least) in
            self.get("rejected").into_iter().flat_map(|list| list.split(' ')).filter_map(|one| one.split_once('='))
        {
            let count = result.rejected.iter().filter(|file| file.reason == reason).count();
            if count < least.parse::<usize>().expect("a count") {
                faults.push(format!("{count} rejected as {reason}"));
            }
        }
        if self.get("truncated").is_some() && !result.truncated {
            faults.push("not truncated".to_owned());
        }
        let within = self.get("within").map(|seconds| Duration::from_secs(seconds.parse().expect("seconds")));
        if within.is_some_and(|within| took > within * SLACK) {
            faults.push(format!("took {took:?}"));
        }
        if !faults.is_empty() {
            faults.push(format!("stderr: {}", common::wire::tail(&result.stderr, 600)));
        }
        faults
    }
}

/// A listener that must hear nothing.
pub struct Canary {
    tcp: TcpListener,
    udp: UdpSocket,
    port: u16,
}

impl Canary {
    pub fn new() -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let address = tcp.local_addr().expect("an address");
        let udp = UdpSocket::bind(address).expect("the same port");
        tcp.set_nonblocking(true).expect("non-blocking");
        udp.set_nonblocking(true).expect("non-blocking");
        Self { tcp, udp, port: address.port() }
    }

    pub fn heard(&self) -> bool {
        self.tcp.accept().is_ok() || self.udp.recv_from(&mut [0; 9]).is_ok()
    }
}

/// All programs but those for other machines, each pair once and in its order.
pub fn groups() -> Vec<Vec<Program>> {
    let entries = std::fs::read_dir(folder()).expect("the programs").flatten();
    let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".py"));
    names.sort();
    assert!(names.len() >= 140, "{} programs", names.len());
    let mut groups = Vec::new();
    for name in names {
        let program = Program::read(&name);
        if program.get("arch").is_some_and(|arch| arch != std::env::consts::ARCH) {
            continue;
        }
        let other = program.pair().map(|(how, other)| (how.to_owned(), Program::read(other)));
        match other {
            None => groups.push(vec![program]),
            Some((how, other)) => {
                assert_eq!(other.pair().map(|(_, back)| back), Some(name.as_str()), "both name each other");
                if how == "before" || (how == "with" && name < other.name) {
                    groups.push(vec![program, other]);
                }
            }
        }
    }
    groups
}

/// Runs the programs of a group, at the same time or in turn, and tells what is not as it must be.
pub async fn faults_of(group: &[Program], room: &Room, canary: &Canary, start: Start) -> Vec<String> {
    let together = group.len() == 2 && group[0].pair().is_some_and(|(how, _)| how == "with");
    let results = if together {
        let (a, b) = tokio::join!(group[0].run(room, canary), group[1].run(room, canary));
        vec![a, b]
    } else {
        let mut results = Vec::new();
        for program in group {
            results.push(program.run(room, canary).await);
        }
        results
    };
    let mut faults = Vec::new();
    for (program, (result, took)) in group.iter().zip(results) {
        let mut found = program.faults(&result, took);
        if result.start != start {
            found.push(format!("started {:?}", result.start));
        }
        if canary.heard() {
            found.push("reached the network".to_owned());
        }
        if !found.is_empty() {
            faults.push(format!("{}: {}", program.name, found.join("; ")));
        }
    }
    faults
}

/// All programs, so many at a time, and after each a usual one.
async fn all_hold(room: &Room, start: Start, at_a_time: usize) {
    let canary = &Canary::new();
    let ran = stream::iter(groups()).map(|group| async move {
        let mut faults = faults_of(&group, room, canary, start).await;
        let after = room.run("print(1)").await;
        if after.stdout != "1\n" {
            faults.push(format!("after {}: {:?} {}", group[0].name, after.status, after.stderr));
        }
        faults
    });
    let faults: Vec<String> = ran.buffer_unordered(at_a_time).collect::<Vec<_>>().await.concat();
    assert!(faults.is_empty(), "{} programs:\n{}", faults.len(), faults.join("\n"));
}

/// A sandbox whose tiers all have rooms ready.
async fn warm_room() -> Room {
    let room = Room::with(warm([2, 2, 1])).await;
    for _ in 0..600 {
        if room.sandbox.health().await.tiers.iter().all(|tier| tier.state == "serving" && tier.ready > 0) {
            return room;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no warm rooms: {:?}", room.sandbox.health().await.tiers);
}

/// How often, and how many at a time. `make hostile` has it done twenty times with three at a time: against luck.
async fn rounds(room: &Room, start: Start) {
    let rounds = std::env::var("SANDBOX_TEST_HOSTILE_ROUNDS").ok().map(|count| count.parse::<u32>().expect("a count"));
    for round in 1..=rounds.unwrap_or(1) {
        let begin = Instant::now();
        all_hold(room, start, if rounds.is_some() { 3 } else { 1 }).await;
        println!("round {round}, {start:?}: all hold, {:.0} s", begin.elapsed().as_secs_f64());
    }
}

/// Protects everybody: every wall holds for code in a Python of its own.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_programs_cold() {
    rounds(&Room::with(settings()).await, Start::Cold).await;
}

/// Protects everybody: every wall holds just as well for children of zygotes.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_programs_warm() {
    rounds(&warm_room().await, Start::Warm).await;
}
