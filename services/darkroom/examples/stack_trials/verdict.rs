//! What came of it.

use crate::caller::Caller;
use crate::faults::{Fault, World};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A job as it ended.
pub struct Ended {
    pub file: String,
    pub job: String,
    pub status: u16,
    pub state: String,
    /// From its creation on.
    pub took: Duration,
}

/// Model calls that one fault may have repeated at most: what was in hand, and not yet stored, at that moment.
const IN_FLIGHT: usize = 8;

/// Prints the table of faults and what was found; answers whether everything is sound.
pub async fn print(caller: &Caller, world: &World, ended: &[Ended], script: &Path, pictures: &[PathBuf]) -> bool {
    println!("\n{:<28} {:>5} {:>12}", "fault", "times", "seconds each");
    for (fault, (times, took)) in &world.done {
        println!("{:<28} {times:>5} {:>12.1}", format!("{fault:?}"), took.as_secs_f64() / f64::from(*times));
    }
    let mut wrong = Vec::new();
    let mut repeated = 0;
    for one in ended {
        if one.status != 200 || one.state != "succeeded" {
            let (_, report) = caller.get(&format!("/api/v1/jobs/{}/results", one.job)).await;
            wrong.push(format!("job {} is {} ({}): {}", one.job, one.state, one.status, report["error"]));
            continue;
        }
        let (_, report) = caller.get(&format!("/api/v1/jobs/{}/results", one.job)).await;
        let outputs = report["outputs"].as_array().map(Vec::as_slice).unwrap_or_default();
        match outputs {
            [output] if output["name"] == "done.txt" => {
                let (status, bytes) = caller.bytes(output["path"].as_str().unwrap_or_default()).await;
                if (status, bytes.as_slice()) != (200, b"done") {
                    wrong.push(format!("job {}: its output is {status} with {} bytes", one.job, bytes.len()));
                }
            }
            other => wrong.push(format!("job {} has {} outputs", one.job, other.len())),
        }
        let events = caller.events(&one.job).await;
        let mut finished: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, step) in &events {
            match name.as_str() {
                "step_finished" => *finished.entry(step).or_default() += 1,
                "step_repeated" => repeated += 1,
                _ => {}
            }
        }
        let ends = events.iter().filter(|(name, _)| name == "job_finished").count();
        if ends != 1 || finished.len() != 5 || finished.values().any(|times| *times != 1) {
            wrong.push(format!("job {}: {ends} ends, steps finished {finished:?}", one.job));
        }
    }
    for (number, one) in ended.iter().enumerate() {
        let (status, bytes) = caller.bytes(&format!("/api/v1/files/{}/content", one.file)).await;
        if status != 200 || bytes.is_empty() {
            let picture = pictures[number % pictures.len()].display();
            wrong.push(format!("upload {} ({picture}) answers {status}", one.file));
        }
    }
    let calls = calls(script);
    let made: usize = calls.values().sum();
    let again: usize = calls.values().map(|times| times - 1).sum();
    let struck = |fault: &&Fault| {
        matches!(fault, Fault::Kill("agent") | Fault::Crash(_) | Fault::Refuse(_) | Fault::Blackhole(_))
    };
    let faults: u32 = world.done.iter().filter(|(fault, _)| struck(fault)).map(|(_, (times, _))| times).sum();
    if again > faults as usize * IN_FLIGHT {
        wrong.push(format!("{again} model calls were paid again, with {faults} faults that may do that"));
    }
    if calls.len() != 2 * ended.len() {
        wrong.push(format!("{} steps asked the model; two for each job are {}", calls.len(), 2 * ended.len()));
    }
    let mut took: Vec<f64> = ended.iter().map(|one| one.took.as_secs_f64()).collect();
    took.sort_by(f64::total_cmp);
    println!(
        "\n{} jobs, {} ended well; from creation to end p50 {:.1} s, longest {:.1} s",
        ended.len(),
        ended.iter().filter(|one| one.state == "succeeded").count(),
        took[took.len() / 2],
        took[took.len() - 1]
    );
    println!(
        "{made} model calls ended, {again} of them for a step that had one before; {repeated} steps were sent again"
    );
    wrong.iter().for_each(|text| println!("WRONG: {text}"));
    println!("{}", if wrong.is_empty() { "Nothing was lost, nothing was done twice." } else { "NOT SOUND" });
    wrong.is_empty()
}

/// How often each step asked the model, counting calls that ended.
fn calls(script: &Path) -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(format!("{}.calls", script.display())).unwrap_or_default();
    let mut calls = BTreeMap::new();
    for line in text.lines() {
        let call: Value = serde_json::from_str(line).expect("a line of JSON");
        *calls.entry(call["step_id"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    calls
}
