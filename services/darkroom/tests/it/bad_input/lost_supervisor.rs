//! The supervisor, killed while it runs code.

use super::{EXECUTIONS, PATIENCE, Scene, assert_problem, group_mark, marker, processes_with, sleepers, supervisor};
use crate::harness::{Script, fenced, sample};
use serde_json::{Value, json};

/// Kills the supervisor once its run is seen; answers which it was, and how its groups are named.
async fn kill_when(scene: &Scene, is_running: impl Fn() -> bool) -> (u32, String) {
    scene.until("starting", PATIENCE, is_running).await;
    let pid = supervisor(&scene.server).expect("a supervisor");
    let mark = group_mark(pid).expect("it is there");
    let process = rustix::process::Pid::from_raw(pid.cast_signed()).expect("a process");
    rustix::process::kill_process(process, rustix::process::Signal::KILL).expect("killed");
    (pid, mark)
}

/// Protects callers from a dead supervisor: the one whose run it had is told once and plainly, followed or not;
/// no process of the run stays, nothing is kept, and the next run has a new supervisor.
#[tokio::test(flavor = "multi_thread")]
async fn a_direct_run_is_told_and_the_next_works() {
    let scene = Scene::new(&[]);
    let before = scene.traces().await;
    for accept in ["*/*", "text/event-stream"] {
        let marker = marker();
        let request = scene.server.request(reqwest::Method::POST, EXECUTIONS).header("accept", accept);
        let asking = request.json(&json!({ "code": sleepers(&marker) })).send();
        let telling = async { asking.await.expect("an answer").text().await.expect("a whole answer") };
        let (text, (killed, mark)) = tokio::join!(telling, kill_when(&scene, || processes_with(&marker).len() == 2));
        let last = text.rsplit("data:").next().unwrap_or_default();
        let problem: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("no problem at the end: {text}"));
        assert_eq!(text.matches("\"advice\"").count(), 1, "told once: {text}");
        assert_problem(accept, &(503, problem), (503, "jail_unavailable", "broke off"));
        scene.until("ending the run", PATIENCE, || processes_with(&marker).is_empty()).await;
        scene.works().await;
        let now = supervisor(&scene.server).expect("another supervisor");
        assert_ne!(now, killed);
        scene.is_as(&before, accept).await;
        assert_eq!(super::instance_groups(&mark), Vec::<std::path::PathBuf>::new(), "groups of the dead supervisor");
    }
}

/// Protects callers from a supervisor that died while nothing ran: the next run does not notice.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_death_is_not_noticed() {
    let scene = Scene::new(&[]);
    let before = scene.traces().await;
    for _ in 0..3 {
        kill_when(&scene, || supervisor(&scene.server).is_some()).await;
        scene.works().await;
    }
    scene.is_as(&before, "idle deaths").await;
}

/// Protects jobs from a dead supervisor: the run is made again, and the job has one result and shows no step
/// twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_on() {
    let code = "import threading, time\nopen('/box/out/done.txt', 'w').write('done')\n\
                threads = [threading.Thread(target=time.sleep, args=(2,)) for _ in range(20)]\n\
                for thread in threads: thread.start()\n\
                for thread in threads: thread.join()\nprint('done')";
    let script = Script::new(&[&fenced(code)], 0);
    let scene = Scene::new(&[("CODE_MODEL_URL", &script.url())]);
    let job = scene.server.job(&sample("table.png"), json!({})).await;
    let running = || scene.server.descendants().into_iter().filter(|pid| threads(*pid) > 20).collect::<Vec<_>>();
    kill_when(&scene, || !running().is_empty()).await;
    let report = scene.server.report(&job).await;
    assert_eq!(report["state"], "succeeded", "{report}");
    assert_eq!(report["outputs"].as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!(report["run"]["stdout"], "done\n");
    let events = scene.server.events(&job, 0).await;
    let mut steps: Vec<String> = events
        .iter()
        .filter(|(_, name, _)| name == "step_finished")
        .map(|(_, _, data)| data["step_id"].as_str().unwrap_or_default().to_owned())
        .collect();
    let count = steps.len();
    steps.sort();
    steps.dedup();
    assert_eq!(steps.len(), count, "no step ends twice: {events:?}");
    assert_eq!(events.iter().filter(|(_, name, _)| name == "job_finished").count(), 1);
    assert_eq!(script.calls().len(), 1, "the model is not paid again");
    assert_eq!(running(), Vec::<u32>::new(), "nothing of it stays");
    scene.works().await;
}

fn threads(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/task")).map(|tasks| tasks.count()).unwrap_or(0)
}
