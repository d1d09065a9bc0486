//! A machine on which code cannot be kept in: the start is refused, with the setting that helps.

use crate::harness::{PROGRAM, clean, output, stdout_json};
use std::process::Command;

/// `darkroom doctor` in namespaces of its own, after a script has taken something away there.
fn doctor_after(script: &str) -> Command {
    let mut command = clean("/usr/bin/unshare");
    command.args(["--user", "--map-root-user", "--mount", "/bin/sh", "-ec"]);
    command.arg(format!("{script}\nexec {PROGRAM} doctor --json"));
    command
}

/// Protects operators, and everybody else from a sandbox that is none: what is missing is named together with the
/// setting, whatever moment it shows in, and the program says by its exit code that nothing is ready.
#[test]
fn what_the_machine_forbids_is_named() {
    const NO_NAMESPACES: &str = "echo 0 > /proc/sys/user/max_user_namespaces";
    const READ_ONLY: &str = "mount --make-rprivate /
        sed -n 's/.* \\(\\/sys\\/fs\\/cgroup[^ ]*\\) .* - cgroup2* .*/\\1/p' /proc/self/mountinfo | while read -r folder; do
            mount -o remount,bind,ro \"$folder\" || mount -o remount,bind,ro,nosuid,nodev,noexec \"$folder\"
        done";
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().display();
    let nothing_to_execute = format!("mount -t tmpfs -o noexec tmpfs {place}\nexport TMPDIR={place}");
    for (script, times, reason, fix) in [
        (NO_NAMESPACES, 3, "No space left on device", "user.max_user_namespaces"),
        (READ_ONLY, 1, "Read-only file system", "control groups|/sys/fs/cgroup|deploy/docker"),
        (&*nothing_to_execute, 1, "failed to map segment", "noexec"),
    ] {
        for _ in 0..times {
            let done = output(&mut doctor_after(script));
            assert_eq!(done.status.code(), Some(3), "{}", String::from_utf8_lossy(&done.stderr));
            let said = stdout_json(&done);
            let failed = said["checks"].as_array().and_then(|checks| checks.iter().find(|check| check["ok"] == false));
            let failed = failed.expect("something that is not ready");
            let text = |key: &str| failed[key].as_str().unwrap_or_default().to_owned();
            assert!(text("detail").contains(reason), "{failed}");
            assert!(fix.split('|').any(|word| text("fix").contains(word)), "{failed}");
        }
    }
}
