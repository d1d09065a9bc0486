use super::*;
use crate::turn::{Attempt, Run};
use Decision::{AskVision, GiveUp, SumUp, WriteCode};
use common::{JobId, StepId};

fn ran(status: RunStatus) -> Past {
    let run = Run { status, exit_code: None, stdout: String::new(), stderr: String::new(), outputs: vec![] };
    Past::Attempt(Attempt { code_key: "k".into(), findings: String::new(), run: Some(run) })
}

fn blocked() -> Past {
    Past::Attempt(Attempt { code_key: "k".into(), findings: "B602".into(), run: None })
}

fn check(past: Vec<Past>, attempts_left: u32, vision: bool, expected: Decision) {
    let shown = format!("{past:?} left={attempts_left} vision={vision}");
    let turn = Turn {
        job_id: JobId::new(),
        step_id: StepId::new(),
        prompt: String::new(),
        pictures: vec![],
        past,
        attempts_left,
    };
    assert_eq!(decide(&turn, vision), expected, "{shown}");
}

/// Protects the order of a job's turns: look first where a model can, write until something works or
/// attempts run out, and never ask a model for more once something worked.
#[test]
fn each_transcript_has_its_next_action() {
    let notes = || Past::Notes("n".into());
    let unusable = || Past::Unusable("u".into());
    check(vec![], 4, false, WriteCode);
    check(vec![], 4, true, AskVision);
    check(vec![notes()], 4, true, WriteCode);
    check(vec![notes()], 4, false, WriteCode);
    check(vec![notes(), blocked()], 3, true, WriteCode);
    check(vec![notes(), unusable()], 3, true, WriteCode);
    check(vec![unusable()], 3, true, AskVision);
    check(vec![], 0, true, GiveUp);
    check(vec![], 0, false, GiveUp);
    check(vec![blocked()], 0, false, GiveUp);
    check(vec![unusable()], 0, false, GiveUp);
    check(vec![ran(RunStatus::Ok)], 0, false, SumUp);
    check(vec![ran(RunStatus::Ok)], 3, true, SumUp);
    check(vec![blocked(), ran(RunStatus::Ok)], 2, true, SumUp);
    for status in
        [RunStatus::Error, RunStatus::Timeout, RunStatus::OutOfMemory, RunStatus::OutputLimit, RunStatus::Killed]
    {
        check(vec![notes(), ran(status)], 3, true, WriteCode);
        check(vec![notes(), ran(status)], 0, true, GiveUp);
        check(vec![ran(RunStatus::Ok), ran(status)], 1, false, WriteCode);
    }
}
