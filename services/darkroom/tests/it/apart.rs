//! A server without any rights beside a supervisor that has them.

use crate::harness::{PROGRAM, clean, output, stdout_json};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};

/// A user that no account has.
const USER: u32 = 64_998;

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let pid = Pid::from_raw(self.0.id().cast_signed()).expect("a process");
        kill_process(pid, Signal::TERM).expect("signal");
        self.0.wait().expect("its end");
    }
}

/// The program where every user may run it.
fn copied(to: &Path) -> String {
    let program = to.join("darkroom");
    std::fs::copy(PROGRAM, &program).expect("a copy");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("rights");
    program.to_string_lossy().into_owned()
}

/// Protects the machine from a service that is taken over: it runs as a user without any capability, and code still
/// gets its rooms; another user gets none.
#[test]
fn a_program_without_rights_gets_rooms() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("rights");
    let socket = folder.path().join("supervisor.sock");
    // Only root can become somebody else; anybody else is without rights already.
    let is_root = geteuid().is_root();
    let user = if is_root { USER } else { geteuid().as_raw() };
    let mut supervisor = clean(PROGRAM);
    supervisor.args(["supervisor", "--user", &user.to_string()]).arg("--socket").arg(&socket);
    supervisor.arg("--data").arg(folder.path().join("supervisor"));
    let mut supervisor = Ended(supervisor.stdout(Stdio::piped()).spawn().expect("the supervisor"));
    let mut line = String::new();
    BufReader::new(supervisor.0.stdout.take().expect("stdout")).read_line(&mut line).expect("its word");
    assert!(line.contains("supervisor.sock"), "{line}");

    let (program, code) = (copied(folder.path()), folder.path().join("code.py"));
    std::fs::write(&code, "print(6 * 7)").expect("code");
    let exec = |user: u32| {
        let out = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(out.path(), PermissionsExt::from_mode(0o777)).expect("rights");
        let mut command = clean(&program);
        command.args(["exec", "--json", "--out"]).arg(out.path().join("out")).arg(&code);
        // Nothing that only the supervisor needs.
        command.env("SANDBOX_SUPERVISOR", &socket).env("PYTHON_ENV", "/nowhere").env("TOOLS_ENV", "/nowhere");
        if is_root {
            command.uid(user).gid(user);
        }
        output(&mut command)
    };
    let done = exec(user);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let result = stdout_json(&done);
    assert_eq!((result["stdout"].as_str(), result["isolation"]["jail"].as_str()), (Some("42\n"), Some("nsjail")));
    if is_root {
        let refused = exec(USER - 1);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(3), "{said}");
        assert!(said.contains("supervisor.sock") && said.contains("--user"), "{said}");
    }
}
