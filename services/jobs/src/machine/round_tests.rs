//! Results held against pictures, budgets, circles, and what a job goes on from.

use super::*;
use crate::doc::{Earlier, EarlierReason};
use common::compare::Measure;
use common::execution::OutputFile;
use common::job::{JobOptions, Usage};
use common::picture::{PictureKind, PictureRef};
use common::spend::Usd;
use common::{FileId, JobId};

fn job(options: JobOptions) -> Job {
    let picture = PictureRef {
        file_id: FileId::new(),
        blob_key: "k".into(),
        sha256: "s".into(),
        width: 9,
        height: 9,
        name: String::new(),
    };
    Job::accepted(JobId::new(), String::new(), options, vec![picture], 0)
}

fn seen() -> Seen {
    Seen {
        evidence_key: "e".into(),
        kind: PictureKind::Bar,
        confidence: 0.9,
        title: String::new(),
        flags: vec![],
        prepared: None,
    }
}

fn output(name: &str) -> OutputFile {
    let media_type = if name.ends_with("png") { "image/png" } else { "application/json" };
    let path = format!("blob/{name}");
    OutputFile { name: name.into(), media_type: media_type.into(), bytes: 1, sha256: String::new(), path, alt: None }
}

fn ran(outputs: &[&str]) -> Outcome {
    let outputs = outputs.iter().map(|name| output(name)).collect();
    Outcome::Ran(Run { status: RunStatus::Ok, outputs, stdout_tail: "said".into(), ..Run::default() })
}

fn thought_for(thought: Thought, tokens: u64) -> Outcome {
    let usage = Usage { prompt_tokens: tokens - 1, completion_tokens: 1 };
    let usage = Spending::call(usage, Usd::from_micros(tokens));
    Outcome::Thought(thought, By { usage, model: "m".into(), notes: vec![] })
}

fn code(text: &str) -> Outcome {
    thought_for(Thought::WriteCode { code: text.into(), code_key: "c".into(), explanation: "x".into() }, 100)
}

fn passed() -> Outcome {
    Outcome::Reviewed(Review { verdict: Verdict::Pass, findings: vec![] })
}

fn scored(score: f64) -> Outcome {
    let measure = Measure { name: "values".into(), value: score, aim: 0.9, note: String::new() };
    Outcome::Compared(Comparison { score, good: score > 0.8, measures: vec![measure], ..Comparison::default() })
}

/// A whole round: code, review, run, measuring, score.
fn round(text: &str, score: f64) -> Vec<Outcome> {
    vec![
        code(text),
        passed(),
        ran(&["chart.png"]),
        ran(&["measure.json", "overlay.png", "overlay.json"]),
        scored(score),
    ]
}

fn finish() -> Outcome {
    thought_for(Thought::Finish("done".into()), 10)
}

fn answer(job: Job, outcome: Outcome) -> Job {
    let running: Vec<StepId> =
        job.steps.iter().filter(|step| step.state == StepState::Running).map(|step| step.id).collect();
    assert_eq!(running.len(), 1, "one step runs before {outcome:?}, job is {:?}", job.state);
    advance(&job, Input::Answer(running[0], outcome), 2).job
}

fn play(job: Job, outcomes: Vec<Outcome>) -> Job {
    let started = advance(&job, Input::Start, 1).job;
    outcomes.into_iter().fold(started, answer)
}

fn delivered(job: &Job) -> &str {
    job.delivered().map_or("", |attempt| attempt.code.as_str())
}

/// Protects the person's result: whatever the order of good and bad rounds, the one that fits the picture best is
/// delivered, the earlier of equals, and one that was measured before one that was not.
#[test]
fn the_best_round_is_delivered() {
    let look = || vec![Outcome::Looked(seen())];
    let unmeasured = |text: &str| vec![code(text), passed(), ran(&["notes.txt"])];
    let rows: Vec<(Vec<Outcome>, &str)> = vec![
        ([look(), round("poor", 0.3), round("better", 0.6)].concat(), "better"),
        ([look(), round("good", 0.7), round("ruined", 0.2)].concat(), "good"),
        ([look(), round("a", 0.1), round("b", 0.5), round("c", 0.4)].concat(), "b"),
        ([look(), round("first", 0.5), round("same", 0.5)].concat(), "first"),
        ([look(), unmeasured("first"), unmeasured("last")].concat(), "last"),
        ([look(), round("measured", 0.1), unmeasured("not")].concat(), "measured"),
        ([look(), unmeasured("not"), round("measured", 0.1)].concat(), "measured"),
    ];
    for (outcomes, expected) in rows {
        let end = play(job(JobOptions::default()), [outcomes, vec![finish()]].concat());
        assert_eq!((end.state, delivered(&end)), (JobState::Succeeded, expected));
        assert_eq!(end.stopped, None);
    }
}

/// Protects results from the platform's own faults: where measuring or scoring fails, the result is delivered, and the
/// person is told that it was not held against the picture.
#[test]
fn a_result_survives_a_failed_measuring() {
    let fails = || Outcome::Failed(Failure::new(ErrorCode::WorkerFailed));
    let before = || vec![Outcome::Looked(seen()), code("a"), passed(), ran(&["chart.png"])];
    let crashed = Outcome::Ran(Run { status: RunStatus::Error, ..Run::default() });
    let rows = [
        vec![fails(), finish()],
        vec![crashed, finish()],
        vec![ran(&["nothing.txt"]), finish()],
        vec![ran(&["measure.json"]), fails(), finish()],
    ];
    for outcomes in rows {
        let end = play(job(JobOptions::default()), [before(), outcomes].concat());
        assert_eq!((end.state, delivered(&end), end.notes.len()), (JobState::Succeeded, "a", 1), "{:?}", end.notes);
    }
}

/// Protects money and time: a budget ends the work at the turn at which it is reached, the best so far is delivered, and
/// the job says what ended it.
#[test]
fn budgets_stop_and_deliver_the_best() {
    let standard = JobOptions::default();
    let rounds = || [vec![Outcome::Looked(seen())], round("a", 0.3)].concat();
    let two = || [rounds(), round("b", 0.6)].concat();
    // Each script is one call of 100 tokens, which cost a millionth of a dollar each.
    let cost = |micros| Some(Usd::from_micros(micros));
    let rows: Vec<(JobOptions, Vec<Outcome>, Option<Stopped>, &str)> = vec![
        (JobOptions { max_turns: 1, ..standard }, rounds(), Some(Stopped::Turns), "a"),
        (JobOptions { max_turns: 2, ..standard }, two(), Some(Stopped::Turns), "b"),
        (JobOptions { max_tokens: Some(100), ..standard }, rounds(), Some(Stopped::Tokens), "a"),
        (JobOptions { max_tokens: Some(101), ..standard }, two(), Some(Stopped::Tokens), "b"),
        (JobOptions { max_cost_usd: cost(100), ..standard }, rounds(), Some(Stopped::Cost), "a"),
        (JobOptions { max_cost_usd: cost(101), ..standard }, two(), Some(Stopped::Cost), "b"),
        (JobOptions { max_cost_usd: cost(0), ..standard }, rounds(), Some(Stopped::Cost), "a"),
    ];
    for (options, outcomes, stopped, code) in rows {
        let end = play(job(options), outcomes);
        assert_eq!((end.state, end.stopped, delivered(&end)), (JobState::Succeeded, stopped, code), "{options:?}");
        let because = stopped.map(Stopped::because).unwrap_or_default();
        assert!(end.summary.contains(because), "{}", end.summary);
    }
    let nothing = play(
        job(JobOptions { max_turns: 1, ..standard }),
        vec![Outcome::Looked(seen()), thought_for(Thought::Unusable("no code".into()), 5)],
    );
    assert_eq!(nothing.error.map(|error| error.code), Some(ErrorCode::BudgetReached));
    let in_time = play(job(JobOptions { max_seconds: Some(60), ..standard }), rounds());
    let over = advance(&in_time, Input::Tick { max_job_ms: 3_600_000 }, 60_002).job;
    assert_eq!((over.state, over.stopped), (JobState::Succeeded, Some(Stopped::Seconds)));
    assert_eq!(advance(&in_time, Input::Tick { max_job_ms: 3_600_000 }, 60_001).job.state, JobState::Running);
}

/// Protects money: a model that writes the same script again is told once, and then it is enough.
#[test]
fn circles_end() {
    let failing = || Outcome::Ran(Run { status: RunStatus::Error, stderr_tail: "E: x".into(), ..Run::default() });
    let again = play(
        job(JobOptions::default()),
        vec![Outcome::Looked(seen()), code("a"), passed(), failing(), code("a"), code("a")],
    );
    assert_eq!((again.state, again.stopped), (JobState::Failed, Some(Stopped::Circles)));
    assert_eq!(again.error.as_ref().map(|error| error.code), Some(ErrorCode::RunFailed));
    assert_eq!(again.attempts_left(), 2, "the same script was neither reviewed nor run again");
    let attempt = |text: &str| vec![code(text), passed(), failing()];
    let same_error = play(
        job(JobOptions::default()),
        [vec![Outcome::Looked(seen())], attempt("a"), attempt("b"), attempt("c")].concat(),
    );
    assert_eq!(same_error.stopped, Some(Stopped::Circles));
}

/// Protects looks at parts of pictures: they are cut out, read, answered, bounded, and no attempt is used up by them.
#[test]
fn looks_closer_come_back_and_are_bounded() {
    let area = Some(Area { left: 1, top: 1, width: 2, height: 2 });
    let look = |area, picture| thought_for(Thought::LookCloser { picture, area, question: "q".into() }, 5);
    let asked = play(job(JobOptions::default()), vec![Outcome::Looked(seen()), look(area, 0)]);
    assert_eq!(asked.steps.last().map(|step| (step.kind, step.picture)), Some((StepKind::Closer, Some(0))));
    let read = answer(asked, ran(&["closer.png", "closer.json"]));
    let Some(Turn::Closer(closer)) = read.turns.last() else { panic!("{:?}", read.turns) };
    assert_eq!((closer.image_key.as_str(), closer.read.as_str()), ("blob/closer.png", "said"));
    let answered = answer(read, thought_for(Thought::VisionNotes("seven".into()), 5));
    let Some(Turn::Closer(closer)) = answered.turns.last() else { panic!("{:?}", answered.turns) };
    assert_eq!(closer.answer.as_deref(), Some("seven"));
    assert_eq!((answered.turns.len(), answered.attempts_left()), (1, 4));
    // Without an area nothing is cut out.
    let mut now = answered;
    for _ in 0..3 {
        now = answer(now, look(None, 0));
        assert_eq!(now.steps.last().map(|step| step.kind), Some(StepKind::Think));
    }
    assert_eq!((now.looks_left(), now.attempts_left()), (0, 4));
    let refused = answer(now, look(None, 0));
    assert!(matches!(refused.turns.last(), Some(Turn::Unusable { .. })) && refused.attempts_left() == 3);
    let elsewhere = play(job(JobOptions::default()), vec![Outcome::Looked(seen()), look(area, 7)]);
    assert!(matches!(elsewhere.turns.last(), Some(Turn::Unusable { .. })));
}

/// Protects several pictures in one job: each is held against the result, and the score waits for all of them.
#[test]
fn every_picture_is_measured() {
    let mut two = job(JobOptions::default());
    two.pictures.push(two.pictures[0].clone());
    two.seen = vec![Some(seen()), Some(seen())];
    let run = [code("a"), passed(), ran(&["chart.png"])].into_iter().fold(advance(&two, Input::Start, 1).job, answer);
    let measuring: Vec<StepId> =
        run.steps.iter().filter(|step| step.kind == StepKind::Measure).map(|step| step.id).collect();
    assert_eq!(measuring.len(), 2);
    let one = advance(&run, Input::Answer(measuring[1], ran(&["measure.json"])), 3).job;
    assert!(one.steps.iter().all(|step| step.kind != StepKind::Compare));
    let both = advance(&one, Input::Answer(measuring[0], ran(&["measure.json"])), 3).job;
    assert_eq!(both.steps.last().map(|step| step.kind), Some(StepKind::Compare));
    let pictures: Vec<usize> =
        both.attempts().flat_map(|attempt| &attempt.measured).map(|measured| measured.picture).collect();
    assert_eq!(pictures, [0, 1]);
}

/// Protects jobs that go on from another: what was seen comes along, so nothing is looked at again.
#[test]
fn what_was_seen_is_not_looked_at_again() {
    let mut next = job(JobOptions::default());
    next.seen = vec![Some(seen())];
    let parent = JobId::new();
    next.earlier = Some(Earlier {
        reason: EarlierReason::Calibration,
        chain: vec![parent],
        requests: vec![],
        code_key: String::new(),
        model: "m".into(),
        summary: String::new(),
        overlay_key: String::new(),
    });
    let started = advance(&next, Input::Start, 1).job;
    assert_eq!(started.steps.iter().map(|step| step.kind).collect::<Vec<_>>(), [StepKind::Think]);
    assert_eq!(started.parent(), Some(parent));
}
