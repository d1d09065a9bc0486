use super::*;
use crate::turn::{Closer, Comparison, Earlier, EarlierReason, Run};
use Decision::{AnswerQuestion, AskVision, Criticise, GiveUp, SumUp, WriteCode};
use Purpose::{Improve, Variant, Work};
use common::execution::RunStatus;

fn ran(status: RunStatus) -> Past {
    let run = Run { status, exit_code: None, stdout: String::new(), stderr: String::new(), outputs: vec![] };
    Past::Attempt(Attempt { code_key: "k".into(), run: Some(run), ..Attempt::default() })
}

/// One that worked and was held against its picture.
fn scored(good: bool, best: bool) -> Past {
    let Past::Attempt(attempt) = ran(RunStatus::Ok) else { unreachable!() };
    let comparison = Comparison { score: 0.5, good, code_report: vec![], visual_report: vec![] };
    Past::Attempt(Attempt { comparison: Some(comparison), best, ..attempt })
}

fn blocked() -> Past {
    Past::Attempt(Attempt { code_key: "k".into(), findings: "B602".into(), ..Attempt::default() })
}

fn question(answer: Option<&str>) -> Past {
    Past::Closer(Closer {
        picture: 0,
        question: "which?".into(),
        image_key: "i".into(),
        read: String::new(),
        answer: answer.map(str::to_owned),
    })
}

fn turn(past: Vec<Past>, attempts_left: u32) -> Turn {
    Turn::of("", past, attempts_left)
}

fn check(past: Vec<Past>, attempts_left: u32, vision: bool, expected: Decision) {
    let turn = turn(past, attempts_left);
    assert_eq!(decide(&turn, Models { vision, code: true }), expected, "{turn:?} vision={vision}");
}

/// Protects the order of a job's turns: look first where a model can, write until something works or attempts run out.
#[test]
fn each_transcript_has_its_next_action() {
    let notes = || Past::Notes("n".into());
    let unusable = || Past::Unusable("u".into());
    check(vec![], 4, false, WriteCode(Work));
    check(vec![], 4, true, AskVision);
    check(vec![notes()], 4, true, WriteCode(Work));
    check(vec![notes()], 4, false, WriteCode(Work));
    check(vec![notes(), blocked()], 3, true, WriteCode(Work));
    check(vec![notes(), unusable()], 3, true, WriteCode(Work));
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
        check(vec![notes(), ran(status)], 3, true, WriteCode(Work));
        check(vec![notes(), ran(status)], 0, true, GiveUp);
        check(vec![ran(RunStatus::Ok), ran(status)], 1, false, WriteCode(Work));
        check(vec![ran(RunStatus::Ok), ran(status)], 0, false, SumUp);
    }
    check(vec![ran(RunStatus::Ok), unusable()], 0, false, SumUp);
    check(vec![ran(RunStatus::Ok), unusable()], 2, true, SumUp);
}

/// Protects results and budgets: a poor result is improved while each round is better than those before, never a good one,
/// and not by rules, which would write the same again.
#[test]
fn poor_results_are_improved_while_it_helps() {
    check(vec![scored(true, true)], 3, false, SumUp);
    check(vec![scored(false, true)], 3, false, WriteCode(Improve));
    check(vec![scored(false, true)], 0, false, SumUp);
    check(vec![scored(false, false), scored(false, true)], 2, false, WriteCode(Improve));
    check(vec![scored(false, true), scored(false, false)], 2, false, SumUp);
    check(vec![scored(false, true), ran(RunStatus::Error)], 2, false, WriteCode(Work));
    let by_rules = Models { vision: false, code: false };
    assert_eq!(decide(&turn(vec![scored(false, true)], 3), by_rules), SumUp);
}

/// Protects what a person asked for: as many variants as wanted, then the best; and a corrected axis asks no model.
#[test]
fn variants_are_written_and_calibrations_are_not_improved() {
    let models = Models { vision: true, code: true };
    let wanted = Turn { variants_left: 1, ..turn(vec![scored(true, true)], 2) };
    assert_eq!(decide(&wanted, models), WriteCode(Variant));
    assert_eq!(decide(&wanted, Models { vision: false, code: false }), SumUp);
    let earlier = Earlier {
        reason: EarlierReason::Calibration,
        requests: vec![],
        code_key: "k".into(),
        summary: String::new(),
        has_overlay: true,
        model: "m".into(),
    };
    let corrected = |past| Turn { variants_left: 1, earlier: Some(earlier.clone()), ..turn(past, 3) };
    assert_eq!(decide(&corrected(vec![]), models), WriteCode(Work));
    assert_eq!(decide(&corrected(vec![scored(false, true)]), models), SumUp);
}

/// Protects questions: an open one is answered before anything else, where a model can; without one the code is written
/// with what the platform read.
#[test]
fn open_questions_are_answered_first() {
    check(vec![Past::Notes("n".into()), question(None)], 4, true, AnswerQuestion);
    check(vec![question(None)], 4, false, WriteCode(Work));
    check(vec![Past::Notes("n".into()), question(Some("a"))], 4, true, WriteCode(Work));
}

/// Protects the second opinion and its price: what was redrawn is compared once, by a model that can see, before anything is
/// made of it; and nobody is asked where there is nothing to compare or no such model.
#[test]
fn what_was_redrawn_is_compared_once() {
    let redrawn = |good: bool, critique| {
        let Past::Attempt(attempt) = scored(good, true) else { unreachable!() };
        Past::Attempt(Attempt { redrawn: vec!["p".into()], critique, ..attempt })
    };
    let asked = || Some(common::compare::Critique::default());
    check(vec![redrawn(false, None)], 3, true, Criticise);
    check(vec![redrawn(true, None)], 0, true, Criticise);
    check(vec![redrawn(false, None)], 3, false, WriteCode(Improve));
    check(vec![redrawn(false, asked())], 3, true, WriteCode(Improve));
    check(vec![redrawn(true, asked())], 3, true, SumUp);
    check(vec![scored(true, true)], 3, true, SumUp);
    check(vec![redrawn(false, None), blocked()], 3, true, AskVision);
}
