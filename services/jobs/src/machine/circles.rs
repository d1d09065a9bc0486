//! Whether the models go in circles: the same script again, or the same errors in turn. Pure.

use crate::doc::{Attempt, Turn};
use common::execution::RunStatus;
use common::review::Verdict;

/// How code repeats itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circle {
    /// It is an earlier attempt's, for the first time.
    SameCode {
        /// Which attempt, from 1.
        attempt: usize,
    },
    /// It is an earlier attempt's, and that has been said before.
    Again,
}

/// What new code is, beside what was there.
pub fn of_code(turns: &[Turn], code: &str) -> Option<Circle> {
    let attempts = turns.iter().filter_map(|turn| match turn {
        Turn::Attempt(attempt) => Some(attempt.as_ref()),
        _ => None,
    });
    // What was stopped from outside may be tried again as it is.
    let again = |attempt: &Attempt| {
        same(&attempt.code, code) && attempt.run.as_ref().is_none_or(|run| run.status != RunStatus::Killed)
    };
    let attempt = attempts.into_iter().position(again)? + 1;
    let told = turns.iter().any(is_repeat);
    Some(if told { Circle::Again } else { Circle::SameCode { attempt } })
}

/// What is said of code that repeats itself.
pub fn sentence(attempt: usize) -> String {
    format!("It is {SAME} {attempt}.")
}

/// Whether this is what was said of code that repeats itself.
pub fn is_repeat(turn: &Turn) -> bool {
    matches!(turn, Turn::Unusable { reason } if reason.contains(SAME))
}

/// Part of the sentence that is said of code which repeats itself.
const SAME: &str = "word for word the script of attempt";

/// Whether the last attempts failed with the same error three times, or with two errors in turn twice.
pub fn of_errors(turns: &[Turn]) -> bool {
    let errors: Vec<Option<String>> = turns
        .iter()
        .rev()
        .filter_map(|turn| match turn {
            Turn::Attempt(attempt) => Some(fingerprint(attempt)),
            _ => None,
        })
        .take(4)
        .collect();
    let failed = |count: usize| errors.len() >= count && errors[..count].iter().all(Option::is_some);
    let thrice = failed(3) && errors[0] == errors[1] && errors[1] == errors[2];
    thrice || (failed(4) && errors[0] == errors[2] && errors[1] == errors[3])
}

fn same(one: &str, other: &str) -> bool {
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    lines(one) == lines(other)
}

/// How an attempt failed, without numbers: line numbers and addresses change from run to run. Nothing for one that
/// worked.
fn fingerprint(attempt: &Attempt) -> Option<String> {
    let plain = |text: &str| -> String { text.chars().filter(|c| !c.is_ascii_digit()).collect() };
    if let Some(run) = &attempt.run {
        let last = run.stderr_tail.trim().lines().next_back().unwrap_or_default();
        return (run.status != RunStatus::Ok).then(|| format!("{} {}", run.status.as_str(), plain(last)));
    }
    let review = attempt.review.as_ref().filter(|review| review.verdict == Verdict::Block)?;
    let mut rules: Vec<&str> =
        review.findings.iter().filter(|finding| finding.blocks).map(|finding| finding.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    Some(format!("blocked {}", rules.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::Run;

    fn ran(code: &str, status: RunStatus, stderr: &str) -> Turn {
        let run = Run { status, stderr_tail: stderr.to_owned(), ..Run::default() };
        Turn::Attempt(Box::new(Attempt { code: code.to_owned(), run: Some(run), ..Attempt::default() }))
    }

    /// Protects the budget: a script that is there already is not run again, told once, and then it is enough. What was
    /// stopped from outside may be tried as it is.
    #[test]
    fn the_same_script_is_known() {
        let told = Turn::Unusable { reason: "It is word for word the script of attempt 1.".into() };
        let failed = || ran("a\n  b", RunStatus::Error, "x");
        let rows: Vec<(Vec<Turn>, &str, Option<Circle>)> = vec![
            (vec![], "a", None),
            (vec![failed()], "a\n  c", None),
            (vec![failed()], "a\nb", None),
            (vec![failed()], "a  \n\n  b\n", Some(Circle::SameCode { attempt: 1 })),
            (vec![ran("z", RunStatus::Error, ""), failed()], "a\n  b", Some(Circle::SameCode { attempt: 2 })),
            (vec![failed(), told], "a\n  b", Some(Circle::Again)),
            (vec![ran("a", RunStatus::Killed, "")], "a", None),
        ];
        for (turns, code, expected) in rows {
            assert_eq!(of_code(&turns, code), expected, "{turns:?} {code:?}");
        }
    }

    /// Protects the budget: the same error three times, or two in turn, end the work; other numbers in the words are no
    /// other error, and a good run between is progress.
    #[test]
    fn errors_in_turn_are_known() {
        let error = |text: &str| ran("c", RunStatus::Error, text);
        let rows: Vec<(Vec<Turn>, bool)> = vec![
            (vec![error("A 1"), error("A 2")], false),
            (vec![error("A 1"), error("A 2"), error("A 3")], true),
            (vec![error("A"), error("B"), error("A")], false),
            (vec![error("A"), error("B"), error("A"), error("B")], true),
            (vec![error("A"), error("A"), ran("c", RunStatus::Ok, ""), error("A")], false),
            (vec![error("A"), error("A"), ran("c", RunStatus::Timeout, "A")], false),
        ];
        for (turns, expected) in rows {
            assert_eq!(of_errors(&turns), expected, "{turns:?}");
        }
    }
}
