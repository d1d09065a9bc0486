//! What an operator can do when rooms cannot be made: from what went wrong to the one setting that helps. Pure, but
//! for [`Facts::here`].

/// What advice depends on besides the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Whoever starts nsjail is root.
    pub root: bool,
    /// Inside a container.
    pub container: bool,
    /// `user.max_user_namespaces` is 0.
    pub no_user_namespaces: bool,
    /// `kernel.unprivileged_userns_clone` is 0 (Debian's kernels).
    pub only_root_clones: bool,
    /// `kernel.apparmor_restrict_unprivileged_userns` is 1 (Ubuntu's kernels).
    pub apparmor_restricts: bool,
}

impl Facts {
    /// Those of this machine and process.
    pub fn here() -> Self {
        let is = |path: &str, value: &str| std::fs::read_to_string(path).is_ok_and(|text| text.trim() == value);
        Self {
            root: rustix::process::geteuid().is_root(),
            container: supervisor::refusal::in_container(),
            no_user_namespaces: is("/proc/sys/user/max_user_namespaces", "0"),
            only_root_clones: is("/proc/sys/kernel/unprivileged_userns_clone", "0"),
            apparmor_restricts: is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"),
        }
    }
}

const NO_NAMESPACES: &str = "user namespaces are switched off; as root: sysctl -w user.max_user_namespaces=15000, and \
    the same line without 'sysctl -w' in /etc/sysctl.d/darkroom.conf keeps it";
const ONLY_ROOT: &str = "only root may make user namespaces here; as root: sysctl -w \
    kernel.unprivileged_userns_clone=1, or run the supervisor as root: darkroom supervisor";
const APPARMOR: &str = "AppArmor restricts user namespaces here (Ubuntu 23.10 and newer); as root: sysctl -w \
    kernel.apparmor_restrict_unprivileged_userns=0, or load a profile for nsjail with the rule 'userns,', or run the \
    supervisor as root: darkroom supervisor";
const PROC: &str = "a /proc of one's own may not be mounted, as in containers that mask parts of theirs; start the \
    container with --security-opt systempaths=unconfined, see deploy/docker/README.md";
const PROFILE: &str = "this container's seccomp or AppArmor profile forbids it; start the container with --security-opt \
    seccomp=deploy/docker/seccomp.json, see deploy/docker/README.md";
const IDS: &str = "as root in a container it takes --cap-add=SETUID --cap-add=SETGID (and SETFCAP when Python stands \
    behind a folder that only root may pass); running as a user takes none of them, see deploy/docker/README.md";
const NOEXEC: &str = "the sandbox's work folder is on a file system that is mounted noexec: choose another DATA_DIR, or \
    in a container --tmpfs /tmp:exec";
const SETUP: &str = "run 'make setup' again";
const GENERAL: &str = "the log has more (LOG=info). Needed are user namespaces (user.max_user_namespaces above 0), a \
    control group that may be written, Linux 5.8 or newer, and in a container what deploy/docker/README.md lists";

/// What helps against this.
pub fn advice(why: &str, facts: Facts) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| why.contains(word));
    let forbidden = has(&["not permitted", "ermission denied"]);
    // Said of the machine itself first: with these nothing else matters.
    if facts.no_user_namespaces && has(&["clone", "namespaces", "ended before", "Broken pipe", "No space"]) {
        return NO_NAMESPACES;
    }
    if has(&["failed to map segment"]) {
        return NOEXEC;
    }
    if !facts.root && facts.only_root_clones && forbidden {
        return ONLY_ROOT;
    }
    if !facts.root && facts.apparmor_restricts && forbidden {
        return APPARMOR;
    }
    if has(&["'/proc'", "mounting /proc"]) {
        return PROC;
    }
    if has(&["uid_map", "gid_map"]) {
        return IDS;
    }
    if facts.container && forbidden {
        return PROFILE;
    }
    if has(&["No such file", "ModuleNotFoundError", "ImportError"]) {
        return SETUP;
    }
    GENERAL
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects operators: what nsjail, the kernel and Python really said leads to the setting that helps.
    #[test]
    fn what_was_said_leads_to_the_setting() {
        let plain = Facts {
            root: true,
            container: false,
            no_user_namespaces: false,
            only_root_clones: false,
            apparmor_restricts: false,
        };
        let (user, container) = (Facts { root: false, ..plain }, Facts { container: true, ..plain });
        let off = Facts { no_user_namespaces: true, ..plain };
        let clone = "[W] runChild():511 clone(flags=CLONE_NEWNS|CLONE_NEWUSER) failed:";
        for (why, facts, expected) in [
            (format!("{clone} No space left on device"), off, NO_NAMESPACES),
            ("the room ended before the code began".to_owned(), off, NO_NAMESPACES),
            (format!("{clone} Operation not permitted"), Facts { only_root_clones: true, ..user }, ONLY_ROOT),
            (format!("{clone} Operation not permitted"), Facts { only_root_clones: true, ..plain }, GENERAL),
            (
                "mount('/', MS_REC|MS_PRIVATE): Permission denied".to_owned(),
                Facts { apparmor_restricts: true, ..user },
                APPARMOR,
            ),
            (format!("{clone} Operation not permitted"), container, PROFILE),
            (
                "lock-down, unshare of the cgroup namespace: Operation not permitted (os error 1)".to_owned(),
                container,
                PROFILE,
            ),
            ("[E] buildMountTree():328 Failed to mount mandatory point: '/proc'".to_owned(), container, PROC),
            (
                "Couldn't write '18' bytes to file '/proc/19/gid_map' (fd='4'): Operation not permitted".to_owned(),
                container,
                IDS,
            ),
            (
                "its zygote has ended: libdarkroom_zygote.so: failed to map segment from shared object".to_owned(),
                plain,
                NOEXEC,
            ),
            ("ModuleNotFoundError: No module named 'numpy'".to_owned(), plain, SETUP),
            ("something nobody has seen".to_owned(), plain, GENERAL),
        ] {
            assert_eq!(advice(&why, facts), expected, "{why} {facts:?}");
        }
    }
}
