//! Bandit: which of its findings block. Bandit itself runs in the resident worker.

use super::facts::Issue;
use common::review::{Confidence, Finding, Severity};

/// Bandit tests that are not run, because what they warn of is no danger inside the box: binding all
/// interfaces (there is no network), hard-coded passwords (any `token = "Total"` would be one),
/// temporary folders (`/tmp` belongs to one run), predictable random numbers (nothing is secret) and
/// SQL built from strings (the only database is the code's own).
pub(super) const SKIPPED: &[&str] = &["B104", "B105", "B106", "B107", "B108", "B311", "B608"];

/// Tests that warn whatever bandit thinks of them: weak hashes are fine as checksums.
const NEVER_BLOCK: &[&str] = &["B324"];

/// Tests that block from medium severity with high confidence: code made at run time, unpickling,
/// YAML that makes objects, shells.
const DANGEROUS: &[&str] = &["B102", "B301", "B302", "B307", "B506", "B602", "B605"];

/// Turns what bandit reports into findings.
pub(super) fn findings(issues: Vec<Issue>, broken: &[String]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = issues.into_iter().map(finding).collect();
    if !broken.is_empty() {
        // Bandit goes on without a test that fails, so the code was not read in full. That is a matter
        // to see, not proof of anything: the other tests, the policy and the jail still stand.
        findings.push(Finding {
            tool: "bandit".to_owned(),
            rule: "incomplete".to_owned(),
            severity: Severity::Medium,
            confidence: Confidence::High,
            line: 1,
            column: 1,
            message: format!("Some checks could not read this code: {}.", broken.join(", ")),
            blocks: false,
        });
    }
    findings
}

fn finding(issue: Issue) -> Finding {
    Finding {
        tool: "bandit".to_owned(),
        blocks: blocks(&issue.rule, issue.severity, issue.confidence),
        rule: issue.rule,
        severity: issue.severity,
        confidence: issue.confidence,
        line: issue.line,
        column: issue.column,
        message: issue.message,
    }
}

/// The decision table.
fn blocks(rule: &str, severity: Severity, confidence: Confidence) -> bool {
    if NEVER_BLOCK.contains(&rule) {
        return false;
    }
    match severity {
        Severity::High => confidence >= Confidence::Medium,
        Severity::Medium => confidence == Confidence::High && DANGEROUS.contains(&rule),
        Severity::Low => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the line between a warning and a block for what bandit finds.
    #[test]
    fn severity_confidence_and_class_decide() {
        use {Confidence as C, Severity as S};
        let cases = [
            ("B602", S::High, C::High, true),
            ("B501", S::High, C::Medium, true),
            ("B501", S::High, C::Low, false),
            ("B301", S::Medium, C::High, true),
            ("B301", S::Medium, C::Medium, false),
            ("B506", S::Medium, C::High, true),
            ("B306", S::Medium, C::High, false),
            ("B324", S::High, C::High, false),
            ("B101", S::Low, C::High, false),
        ];
        for (rule, severity, confidence, expected) in cases {
            assert_eq!(blocks(rule, severity, confidence), expected, "{rule} {severity:?} {confidence:?}");
        }
    }

    /// Protects against silence: a check that bandit could not finish is shown.
    #[test]
    fn broken_checks_are_shown() {
        let findings = findings(Vec::new(), &["yaml_load".to_owned()]);
        assert_eq!((findings[0].rule.as_str(), findings[0].blocks), ("incomplete", false));
    }
}
