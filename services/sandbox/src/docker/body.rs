//! The container as it is asked for: a pure function of image, limits and run.

use super::{DockerRuntime, SCRIPTS};
use crate::jail::Asked;
use crate::settings::Limits;
use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, ResourcesUlimits,
};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// By this label containers of ours are known, and whose they are.
pub const OWNER_LABEL: &str = "darkroom.sandbox.owner";
/// The interpreter in the image.
const PYTHON: &str = "/opt/python/bin/python3";
/// The first process, given to the interpreter as text: it and the image are never of different versions.
const FIRST: &str = include_str!("../../python/runner/container.py");
/// What code may call. Without it, the daemon's own list would let it open sockets.
const SECCOMP: &str = include_str!("seccomp.json");
/// The rule of that list for `clone3`, and the one for gVisor.
const CLONE3_IS_UNKNOWN: &str = r#"{"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}"#;
const CLONE3_IS_ALLOWED: &str = r#"{"names": ["clone3"], "action": "SCMP_ACT_ALLOW"}"#;
/// The call by which `select` waits, and what gVisor calls it.
const PSELECT: &str = r#""pselect6""#;
const PSELECT_TOO: &str = r#""pselect6", "pselect""#;
/// User and group of everything in the container.
const USER: &str = "1000:1000";
/// Writable places of fixed size: path, options.
const MEMORY_FOLDERS: [(&str, &str); 5] = [
    ("/tmp", "rw,noexec,nosuid,nodev,size=256m,nr_inodes=16384,uid=1000,gid=1000,mode=1777"),
    ("/dev/shm", "rw,noexec,nosuid,nodev,size=64m,nr_inodes=1024,uid=1000,gid=1000,mode=1777"),
    ("/box", "rw,noexec,nosuid,nodev,size=16m,nr_inodes=1024,uid=1000,gid=1000,mode=0755"),
    ("/box/out", "rw,noexec,nosuid,nodev,size=128m,nr_inodes=16384,uid=1000,gid=1000,mode=0755"),
    (SCRIPTS, "rw,noexec,nosuid,nodev,size=8m,nr_inodes=1024,uid=1000,gid=1000,mode=0755"),
];
/// What tells of the machine, its kernel and its neighbours: there, and empty.
const COVERED: &[&str] = &[
    "/proc/acpi",
    "/proc/asound",
    "/proc/buddyinfo",
    "/proc/bus",
    "/proc/cgroups",
    "/proc/cmdline",
    "/proc/config.gz",
    "/proc/consoles",
    "/proc/cpuinfo",
    "/proc/crypto",
    "/proc/devices",
    "/proc/diskstats",
    "/proc/dma",
    "/proc/driver",
    "/proc/fs",
    "/proc/interrupts",
    "/proc/iomem",
    "/proc/ioports",
    "/proc/irq",
    "/proc/kallsyms",
    "/proc/kcore",
    "/proc/key-users",
    "/proc/keys",
    "/proc/kpagecgroup",
    "/proc/kpagecount",
    "/proc/kpageflags",
    "/proc/latency_stats",
    "/proc/loadavg",
    "/proc/locks",
    "/proc/meminfo",
    "/proc/misc",
    "/proc/modules",
    "/proc/mtrr",
    "/proc/pagetypeinfo",
    "/proc/partitions",
    "/proc/pressure",
    "/proc/sched_debug",
    "/proc/schedstat",
    "/proc/scsi",
    "/proc/slabinfo",
    "/proc/softirqs",
    "/proc/stat",
    "/proc/swaps",
    "/proc/sysvipc",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/uptime",
    "/proc/version",
    "/proc/vmallocinfo",
    "/proc/vmstat",
    "/proc/zoneinfo",
    "/sys/block",
    "/sys/bus",
    "/sys/class",
    "/sys/dev",
    "/sys/devices",
    "/sys/firmware",
    "/sys/hypervisor",
    "/sys/kernel",
    "/sys/module",
    "/sys/power",
];
/// What gVisor's own kernel takes of a container's memory, beyond what the code may use.
const MEMORY_OF_GVISOR: u64 = 64 << 20;
/// The period of the CPU limit, in microseconds.
const CPU_PERIOD: i64 = 100_000;
/// Besides the inputs' content: their pages' last bytes, and the folder.
const INPUT_SPARE_BYTES: u64 = 1 << 20;
/// Largest file that code can write, in bytes.
const FILE_BYTES: i64 = 256 << 20;
/// All of the environment that code sees.
const ENVIRONMENT: [&str; 14] = [
    "PATH=/opt/python/bin:/usr/local/bin:/usr/bin:/bin",
    "HOME=/tmp",
    "TMPDIR=/tmp",
    "USER=box",
    "LANG=C.UTF-8",
    "PYTHONDONTWRITEBYTECODE=1",
    // Unbuffered, so that what a killed run printed is not lost.
    "PYTHONUNBUFFERED=1",
    "PYTHONNOUSERSITE=1",
    "MPLBACKEND=Agg",
    "MPLCONFIGDIR=/tmp/matplotlib",
    "OMP_NUM_THREADS=2",
    "OPENBLAS_NUM_THREADS=2",
    "MKL_NUM_THREADS=2",
    "NUMEXPR_NUM_THREADS=2",
];

/// What all containers have in common.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Id of the image, not its name: a new image of that name is not taken by surprise.
    pub image: String,
    /// Who makes the containers.
    pub runtime: DockerRuntime,
    /// Limits of each run.
    pub limits: Limits,
    /// Longest wall time of a run, in seconds.
    pub max_seconds: u64,
    /// Our instance.
    pub owner: String,
}

impl Plan {
    /// This plan for a run that asks for less.
    pub fn less(&self, asked: Asked) -> Self {
        Self { limits: self.limits.less(asked), ..self.clone() }
    }

    /// The container of one run. Inputs stand in memory of their own, beyond what the code may use.
    pub fn body(&self, input_bytes: u64) -> ContainerCreateBody {
        let input_space = input_bytes + INPUT_SPARE_BYTES + input_bytes / 16;
        let mut tmpfs: HashMap<String, String> =
            MEMORY_FOLDERS.iter().map(|(path, options)| ((*path).to_owned(), (*options).to_owned())).collect();
        let inputs = format!("rw,noexec,nosuid,nodev,size={input_space},nr_inodes=1024,uid=1000,gid=1000,mode=0755");
        tmpfs.insert("/box/in".to_owned(), inputs);
        let memory = signed(self.limits.memory_bytes + self.memory_of_runtime() + input_bytes);
        ContainerCreateBody {
            image: Some(self.image.clone()),
            entrypoint: Some(Vec::new()),
            cmd: Some(vec![PYTHON.to_owned(), "-c".to_owned(), FIRST.to_owned()]),
            user: Some(USER.to_owned()),
            hostname: Some("box".to_owned()),
            working_dir: Some("/box/out".to_owned()),
            env: Some(ENVIRONMENT.map(str::to_owned).into()),
            labels: Some(HashMap::from([(OWNER_LABEL.to_owned(), self.owner.clone())])),
            // Beside the mode below, so that the names of hosts and name servers are not told either.
            network_disabled: Some(true),
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            open_stdin: Some(true),
            // When we are gone, its input ends, and with that the container.
            stdin_once: Some(true),
            tty: Some(false),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                readonly_rootfs: Some(true),
                privileged: Some(false),
                init: Some(false),
                cap_drop: Some(vec!["ALL".to_owned()]),
                security_opt: Some(vec!["no-new-privileges".to_owned(), format!("seccomp={}", self.seccomp())]),
                runtime: Some(self.runtime.as_str().to_owned()),
                memory: Some(memory),
                // Equal to the memory: no swap.
                memory_swap: Some(memory),
                // Not as a number of CPUs: that may not be larger than the machine's.
                cpu_period: Some(CPU_PERIOD),
                cpu_quota: Some(i64::from(self.limits.cpu_percent) * CPU_PERIOD / 100),
                pids_limit: Some(self.host_pids()),
                ulimits: Some(self.ulimits()),
                tmpfs: Some(tmpfs),
                masked_paths: Some(COVERED.iter().map(|path| (*path).to_owned()).collect()),
                ipc_mode: Some("private".to_owned()),
                cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
                log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        }
    }

    /// gVisor answers every refused call with "not permitted", whatever number is asked for; that would keep
    /// libraries from falling back from `clone3`, so there it is allowed. New namespaces made by it are
    /// gVisor's own, not the machine's.
    fn seccomp(&self) -> String {
        match self.runtime {
            DockerRuntime::Runc => SECCOMP.to_owned(),
            DockerRuntime::Runsc => SECCOMP.replace(CLONE3_IS_UNKNOWN, CLONE3_IS_ALLOWED).replace(PSELECT, PSELECT_TOO),
        }
    }

    /// Processes and threads that the container may have on the host. gVisor's own threads count too, many
    /// for each of the code's, so there the code's are limited inside, see [`Self::inside_pids`].
    fn host_pids(&self) -> i64 {
        match self.runtime {
            DockerRuntime::Runc => i64::from(self.limits.pids),
            DockerRuntime::Runsc => i64::from(self.limits.pids) * 16 + 512,
        }
    }

    fn memory_of_runtime(&self) -> u64 {
        match self.runtime {
            DockerRuntime::Runc => 0,
            DockerRuntime::Runsc => MEMORY_OF_GVISOR,
        }
    }

    /// Limit of the user's processes that the first process sets for the code; 0 sets none. With runc it
    /// would count processes of the same user id all over the host.
    pub fn inside_pids(&self) -> u32 {
        match self.runtime {
            DockerRuntime::Runc => 0,
            DockerRuntime::Runsc => self.limits.pids,
        }
    }

    fn ulimits(&self) -> Vec<ResourcesUlimits> {
        let cpu_seconds = self.max_seconds * u64::from(self.limits.cpu_percent.div_ceil(100)) + 20;
        let limits =
            [("nofile", 512), ("fsize", FILE_BYTES), ("core", 0), ("memlock", 0), ("cpu", signed(cpu_seconds))];
        let ulimit = |(name, value): (&str, i64)| ResourcesUlimits {
            name: Some(name.to_owned()),
            soft: Some(value),
            hard: Some(value),
        };
        limits.map(ulimit).into()
    }

    /// SHA-256 over all of it but for our own name, lower-case hex: image, limits, walls, first process.
    pub fn sha256(&self) -> String {
        let nobody = Self { owner: String::new(), ..self.clone() };
        // As a value, because its maps are in order.
        let body = serde_json::to_value(nobody.body(0)).unwrap_or_default();
        hex::encode(Sha256::digest(format!("{body}\n{:?}\n{}", self.limits, self.inside_pids())))
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(runtime: DockerRuntime) -> Plan {
        Plan { image: "sha256:1".into(), runtime, limits: Limits::default(), max_seconds: 120, owner: "me".into() }
    }

    /// Protects the walls: whoever edits the container, none of these goes missing.
    #[test]
    fn every_wall_is_asked_for() {
        for runtime in [DockerRuntime::Runc, DockerRuntime::Runsc] {
            let asked = Asked { memory_bytes: Some(100 << 20), cpu_percent: Some(50), ..Asked::default() };
            let own = if runtime == DockerRuntime::Runc { 0 } else { 64 };
            let body = plan(runtime).less(asked).body(5 << 20);
            let host = body.host_config.unwrap();
            assert_eq!((host.network_mode.as_deref(), body.network_disabled), (Some("none"), Some(true)));
            assert_eq!((host.readonly_rootfs, host.privileged), (Some(true), Some(false)));
            assert_eq!((host.cap_drop.unwrap(), host.cap_add), (vec!["ALL".to_owned()], None));
            assert!(host.security_opt.unwrap().contains(&"no-new-privileges".to_owned()));
            assert_eq!((host.memory, host.memory_swap), (Some((105 + own) << 20), Some((105 + own) << 20)));
            assert_eq!(body.user.as_deref(), Some("1000:1000"));
            assert_eq!((host.cpu_period, host.cpu_quota), (Some(100_000), Some(50_000)));
            assert!(host.pids_limit.unwrap() > 0);
            assert_eq!((host.binds, host.mounts, host.devices), (None, None, None), "nothing of the host is shown");
            assert!(
                host.tmpfs.unwrap().values().all(|options| options.contains("size=") && options.contains("nosuid"))
            );
        }
    }

    /// Protects the list of calls: it is an allow list, and what must not be on it is not.
    #[test]
    fn dangerous_calls_are_not_allowed() {
        let profile: serde_json::Value = serde_json::from_str(SECCOMP).unwrap();
        assert_eq!(profile["defaultAction"], "SCMP_ACT_ERRNO");
        assert!(plan(DockerRuntime::Runc).seccomp().contains(CLONE3_IS_UNKNOWN), "its flags cannot be seen");
        assert!(plan(DockerRuntime::Runsc).seccomp().contains(CLONE3_IS_ALLOWED));
        assert!(plan(DockerRuntime::Runsc).seccomp().contains(PSELECT_TOO));
        for call in ["socket", "connect", "ptrace", "mount", "unshare", "setns", "bpf", "keyctl", "inotify_init1"] {
            assert!(!SECCOMP.contains(&format!("\"{call}\"")), "{call}");
        }
    }

    /// Protects the meaning of the hash: the same room has the same one, whoever runs it; another has another.
    #[test]
    fn the_hash_tells_rooms_apart() {
        let own = plan(DockerRuntime::Runc);
        let elsewhere = Plan { owner: "somebody".into(), ..own.clone() };
        assert_eq!(own.sha256(), elsewhere.sha256());
        let others = [
            Plan { image: "sha256:2".into(), ..own.clone() },
            Plan { runtime: DockerRuntime::Runsc, ..own.clone() },
            Plan { limits: Limits { pids: 64, ..own.limits }, ..own.clone() },
        ];
        assert!(others.iter().all(|other| other.sha256() != own.sha256()));
    }
}
