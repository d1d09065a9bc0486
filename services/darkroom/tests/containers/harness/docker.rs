//! Docker's client, as a program.

use serde_json::Value;
use std::process::{Command, Output, Stdio};

/// Runs `docker WORDS` and answers how it ended.
pub fn run(words: &[&str]) -> Output {
    let done = Command::new("docker").args(words).stdin(Stdio::null()).output();
    done.expect("there is a docker program")
}

/// What `docker WORDS` prints.
pub fn docker(words: &[&str]) -> String {
    printed(&run(words), &format!("docker {}", words.join(" ")))
}

/// Standard output of a program that has done well; else what it complains of.
pub fn printed(done: &Output, what: &str) -> String {
    let wrong = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{what}: {} {wrong}", done.status);
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// What the daemon knows of these containers, in their order.
pub fn inspect(containers: &[String]) -> Vec<Value> {
    let words: Vec<&str> = ["container", "inspect"].into_iter().chain(containers.iter().map(String::as_str)).collect();
    serde_json::from_str(&docker(&words)).expect("a list")
}

/// An address of a container on one of its networks. All of them are bridges, so this machine reaches each.
pub fn address(container: &Value) -> String {
    let networks = container["NetworkSettings"]["Networks"].as_object().into_iter().flat_map(|all| all.values());
    let mut addresses = networks.filter_map(|network| network["IPAddress"].as_str()).filter(|text| !text.is_empty());
    addresses.next().expect("an address").to_owned()
}
