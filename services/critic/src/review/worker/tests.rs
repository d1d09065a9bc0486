use super::*;
use std::os::unix::process::ExitStatusExt;

fn pool(change: impl FnOnce(&mut Settings)) -> Pool {
    let mut settings = Settings::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools"));
    change(&mut settings);
    Pool::new(settings.tools_dir.join("bin/python3"), super::super::policy::watched_calls(), &settings)
}

fn idle_pid(pool: &Pool) -> u32 {
    pool.lock().last().and_then(|worker| worker.child.id()).expect("a worker at rest")
}

/// Protects the machine from orphans: a worker whose server is gone ends by itself.
#[tokio::test]
async fn a_worker_ends_when_its_input_closes() {
    let pool = pool(|_| {});
    pool.warm_up().await.expect("starts");
    let mut worker = pool.lock().pop().expect("a worker");
    drop(worker.input);
    let status = tokio::time::timeout(Duration::from_secs(10), worker.child.wait()).await.expect("in time");
    assert!(status.expect("a status").success());
}

/// Protects the machine from busy orphans: a worker that is kept busy for ever ends itself, even when
/// nobody is left to kill it.
#[tokio::test]
async fn a_busy_worker_ends_itself() {
    let pool = pool(|_| {});
    let configuration = Configuration { watch: &[], skip: &[], seconds: 1, max_nodes: MAX_NODES, max_facts: MAX_FACTS };
    let (mut worker, _) = Worker::start(&pool.python, &configuration).await.expect("starts");
    // About three seconds of work.
    let error = worker.ask(&"f(1, b)\n".repeat(20_000)).await.expect_err("it gave up");
    assert!(matches!(error, ToolError::Died { crashed: false, .. }), "{}", error.chain());
}

/// Protects against a slow leak: a worker that has served its share is replaced.
#[tokio::test]
async fn workers_are_replaced_after_their_share() {
    let pool = pool(|settings| settings.worker_reviews = 2);
    pool.warm_up().await.expect("starts");
    let first = idle_pid(&pool);
    pool.read("x = 1\n").await.expect("read");
    assert_eq!(idle_pid(&pool), first);
    pool.read("x = 1\n").await.expect("read");
    assert!(pool.lock().is_empty());
    pool.read("x = 1\n").await.expect("read");
    assert_ne!(idle_pid(&pool), first);
}

/// Protects against hanging: a worker that gives no answer in time is an error, and is gone.
#[tokio::test]
async fn a_hanging_worker_times_out_and_is_killed() {
    let pool = pool(|settings| settings.timeout = Duration::from_millis(300));
    pool.warm_up().await.expect("starts");
    let pid = idle_pid(&pool);
    let error = pool.read(&"f(1, b)\n".repeat(20_000)).await.expect_err("too slow");
    assert!(matches!(error, ToolError::TimedOut { .. }), "{}", error.chain());
    assert!(pool.lock().is_empty());
    let gone = || !std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    for _ in 0..100 {
        if gone() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(gone(), "worker {pid} is still there");
    assert!(matches!(pool.read("x = 1\n").await, Ok(Reading::Read(_))));
}

/// Protects operators: a Python without bandit is reported as such, with the reason.
#[tokio::test]
async fn a_python_without_bandit_says_so() {
    let mut pool = pool(|_| {});
    pool.python = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/python/bin/python3"));
    let error = pool.warm_up().await.expect_err("no bandit there");
    assert!(error.chain().contains("No module named 'bandit'"), "{}", error.chain());
}

/// Protects the decision who is at fault: a process that crashed by itself points at the code, one that
/// was killed does not.
#[test]
fn only_crashes_point_at_the_code() {
    for (signal, crash) in [(6, true), (7, true), (11, true), (9, false), (15, false)] {
        let status = std::process::ExitStatus::from_raw(signal);
        assert_eq!(ToolError::died(TOOL, Some(status), "").is_crash(), crash, "signal {signal}");
    }
}
