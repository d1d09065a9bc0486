//! One review: the tools side by side, then their findings together.

mod bandit;
mod facts;
mod policy;
mod ruff;
mod worker;

use crate::Settings;
use crate::error::{CriticUnavailable, ToolError, ToolProblem};
use crate::verdict::judge;
use common::review::{Finding, Review};
use facts::Reading;
use policy::Modules;
use ruff::Ruff;
use worker::Pool;

/// Versions of the tools in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// Ruff, for example `0.17.6`.
    pub ruff: String,
    /// Bandit, for example `1.9.4`.
    pub bandit: String,
    /// The Python whose grammar and standard library the code is held against, for example `3.11`.
    pub python: String,
}

/// The tools, ready to review.
#[derive(Debug)]
pub(crate) struct Reviewer {
    ruff: Ruff,
    workers: Pool,
    modules: Modules,
    python_minor: u32,
    pub(crate) versions: Versions,
}

/// Code with one fault for each tool.
const PLANTED: &str = "import subprocess\nsubprocess.run('ls', shell=True)\nmissing\n";

/// What must be found in [`PLANTED`].
const PLANTED_RULES: &[(&str, &str, u32)] =
    &[("policy", "other-program", 1), ("bandit", "B602", 2), ("ruff", "F821", 3)];

impl Reviewer {
    /// Starts the tools and asks each for its version.
    pub(crate) async fn start(settings: &Settings) -> Result<Self, CriticUnavailable> {
        // The tools run in another folder, where a relative path would lead elsewhere.
        let tools = std::path::absolute(&settings.tools_dir).unwrap_or_else(|_| settings.tools_dir.clone());
        let bin = tools.join("bin");
        let ruff = Ruff::new(bin.join("ruff"), settings.timeout);
        let workers = Pool::new(bin.join("python3"), policy::watched_calls(), settings);
        let (version, hello) = tokio::join!(ruff.version(), workers.warm_up());
        match (version, hello) {
            (Ok(ruff_version), Ok(hello)) => {
                let (major, python_minor) = hello.python;
                let python = format!("{major}.{python_minor}");
                let versions = Versions { ruff: ruff_version, bandit: hello.bandit, python };
                let modules = Modules::new(&hello.stdlib, &settings.allowed_modules);
                Ok(Self { ruff, workers, modules, python_minor, versions })
            }
            (ruff_version, hello) => {
                let faults = [("ruff", ruff_version.err()), ("bandit", hello.err())];
                let problems = faults.into_iter().filter_map(|(tool, error)| Some(problem(tool, &error?, settings)));
                Err(CriticUnavailable { problems: problems.collect() })
            }
        }
    }

    /// Reviews code whose faults are known, and says which tool missed its own.
    pub(crate) async fn prove(&self, settings: &Settings) -> Result<(), CriticUnavailable> {
        let findings = match self.findings(PLANTED).await {
            Ok(findings) => findings,
            Err(error) => {
                let tool = error.tool();
                return Err(CriticUnavailable { problems: vec![problem(tool, &error, settings)] });
            }
        };
        let missed = PLANTED_RULES.iter().filter(|(tool, rule, line)| {
            !findings.iter().any(|found| found.tool == *tool && found.rule == *rule && found.line == *line)
        });
        let problems: Vec<ToolProblem> = missed
            .map(|(tool, rule, _)| ToolProblem {
                tool,
                reason: format!("it did not find {rule} in code that has it"),
                fix: fix(settings),
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(CriticUnavailable { problems }) }
    }

    /// The review of `code`.
    pub(crate) async fn review(&self, code: &str) -> Result<Review, ToolError> {
        self.findings(code).await.map(judge)
    }

    async fn findings(&self, code: &str) -> Result<Vec<Finding>, ToolError> {
        if let Some(finding) = policy::unreadable(code) {
            return Ok(vec![finding]);
        }
        let (reading, linted) = tokio::join!(self.workers.read(code), self.ruff.check(code, self.python_minor));
        let reading = match reading {
            Err(error) if error.is_crash() => return Ok(vec![self.crashed(&error)]),
            reading => reading?,
        };
        let mut findings = match reading {
            // Ruff overflows its stack on the same code; nothing it says matters any more.
            Reading::Complex(why) => return Ok(vec![policy::too_complex(&why)]),
            Reading::Encoding(name) => return Ok(vec![policy::other_encoding(&name)]),
            Reading::Error(why) => return Err(ToolError::Faulty { tool: "bandit", why }),
            Reading::Syntax(fault) => vec![policy::syntax_error(&fault)],
            Reading::Read(facts) => {
                let mut findings = policy::findings(&facts, &self.modules);
                findings.extend(bandit::findings(facts.bandit, &facts.bandit_broken));
                findings
            }
        };
        match linted {
            Ok(linted) => findings.extend(linted),
            Err(error) if error.is_crash() => findings.push(self.crashed(&error)),
            Err(error) => return Err(error),
        }
        Ok(findings)
    }

    /// Code that crashes a tool is not reviewed, so it does not run. A crash comes back every time:
    /// trying again would help nobody, rewriting the code does.
    fn crashed(&self, error: &ToolError) -> Finding {
        tracing::warn!(error = error.chain(), "the code crashed a tool of the review");
        policy::too_complex("it is nested too deeply")
    }
}

fn problem(tool: &'static str, error: &ToolError, settings: &Settings) -> ToolProblem {
    ToolProblem { tool, reason: error.chain(), fix: fix(settings) }
}

fn fix(settings: &Settings) -> String {
    let folder = settings.tools_dir.display();
    format!(
        "install the pinned review tools again with 'make setup', so that {folder}/bin has ruff and a python3 with bandit"
    )
}
