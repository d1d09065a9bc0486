//! What happens to reviews when workers die, many come at once, or callers go away.

use crate::{TOOLS, alone, critic, review};
use common::review::Verdict;
use critic::{Critic, Settings};
use std::process::Command;
use std::time::{Duration, Instant};

/// Python processes that this process started.
pub fn workers() -> Vec<u32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((head, tail)) = stat.rsplit_once(") ") else { continue };
        let mut fields = tail.split(' ');
        let (state, parent) = (fields.next(), fields.next().and_then(|field| field.parse::<u32>().ok()));
        if parent == Some(std::process::id()) && state != Some("Z") && head.contains("(python") {
            found.push(pid);
        }
    }
    found
}

fn kill(pids: &[u32]) {
    for pid in pids {
        Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill");
    }
}

/// Protects availability: a worker killed in the middle of a review costs neither that review nor the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_costs_no_review() {
    let _alone = alone().await;
    let critic = critic().await;
    let before = workers();
    assert_eq!(before.len(), 1);
    // About a second of reading.
    let slow = format!("import torch\n{}", "f = print(1, 2)\n".repeat(5000));
    let running = tokio::spawn({
        let critic = critic.clone();
        async move { critic.review(&slow).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!running.is_finished());
    kill(&before);
    let review_of_slow = running.await.expect("no panic").expect("reviewed by another worker");
    assert_eq!(review_of_slow.verdict, Verdict::Block);
    // At rest, too.
    kill(&workers());
    assert_eq!(review(&critic, "print(1)\n").await.verdict, Verdict::Pass);
    assert_ne!(workers(), before);
}

/// Protects against overload: fifty reviews at once all get their own answer, with no more workers than
/// were allowed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_are_fine() {
    let _alone = alone().await;
    let critic = critic().await;
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let critic = critic.clone();
            let line = n + 2;
            tokio::spawn(async move {
                let code = format!("x = {n}\n{}print(missing_{n})\n", "\n".repeat(n));
                (line, n, critic.review(&code).await)
            })
        })
        .collect();
    for task in tasks {
        let (line, n, outcome) = task.await.expect("no panic");
        let review = outcome.expect("a review");
        let worst = &review.findings[0];
        assert_eq!((worst.line as usize, worst.rule.as_str()), (line, "F821"));
        assert!(worst.message.contains(&format!("missing_{n}")), "{}", worst.message);
    }
    assert!(workers().len() <= 2, "{:?}", workers());
}

/// Protects the machine: nothing of the critic is left when it is dropped, and a caller that goes away
/// takes its review along.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_behind() {
    let _alone = alone().await;
    let critic = critic().await;
    let slow = "f = print(1, 2)\n".repeat(5000);
    let given_up = tokio::time::timeout(Duration::from_millis(200), critic.review(&slow)).await;
    assert!(given_up.is_err());
    assert_eq!(review(&critic, "print(1)\n").await.verdict, Verdict::Pass);
    drop(critic);
    let deadline = Instant::now() + Duration::from_secs(5);
    while !workers().is_empty() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(workers(), Vec::<u32>::new());
}

/// Protects the rule that a failed tool never passes code: without its tools the critic answers with a
/// failure that shows nothing internal, and works again when they are back.
#[tokio::test]
async fn a_lost_tool_is_a_failure_until_it_is_back() {
    let _alone = alone().await;
    let folder = tempfile::tempdir().expect("a folder");
    let tools = folder.path().join("tools");
    std::os::unix::fs::symlink(TOOLS, &tools).expect("a link");
    let critic = Critic::open(Settings::new(&tools)).await.expect("opens");
    std::fs::remove_file(&tools).expect("unlinked");
    let failure = critic.review("print(1)\n").await.expect_err("no ruff");
    assert_eq!(failure.code, common::ErrorCode::NotReady);
    assert!(!failure.detail.contains('/'), "{}", failure.detail);
    let reason = critic.check().await.expect_err("not healthy");
    assert!(reason.contains("ruff") && !reason.contains('/'), "{reason}");
    std::os::unix::fs::symlink(TOOLS, &tools).expect("a link");
    assert_eq!(review(&critic, "print(1)\n").await.verdict, Verdict::Pass);
    critic.check().await.expect("healthy again");
}

/// Protects the time of a job: with everything warm a review of ordinary code is short. Prints what was
/// measured; the bound is generous because test machines are shared.
#[tokio::test]
async fn a_warm_review_is_quick() {
    let _alone = alone().await;
    let critic = critic().await;
    let code = "import numpy as np\nimport matplotlib.pyplot as plt\n".to_owned()
        + &"plt.plot(np.arange(10), label='a')\n".repeat(60)
        + "plt.savefig('chart.png')\n";
    let mut times = Vec::new();
    for _ in 0..40 {
        let start = Instant::now();
        assert_eq!(review(&critic, &code).await.verdict, Verdict::Pass);
        times.push(start.elapsed());
    }
    times.sort();
    eprintln!("warm review of 63 lines: p50 {:?}, p95 {:?}", times[20], times[38]);
    assert!(times[20] < Duration::from_millis(500), "p50 {:?}", times[20]);
}
