//! From findings to a verdict. Pure.

use common::review::{Finding, Review, Verdict};
use std::cmp::Reverse;
use std::collections::HashMap;

/// Most findings in one review.
pub const MAX_FINDINGS: usize = 100;

/// Longest message of a finding, in characters.
pub const MAX_MESSAGE_CHARS: usize = 300;

/// Orders findings worst first, says each thing once, keeps [`MAX_FINDINGS`] and decides.
pub fn judge(findings: Vec<Finding>) -> Review {
    let mut findings = without_repeats(findings);
    findings.sort_by(|a, b| worst_first(a).cmp(&worst_first(b)));
    findings.truncate(MAX_FINDINGS);
    for finding in &mut findings {
        shorten(&mut finding.message);
    }
    let verdict = match findings.first() {
        None => Verdict::Pass,
        Some(worst) if worst.blocks => Verdict::Block,
        Some(_) => Verdict::Warn,
    };
    Review { verdict, findings }
}

/// Sorting key: blocking first, then severity, confidence, and place.
fn worst_first(finding: &Finding) -> impl Ord + use<'_> {
    let badness = (finding.blocks, finding.severity, finding.confidence);
    (Reverse(badness), finding.line, finding.column, &finding.tool, &finding.rule)
}

fn without_repeats(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut places: HashMap<(u32, String), usize> = HashMap::new();
    for finding in findings {
        match places.get(&(finding.line, said(&finding))) {
            Some(&index) if weight(&finding) > weight(&kept[index]) => kept[index] = finding,
            Some(_) => {}
            None => {
                places.insert((finding.line, said(&finding)), kept.len());
                kept.push(finding);
            }
        }
    }
    kept
}

/// Which of two findings that say the same is kept: the one with more consequence, then the one whose
/// message helps most (the policy knows the sandbox, bandit knows dangers in general).
fn weight(finding: &Finding) -> impl Ord + use<> {
    let helpful = match finding.tool.as_str() {
        "policy" => 2,
        "bandit" => 1,
        _ => 0,
    };
    (finding.blocks, finding.severity, helpful, Reverse(finding.column))
}

/// What a finding says, in words that are equal for tools that say the same in different ones.
fn said(finding: &Finding) -> String {
    let shared = match (finding.tool.as_str(), finding.rule.as_str()) {
        ("ruff", "invalid-syntax" | "E999") | ("policy", "syntax-error") => Some("syntax"),
        ("ruff", rule) if is_compile_error(rule) => Some("syntax"),
        ("bandit", "B102" | "B307") | ("policy", "dynamic-code") => Some("dynamic-code"),
        ("bandit", "B404" | "B602" | "B603" | "B604" | "B605" | "B606" | "B607" | "B609") => Some("process"),
        ("policy", "other-program") => Some("process"),
        ("bandit", "B113" | "B309" | "B310" | "B312" | "B321" | "B401" | "B402" | "B411") => Some("network"),
        ("policy", "network-use") => Some("network"),
        ("bandit", "B613") | ("ruff", "PLE2502") => Some("bidirectional"),
        _ => None,
    };
    match shared {
        Some(meaning) => meaning.to_owned(),
        None => format!("{} {} {} {}", finding.tool, finding.rule, finding.column, finding.message),
    }
}

/// Rules of ruff for what Python refuses to compile.
fn is_compile_error(rule: &str) -> bool {
    const RULES: &[&str] =
        &["F622", "F701", "F702", "F704", "F706", "F707", "PLE0116", "PLE0117", "PLE0118", "PLE1142"];
    RULES.contains(&rule)
}

/// Cuts a message to [`MAX_MESSAGE_CHARS`] at a character boundary.
fn shorten(message: &mut String) {
    if let Some((cut, _)) = message.char_indices().nth(MAX_MESSAGE_CHARS) {
        let keep = message[..cut].char_indices().next_back().map_or(0, |(start, _)| start);
        message.truncate(keep);
        message.push('…');
    }
}

#[cfg(test)]
mod tests;
