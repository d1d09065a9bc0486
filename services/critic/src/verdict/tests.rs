use super::*;
use common::review::{Confidence, Severity};

fn finding(tool: &str, rule: &str, severity: Severity, line: u32, blocks: bool) -> Finding {
    Finding {
        tool: tool.to_owned(),
        rule: rule.to_owned(),
        severity,
        confidence: Confidence::High,
        line,
        column: 1,
        message: format!("{rule} found"),
        blocks,
    }
}

fn rules(review: &Review) -> Vec<&str> {
    review.findings.iter().map(|finding| finding.rule.as_str()).collect()
}

/// Protects the meaning of a verdict: nothing found passes, anything found warns, one blocker blocks.
#[test]
fn the_worst_finding_decides() {
    assert_eq!(judge(Vec::new()).verdict, Verdict::Pass);
    let low = finding("ruff", "F401", Severity::Low, 1, false);
    assert_eq!(judge(vec![low.clone()]).verdict, Verdict::Warn);
    let bad = finding("ruff", "F821", Severity::High, 9, true);
    assert_eq!(judge(vec![low, bad]).verdict, Verdict::Block);
}

/// Protects readers: what blocks comes first, then what is worse, then what comes earlier in the code.
#[test]
fn findings_come_worst_first() {
    let review = judge(vec![
        finding("ruff", "F401", Severity::Low, 1, false),
        finding("ruff", "PLE1", Severity::Medium, 8, false),
        finding("ruff", "B023", Severity::Medium, 2, false),
        finding("bandit", "B301", Severity::Medium, 9, true),
        finding("bandit", "B324", Severity::High, 3, false),
    ]);
    assert_eq!(rules(&review), ["B301", "B324", "B023", "PLE1", "F401"]);
}

/// Protects readers from hearing a thing three times, and keeps the more helpful or the blocking one.
#[test]
fn one_fault_is_said_once() {
    use Severity::{High, Low, Medium};
    let review = judge(vec![
        finding("ruff", "invalid-syntax", High, 1, true),
        finding("policy", "syntax-error", High, 1, true),
        finding("bandit", "B605", Low, 2, false),
        finding("policy", "other-program", High, 2, true),
        finding("bandit", "B605", Low, 3, false),
        finding("bandit", "B301", Medium, 4, true),
        finding("bandit", "B301", Medium, 4, true),
        finding("ruff", "F401", Low, 4, false),
    ]);
    assert_eq!(rules(&review), ["syntax-error", "other-program", "B301", "B605", "F401"]);
}

/// Protects the size of a review: a hundred findings, of three hundred characters each, cut between
/// characters, with the blocking one among them wherever it was found.
#[test]
fn reviews_stay_small() {
    let mut findings: Vec<Finding> =
        (1..=5000).map(|line| finding("ruff", "F401", Severity::Low, line, false)).collect();
    findings.push(finding("ruff", "F821", Severity::High, 6000, true));
    findings[0].message = "é".repeat(301);
    let review = judge(findings);
    assert_eq!(review.findings.len(), MAX_FINDINGS);
    assert_eq!((review.verdict, review.findings[0].rule.as_str()), (Verdict::Block, "F821"));
    let cut = &review.findings[1].message;
    assert_eq!((cut.chars().count(), cut.ends_with("é…")), (MAX_MESSAGE_CHARS, true));
}
