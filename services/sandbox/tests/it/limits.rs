//! Limits hold, and their end is told by its name.

use crate::support::{Room, request};
use common::execution::RunStatus;
use sandbox::ExecutionRequest;
use std::time::{Duration, Instant};

/// Protects the machine's memory: too much is an end of its own name, by heap, by files in memory, and by
/// many processes together.
#[tokio::test]
async fn memory_is_limited() {
    let room = Room::with_memory(192 << 20).await;
    let bombs = [
        "x = []\nwhile True: x.append(bytearray(16 << 20))",
        "while True: open('/tmp/a', 'ab').write(b'x' * (1 << 20))",
        "import os\nfor n in range(8):\n    if os.fork() == 0:\n        x = bytearray(60 << 20)\n        import time; time.sleep(30)\n\
         for n in range(8):\n    _, status = os.wait()\n    if status: raise SystemExit(1)",
    ];
    for bomb in bombs {
        let begin = Instant::now();
        let result = room.run(bomb).await;
        assert_eq!(result.status, RunStatus::OutOfMemory, "{bomb}: {}", result.stderr);
        assert!(
            result.peak_memory_bytes > 150 << 20 && result.peak_memory_bytes <= 192 << 20,
            "{}",
            result.peak_memory_bytes
        );
        assert!(begin.elapsed() < Duration::from_secs(20), "{bomb}");
    }
    // A helper that took too much ends the run too: what it was to do is missing.
    let helper = "import os\nif os.fork() == 0:\n    x = bytearray(600 << 20)\nos.wait()\nimport time; time.sleep(9)";
    assert_eq!(room.run(helper).await.status, RunStatus::OutOfMemory);
}

/// Protects the machine's processes: a fork bomb meets a wall and leaves nothing.
#[tokio::test]
async fn processes_are_limited() {
    let room = Room::new().await;
    let code = "import os, time
count = 0
try:
    while True:
        if os.fork() == 0: time.sleep(100); os._exit(0)
        count += 1
except BlockingIOError: print(count)";
    let begin = Instant::now();
    let count: u32 = room.print(code).await.trim().parse().expect("a count");
    assert!((100..128).contains(&count), "{count}");
    assert!(begin.elapsed() < Duration::from_secs(10));
    let bomb = ExecutionRequest {
        timeout: Some(Duration::from_secs(1)),
        ..request("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass")
    };
    assert_eq!(room.execute(bomb).await.result.status, RunStatus::Timeout);
    assert_eq!(room.print("print(1)").await, "1\n");
}

/// Protects everybody's time: a run ends when its time is up, to a fraction of a second, with what it
/// printed and wrote so far.
#[tokio::test]
async fn time_is_limited_and_work_so_far_kept() {
    let room = Room::new().await;
    let code = "import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
open('/box/out/partial.txt', 'w').write('so far')
print('line'); print('no newline', end='')
while True: time.sleep(1)";
    let begin = Instant::now();
    let execution =
        room.execute(ExecutionRequest { timeout: Some(Duration::from_millis(1200)), ..request(code) }).await;
    let took = begin.elapsed();
    let result = execution.result;
    assert_eq!((result.status, result.exit_code, result.signal), (RunStatus::Timeout, None, Some(9)));
    assert_eq!(result.stdout, "line\nno newline");
    assert_eq!(execution.contents, ["so far"]);
    assert!((1200..1600).contains(&result.duration_ms), "{}", result.duration_ms);
    assert!(took < Duration::from_secs(4), "{took:?}");
}

/// Protects accounting: CPU time, memory and wall time are the run's own.
#[tokio::test]
async fn usage_is_measured() {
    let room = Room::new().await;
    let busy =
        "import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass\nx = bytearray(100 << 20)";
    let result = room.run(busy).await;
    assert!((350..2000).contains(&result.cpu_ms), "{}", result.cpu_ms);
    assert!(result.duration_ms >= 350);
    assert!((100 << 20..200 << 20).contains(&result.peak_memory_bytes), "{}", result.peak_memory_bytes);
    let idle = room.run("import time; time.sleep(0.3)").await;
    assert!(idle.cpu_ms < 250 && idle.duration_ms >= 300, "{} {}", idle.cpu_ms, idle.duration_ms);
}
