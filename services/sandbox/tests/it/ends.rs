//! How code ends, told exactly.

use crate::support::Room;
use common::execution::RunStatus;

/// Protects the meaning of exit codes and signals: what the code did is what is told, as outside a jail.
#[tokio::test]
async fn exit_codes_and_signals_are_exact() {
    let room = Room::new().await;
    let table = [
        ("pass", Some(0), None),
        ("import sys; sys.exit(0)", Some(0), None),
        ("import sys; sys.exit(1)", Some(1), None),
        ("import sys; sys.exit(255)", Some(255), None),
        ("import sys; sys.exit(256)", Some(0), None),
        ("raise SystemExit('why')", Some(1), None),
        ("import os; os._exit(7)", Some(7), None),
        ("exit(3)", Some(3), None),
        ("1/0", Some(1), None),
        ("def", Some(1), None),
        ("import os; os.abort()", None, Some(6)),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", None, Some(9)),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", None, Some(15)),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", None, Some(11)),
        ("import ctypes; ctypes.string_at(0)", None, Some(11)),
        // The first process of the jail cannot be ended from inside.
        ("import os, signal\nfor s in (2, 9, 15): os.kill(1, s)\nprint('alive')", Some(0), None),
        ("import atexit; atexit.register(print, 'late')", Some(0), None),
    ];
    for (code, exit_code, signal) in table {
        let result = room.run(code).await;
        assert_eq!((result.exit_code, result.signal), (exit_code, signal), "{code}: {}", result.stderr);
        let expected = if exit_code == Some(0) { RunStatus::Ok } else { RunStatus::Error };
        assert_eq!(result.status, expected, "{code}");
    }
}

/// Protects people who debug: a traceback names main.py, the right lines and nothing of the runner.
#[tokio::test]
async fn tracebacks_read_as_if_started_alone() {
    let room = Room::new().await;
    let result = room.run("def f():\n    return {}['key']\n\nf()\n").await;
    let expected = "Traceback (most recent call last):\n  File \"/box/main.py\", line 4, in <module>\n    f()\n  \
        File \"/box/main.py\", line 2, in f\n    return {}['key']\n";
    assert!(result.stderr.starts_with(expected), "{}", result.stderr);
    assert!(result.stderr.ends_with("KeyError: 'key'\n"), "{}", result.stderr);

    let syntax = room.run("x = 1\nif x\n    pass\n").await;
    assert!(syntax.stderr.contains("File \"/box/main.py\", line 2\n"), "{}", syntax.stderr);
    assert!(!syntax.stderr.contains("runner"), "{}", syntax.stderr);
}

/// Protects code written as scripts: it is `__main__`, in its folder, with empty input and its arguments.
#[tokio::test]
async fn code_runs_as_a_script() {
    let room = Room::new().await;
    let printed = room
        .print(
            "import sys, os, subprocess
assert __name__ == '__main__' and __file__ == '/box/main.py' and sys.argv == ['/box/main.py']
assert sys.path[0] == '/box' and os.getcwd() == '/box/out'
assert sys.stdin.read() == ''
try: input()
except EOFError: print('no input')
import pickle
class A: pass
assert type(pickle.loads(pickle.dumps(A()))) is A
from multiprocessing import Pool
def double(x): return 2 * x
if __name__ == '__main__':
    with Pool(2) as pool: print(pool.map(double, [1, 2]))
print(subprocess.run([sys.executable, '-c', 'import numpy; print(numpy.arange(3).sum())'], capture_output=True, text=True).stdout)
",
        )
        .await;
    assert_eq!(printed, "no input\n[2, 4]\n3\n\n");
}
