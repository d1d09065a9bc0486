//! `make chaos`: three hundred jobs on the whole stack, while services are killed, engines crash and lines are cut. Every
//! job has to end well exactly once, no step's effect may be doubled, no upload lost. Prints what was done to it and what
//! came of it; exits with 1 where something broke. Bounded: about six minutes, on the loopback address alone.

use crate::caller::Caller;
use crate::faults::World;
use crate::verdict;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Jobs in all.
const JOBS: usize = 300;
/// Pause between two new jobs: the faults go on for as long as jobs come.
const PAUSE: Duration = Duration::from_millis(700);
/// How long the scripted model takes for an answer.
const MODEL_MS: u64 = 300;
/// Longest time from the last job's creation to the last job's end.
const PATIENCE: Duration = Duration::from_secs(420);

const CODE: &str = "open('/box/out/done.txt', 'w').write('done')\nprint('done')";

/// A model that writes [`CODE`], then sums up.
fn script(folder: &Path) -> PathBuf {
    let answers = json!([
        { "text": format!("```python\n{CODE}\n```"), "delay_ms": MODEL_MS },
        { "text": "All done.", "delay_ms": MODEL_MS },
    ]);
    let path = folder.join("script.json");
    std::fs::write(&path, json!({ "answers": answers, "repeat_last": true }).to_string()).expect("a script");
    path
}

/// One job from its upload to its end.
async fn one(caller: Caller, picture: PathBuf, number: usize) -> verdict::Ended {
    let file = caller.upload(&picture).await;
    let job = caller.job(&file, &format!("chaos-{number}")).await;
    let begun = Instant::now();
    let until = begun + PATIENCE;
    loop {
        let (status, view) = caller.get(&format!("/api/v1/jobs/{job}")).await;
        let state = view["state"].as_str().unwrap_or_default().to_owned();
        if !matches!(state.as_str(), "queued" | "running") || Instant::now() > until {
            return verdict::Ended { file, job, status, state, took: begun.elapsed() };
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Runs it to its end; whether everything is sound.
pub async fn run() -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let script = script(folder.path());
    let model = format!("scripted:{}", script.display());
    let mut world = World::start(&model).await;
    let caller = Caller::of(world.stack());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let pictures = ["table.png", "bar_chart.png", "seeds.png", "line_chart.png"].map(|name| root.join(name));

    let coming = tokio::spawn({
        let caller = caller.clone();
        let pictures = pictures.clone();
        async move {
            let mut jobs = Vec::new();
            for number in 0..JOBS {
                let picture = pictures[number % pictures.len()].clone();
                jobs.push(tokio::spawn(one(caller.clone(), picture, number)));
                tokio::time::sleep(PAUSE).await;
            }
            jobs
        }
    });
    world.torment(|| coming.is_finished()).await;
    let begun = Instant::now();
    let jobs = coming.await.expect("all jobs were sent");
    let mut ended = Vec::new();
    for job in jobs {
        ended.push(job.await.expect("a job comes to an end"));
    }
    println!("all jobs have ended {:.1} s after the last fault", begun.elapsed().as_secs_f64());
    let sound = verdict::print(&caller, &world, &ended, &script, &pictures).await;
    world.stop().await;
    sound
}
