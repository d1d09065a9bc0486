//! Start-up: a critic that cannot judge does not start, and says why.

use crate::{TOOLS, critic};
use critic::{Critic, Settings};
use std::path::Path;

fn script(path: &Path, body: &str) {
    // Written by somebody else: a file that we hold open for writing cannot be executed, and a test beside this one that
    // starts a program holds for a moment whatever we hold.
    let written = std::process::Command::new("sh")
        .args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" >\"$0\" && chmod 755 \"$0\""])
        .args([path.as_os_str(), body.as_ref()])
        .status();
    assert!(written.is_ok_and(|status| status.success()), "a script");
}

/// Protects doctor and the log: the versions in use are known, and a healthy critic says so.
#[tokio::test]
async fn an_open_critic_knows_its_tools() {
    let critic = critic().await;
    let versions = critic.versions();
    for version in [&versions.ruff, &versions.bandit, &versions.python] {
        assert!(version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.'), "{version}");
    }
    let healthy = critic.check().await.expect("healthy");
    assert!(healthy.contains(&versions.ruff), "{healthy}");
}

/// Protects the promise that nothing runs unreviewed: a missing tool stops the critic, which names each
/// missing tool and the fix.
#[tokio::test]
async fn missing_tools_are_named_with_a_fix() {
    let empty = tempfile::tempdir().expect("a folder");
    let error = Critic::open(Settings::new(empty.path())).await.expect_err("no tools");
    let tools: Vec<&str> = error.problems.iter().map(|problem| problem.tool).collect();
    assert_eq!(tools, ["ruff", "bandit"]);
    assert!(error.problems.iter().all(|problem| problem.fix.contains("make")), "{error}");
}

/// Protects against a tool that is there but does nothing: a ruff that never finds anything is unmasked.
#[tokio::test]
async fn a_tool_that_finds_nothing_is_unmasked() {
    let folder = tempfile::tempdir().expect("a folder");
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).expect("a folder");
    script(&bin.join("python3"), &format!("exec {TOOLS}/bin/python3 \"$@\""));
    script(&bin.join("ruff"), "[ \"$1\" = --version ] && echo 'ruff 9.9.9'\nexit 0");
    let error = Critic::open(Settings::new(folder.path())).await.expect_err("a fake ruff");
    assert_eq!((error.problems.len(), error.problems[0].tool), (1, "ruff"), "{error}");
}

/// Protects the default list against the lock file: what the critic allows is really installed, where the
/// sandbox's Python is at hand.
#[tokio::test]
async fn allowed_modules_are_installed() {
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/python/bin/python3");
    if !std::path::Path::new(python).exists() {
        eprintln!("skipped: the sandbox's Python is not set up");
        return;
    }
    let modules = Settings::new(TOOLS).allowed_modules.join(" ");
    let script = "import sys\nfrom importlib.util import find_spec\n\
                  print([m for m in sys.argv[1].split() if find_spec(m) is None])";
    let output = std::process::Command::new(python).args(["-I", "-c", script, &modules]).output().expect("runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "[]");
}
