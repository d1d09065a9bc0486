//! Which system calls the jailed code may not make.
//!
//! A deny list with "not permitted": allow lists age with every library and kill good programs, while
//! namespaces, capabilities and mounts already hold. What is denied here is what those do not confine
//! (`socket`: AF_VSOCK ignores network namespaces), and what only an attack on the kernel needs.

/// Denied by name on every architecture.
const DENIED: &[&str] = &[
    // network: no socket of any family; socketpair stays, multiprocessing needs it
    "socket",
    // other processes
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "kcmp",
    "pidfd_getfd",
    // mounts and namespaces
    "mount",
    "umount",
    "pivot_root",
    "chroot",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsmount",
    "fsconfig",
    "fspick",
    "mount_setattr",
    "unshare",
    "setns",
    "swapon",
    "swapoff",
    "quotactl",
    "quotactl_fd",
    "acct",
    // keys, and files by handle
    "keyctl",
    "add_key",
    "request_key",
    "open_by_handle_at",
    "name_to_handle_at",
    // large or young parts of the kernel
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "fanotify_init",
    "lookup_dcookie",
    // the machine
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "syslog",
    "vhangup",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "sethostname",
    "setdomainname",
    "personality",
];

/// Denied where they exist only on x86-64.
const DENIED_X86_64: &[&str] = &["iopl", "ioperm", "modify_ldt", "uselib", "kexec_file_load"];

/// Numbers of the same calls in the x32 table, which the same filter sees with this bit set: without
/// them, a kernel with x32 would leave a second door to each.
const X32_BIT: u32 = 0x4000_0000;
const X32_NUMBERS: &[u32] = &[
    41, 310, 311, 440, 312, 438, 165, 166, 155, 161, 429, 428, 430, 432, 431, 433, 442, 272, 308, 167, 168, 179, 443,
    163, 250, 248, 249, 304, 303, 321, 298, 323, 425, 426, 427, 300, 212, 246, 320, 175, 313, 176, 169, 103, 153, 164,
    227, 159, 305, 170, 171, 135, 172, 173, 154, 134, 101, 435, 56, 521, 528, 539, 540,
];

/// New namespaces by plain clone: NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
const NAMESPACE_FLAGS: u32 = 0x7E02_0080;

/// The policy in kafel's language. `clone3` hides its flags behind a pointer where no filter can see
/// them, so it "does not exist", and libraries fall back to `clone`.
pub fn policy() -> String {
    let mut denied: Vec<String> = DENIED.iter().map(|name| (*name).to_owned()).collect();
    if cfg!(target_arch = "x86_64") {
        denied.extend(DENIED_X86_64.iter().filter(|name| !DENIED.contains(name)).map(|name| (*name).to_owned()));
        denied.extend(X32_NUMBERS.iter().map(|number| format!("SYSCALL[{}]", X32_BIT | number)));
    }
    denied.push(format!("clone {{ (clone_flags & {NAMESPACE_FLAGS:#x}) != 0 }}"));
    // Pushing input into a terminal, should one ever be there.
    denied.push("ioctl { cmd == 0x5412 || cmd == 0x541C }".to_owned());
    format!(
        "POLICY darkroom {{\n  ERRNO(38) {{ clone3 }},\n  ERRNO(1) {{\n    {}\n  }}\n}}\nUSE darkroom DEFAULT ALLOW\n",
        denied.join(",\n    ")
    )
}
