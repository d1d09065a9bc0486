//! What the supervisor is told when it starts: places and ceilings, on its command line. Nothing of it can
//! be changed later, so a service that was taken over cannot widen what a room may see.

use crate::cgroup::Limits;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Import tiers: which libraries a zygote has imported already.
pub const TIERS: usize = 3;

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The nsjail binary, or the script of that name that its Python package installs.
    pub nsjail: PathBuf,
    /// The Python environment (a venv) that code runs with.
    pub python: PathBuf,
    /// A folder of its own for logs and configurations while it runs.
    pub work: PathBuf,
    /// Runner, look script and the zygote's library, shown read-only in rooms.
    pub scripts: PathBuf,
    /// matplotlib's list of fonts, shown read-only in rooms.
    pub fonts: PathBuf,
    /// A minimal `/etc`, shown read-only in rooms.
    pub etc: PathBuf,
    /// A cgroup v2 folder to make groups in; `None` finds it.
    pub cgroup: Option<PathBuf>,
    /// Ceilings of a run, and what it gets when it asks for nothing else.
    pub limits: Limits,
    /// Longest wall time of a run.
    pub longest: Duration,
    /// Rooms kept ready by tier; all zero: every run starts cold.
    pub ready: [u32; TIERS],
    /// Runs after which a zygote is replaced.
    pub zygote_runs: u32,
    /// Age at which a zygote that has made rooms is replaced.
    pub zygote_age: Duration,
}

/// A command line that makes no configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidConfig(String);

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the supervisor's command line is wrong: {}", self.0)
    }
}

impl std::error::Error for InvalidConfig {}

impl Config {
    /// The configuration as arguments.
    pub fn arguments(&self) -> Vec<String> {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let mut pairs = vec![
            ("nsjail", path(&self.nsjail)),
            ("python", path(&self.python)),
            ("work", path(&self.work)),
            ("scripts", path(&self.scripts)),
            ("fonts", path(&self.fonts)),
            ("etc", path(&self.etc)),
            ("memory-bytes", self.limits.memory_bytes.to_string()),
            ("pids", self.limits.pids.to_string()),
            ("cpu-percent", self.limits.cpu_percent.to_string()),
            ("longest-ms", self.longest.as_millis().to_string()),
            ("ready", self.ready.map(|count| count.to_string()).join(",")),
            ("zygote-runs", self.zygote_runs.to_string()),
            ("zygote-seconds", self.zygote_age.as_secs().to_string()),
        ];
        pairs.extend(self.cgroup.as_ref().map(|cgroup| ("cgroup", path(cgroup))));
        pairs.into_iter().map(|(name, value)| format!("--{name}={value}")).collect()
    }

    /// Reads what [`Config::arguments`] wrote.
    ///
    /// # Errors
    /// Something is missing, unknown or not a number.
    pub fn parse(arguments: &[String]) -> Result<Self, InvalidConfig> {
        let mut values = BTreeMap::new();
        for argument in arguments {
            let pair = argument.strip_prefix("--").and_then(|pair| pair.split_once('='));
            let (name, value) = pair.ok_or_else(|| InvalidConfig(format!("{argument:?} is not --name=value")))?;
            values.insert(name, value);
        }
        let mut take = |name: &str| values.remove(name).ok_or_else(|| InvalidConfig(format!("--{name} is missing")));
        let number = |name: &str, text: &str| {
            text.parse::<u64>().map_err(|_| InvalidConfig(format!("--{name} is not a number")))
        };
        let small = |name: &str, text: &str| {
            text.parse::<u32>().map_err(|_| InvalidConfig(format!("--{name} is not a small number")))
        };
        let ready = take("ready")?;
        let counts = ready.split(',').map(|count| small("ready", count)).collect::<Result<Vec<_>, _>>()?;
        let ready = counts.try_into().map_err(|_| InvalidConfig(format!("--ready has not {TIERS} numbers")))?;
        let config = Self {
            nsjail: take("nsjail")?.into(),
            python: take("python")?.into(),
            work: take("work")?.into(),
            scripts: take("scripts")?.into(),
            fonts: take("fonts")?.into(),
            etc: take("etc")?.into(),
            cgroup: take("cgroup").ok().map(PathBuf::from),
            limits: Limits {
                memory_bytes: number("memory-bytes", take("memory-bytes")?)?,
                pids: small("pids", take("pids")?)?,
                cpu_percent: small("cpu-percent", take("cpu-percent")?)?,
            },
            longest: Duration::from_millis(number("longest-ms", take("longest-ms")?)?),
            ready,
            zygote_runs: small("zygote-runs", take("zygote-runs")?)?,
            zygote_age: Duration::from_secs(number("zygote-seconds", take("zygote-seconds")?)?),
        };
        match values.keys().next() {
            Some(unknown) => Err(InvalidConfig(format!("--{unknown} is unknown"))),
            None => Ok(config),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the start: what the service writes is what the supervisor reads, and nothing is ignored.
    #[test]
    fn configurations_survive_the_command_line() {
        let config = Config {
            nsjail: "/a b/nsjail".into(),
            python: "/p".into(),
            work: "/w=x".into(),
            scripts: "/s".into(),
            fonts: "/f".into(),
            etc: "/e".into(),
            cgroup: Some("/sys/fs/cgroup/x".into()),
            limits: Limits { memory_bytes: 1 << 31, pids: 128, cpu_percent: 200 },
            longest: Duration::from_millis(120_500),
            ready: [4, 4, 1],
            zygote_runs: 500,
            zygote_age: Duration::from_secs(600),
        };
        let arguments = config.arguments();
        assert_eq!(Config::parse(&arguments), Ok(config.clone()));
        assert_eq!(
            Config::parse(&Config { cgroup: None, ..config.clone() }.arguments()),
            Ok(Config { cgroup: None, ..config })
        );
        for (index, wrong) in [(6, "--memory-bytes=x"), (10, "--ready=1,2"), (0, "nsjail"), (1, "--pythons=/p")] {
            let mut broken = arguments.clone();
            wrong.clone_into(&mut broken[index]);
            assert!(Config::parse(&broken).is_err(), "{wrong}");
        }
    }
}
