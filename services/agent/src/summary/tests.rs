use super::*;
use crate::turn::Attempt;

fn run(status: RunStatus, stdout: &str, stderr: &str) -> Run {
    Run {
        status,
        exit_code: None,
        stdout: stdout.into(),
        stderr: stderr.into(),
        outputs: vec!["chart.png".into(), "data.csv".into()],
    }
}

fn turn(past: Vec<Past>) -> Turn {
    Turn::of("", past, 0)
}

/// Protects the person from silence: without a model the result is told in the script's own words, and
/// it says that no model wrote it.
#[test]
fn worked_scripts_speak_for_themselves() {
    let text = worked("Counts coins.", &run(RunStatus::Ok, "24 coins\n", ""), Because::ModelFailed);
    for part in ["Counts coins.", "24 coins", "chart.png, data.csv", "could not be asked"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let silent = worked("", &run(RunStatus::Ok, " ", ""), Because::NoModel);
    assert!(silent.contains("printed nothing") && silent.contains("No model was asked"), "{silent}");
    let long = worked(&"e".repeat(50_000), &run(RunStatus::Ok, &"é\n".repeat(50_000), ""), Because::NoModel);
    assert!(long.len() <= EVENT_TEXT_BYTES);
}

/// Protects honesty at the end: the last failure is named with its cause and with something to try.
#[test]
fn failures_are_told_with_cause_and_advice() {
    let attempt = |findings: &str, run| {
        Past::Attempt(Attempt { code_key: "k".into(), findings: findings.into(), run, ..Attempt::default() })
    };
    let cases = [
        (vec![attempt("line 1: bandit B602", None)], vec!["The one attempt", "blocked", "B602", "network"]),
        (
            vec![attempt("", None), attempt("", Some(run(RunStatus::Error, "", "Traceback\nKeyError: 'x'\n")))],
            vec!["None of 2 attempts", "KeyError: 'x'", "Retry"],
        ),
        (vec![attempt("", Some(run(RunStatus::Timeout, "", "")))], vec!["longer than allowed.", "simpler"]),
        (vec![attempt("", Some(run(RunStatus::OutOfMemory, "", "")))], vec!["memory", "smaller"]),
        (vec![Past::Notes("n".into()), Past::Unusable("no code".into())], vec!["no code", "another model"]),
        (vec![], vec!["No attempt"]),
    ];
    for (past, parts) in cases {
        let text = gave_up(&turn(past));
        for part in parts {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }
}
