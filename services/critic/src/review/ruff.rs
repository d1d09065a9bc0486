//! Ruff, as a process for each review: it starts in a few milliseconds.

use crate::error::ToolError;
use common::review::{Confidence, Finding, Severity};
use serde::Deserialize;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

const TOOL: &str = "ruff";

/// What is looked for: what cannot start (E9), what is undefined or unused (F), and what is certain to
/// go wrong in a run (PLE, some of B, names that NumPy no longer has). No matters of style.
const SELECTED: &str = "E9,F,PLE,B002,B016,B020,B023,B029,B030,B031,B035,NPY001,NPY201";

/// Rules that are worth knowing and no more: things unused, defined twice, or not certain.
const MINOR: &[&str] = &["F401", "F403", "F405", "F541", "F811", "F841", "F842"];

/// Most that is read of ruff's report. Beyond it the code has thousands of faults.
const MAX_REPORT_BYTES: u64 = 4 * 1024 * 1024;

/// Most that is kept of what ruff says on standard error.
const MAX_COMPLAINT_BYTES: u64 = 4 * 1024;

/// Newest minor version of Python 3 that this ruff can be told to expect.
const NEWEST_PYTHON: u32 = 14;

/// Ruff, and how it is called.
#[derive(Debug)]
pub(super) struct Ruff {
    program: PathBuf,
    timeout: Duration,
}

/// One line of ruff's report.
#[derive(Debug, Deserialize)]
struct Reported {
    code: Option<String>,
    message: String,
    location: Location,
}

#[derive(Debug, Deserialize)]
struct Location {
    row: u32,
    column: u32,
}

impl Ruff {
    pub(super) fn new(program: PathBuf, timeout: Duration) -> Self {
        Self { program, timeout }
    }

    /// Its version, for example `0.17.6`.
    pub(super) async fn version(&self) -> Result<String, ToolError> {
        let report = self.run(&["--version"], "").await?;
        let text = String::from_utf8_lossy(&report.bytes);
        match text.trim().strip_prefix("ruff ") {
            Some(version) => Ok(version.to_owned()),
            None => Err(ToolError::Garbled { tool: TOOL, why: "it does not tell its version".to_owned() }),
        }
    }

    /// What it finds in `code`, read as source for Python 3.`minor`.
    pub(super) async fn check(&self, code: &str, minor: u32) -> Result<Vec<Finding>, ToolError> {
        let target = format!("py3{}", minor.min(NEWEST_PYTHON));
        // One object a line, so that a report of any length can be read from its beginning. Comments
        // in the code must not silence anything.
        let arguments = [
            "check",
            "-",
            "--output-format",
            "json-lines",
            "--isolated",
            "--no-cache",
            "--no-fix",
            "--exit-zero",
            "--quiet",
            "--ignore-noqa",
            "--stdin-filename",
            "main.py",
            "--select",
            SELECTED,
            "--target-version",
            &target,
        ];
        let report = self.run(&arguments, code).await?;
        parse(&report)
    }

    async fn run(&self, arguments: &[&str], input: &str) -> Result<Report, ToolError> {
        match tokio::time::timeout(self.timeout, self.run_unbounded(arguments, input)).await {
            Ok(outcome) => outcome,
            // The process is killed with the dropped future.
            Err(_) => Err(ToolError::TimedOut { tool: TOOL }),
        }
    }

    async fn run_unbounded(&self, arguments: &[&str], input: &str) -> Result<Report, ToolError> {
        let mut child = Command::new(&self.program)
            .args(arguments)
            .env_clear()
            // One file needs no pool of threads.
            .env("RAYON_NUM_THREADS", "1")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| ToolError::Start { tool: TOOL, source })?;
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(ToolError::Garbled { tool: TOOL, why: "it has no pipes".to_owned() });
        };
        let (mut bytes, mut complaint) = (Vec::new(), Vec::new());
        let (mut stdout, mut stderr) = (stdout.take(MAX_REPORT_BYTES), stderr.take(MAX_COMPLAINT_BYTES));
        let feed = async move {
            // Ruff may end without reading everything; its status says whether that is a fault.
            let _ = stdin.write_all(input.as_bytes()).await;
            drop(stdin);
        };
        let report = async {
            let length = stdout.read_to_end(&mut bytes).await?;
            let cut = length as u64 == MAX_REPORT_BYTES;
            if cut {
                // It would wait for ever for someone to read the rest.
                child.start_kill()?;
            }
            Ok::<bool, std::io::Error>(cut)
        };
        let ((), cut, complained) = tokio::join!(feed, report, stderr.read_to_end(&mut complaint));
        let cut = complained.and(cut).map_err(|error| ToolError::Garbled { tool: TOOL, why: error.to_string() })?;
        let status = child.wait().await.map_err(|error| ToolError::Garbled { tool: TOOL, why: error.to_string() })?;
        if !status.success() && !cut {
            return Err(ToolError::died(TOOL, Some(status), String::from_utf8_lossy(&complaint).trim()));
        }
        Ok(Report { bytes, cut })
    }
}

/// What ruff wrote.
#[derive(Debug)]
struct Report {
    bytes: Vec<u8>,
    /// True when it wanted to write more.
    cut: bool,
}

fn parse(report: &Report) -> Result<Vec<Finding>, ToolError> {
    let mut findings = Vec::new();
    for line in report.bytes.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")) {
        let reported: Reported =
            serde_json::from_slice(line).map_err(|error| ToolError::Garbled { tool: TOOL, why: error.to_string() })?;
        findings.push(finding(reported));
    }
    if report.cut {
        findings.push(Finding {
            tool: TOOL.to_owned(),
            rule: "too-many-findings".to_owned(),
            severity: Severity::High,
            confidence: Confidence::High,
            line: 1,
            column: 1,
            message: "The code has thousands of faults; more than can be listed.".to_owned(),
            blocks: true,
        });
    }
    Ok(findings)
}

fn finding(reported: Reported) -> Finding {
    let rule = reported.code.unwrap_or_else(|| "invalid-syntax".to_owned());
    let blocks = blocks(&rule);
    let severity = match () {
        () if blocks => Severity::High,
        () if MINOR.contains(&rule.as_str()) => Severity::Low,
        () => Severity::Medium,
    };
    Finding {
        tool: TOOL.to_owned(),
        rule,
        severity,
        confidence: Confidence::High,
        line: reported.location.row.max(1),
        column: reported.location.column.max(1),
        message: reported.message,
        blocks,
    }
}

/// Only what cannot start, and names that do not exist. For everything else the run itself tells more.
fn blocks(rule: &str) -> bool {
    matches!(rule, "invalid-syntax" | "E999" | "F821")
}

#[cfg(test)]
mod tests;
