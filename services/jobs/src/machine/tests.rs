use super::*;
use common::job::JobOptions;
use common::picture::{PictureKind, PictureRef};
use common::review::{Confidence, Finding, Severity};
use common::spend::Usd;
use common::{FileId, JobId};

const MINUTE: Millis = 60_000;

fn picture() -> PictureRef {
    PictureRef {
        file_id: FileId::new(),
        blob_key: "k".into(),
        sha256: "s".into(),
        width: 1,
        height: 1,
        name: String::new(),
    }
}

fn job(pictures: usize) -> Job {
    Job::accepted(JobId::new(), "count".into(), JobOptions::default(), (0..pictures).map(|_| picture()).collect(), 0)
}

fn seen() -> Outcome {
    Outcome::Looked(Seen {
        evidence_key: "e".into(),
        kind: PictureKind::Bar,
        confidence: 0.9,
        title: String::new(),
        flags: vec![],
        prepared: None,
    })
}

fn thought(thought: Thought) -> Outcome {
    let usage = Spending::call(common::job::Usage { prompt_tokens: 10, completion_tokens: 1 }, Usd::from_micros(3));
    let notes = vec!["Another model answered.".to_owned()];
    Outcome::Thought(thought, By { usage, model: "m".into(), notes })
}

fn code(text: &str) -> Outcome {
    thought(Thought::WriteCode { code: text.into(), code_key: "c".into(), explanation: "x".into() })
}

fn finish() -> Outcome {
    thought(Thought::Finish("done".into()))
}

fn review(verdict: Verdict) -> Outcome {
    let finding = Finding {
        tool: "bandit".into(),
        rule: "B602".into(),
        severity: Severity::High,
        confidence: Confidence::High,
        line: 1,
        column: 1,
        message: "shell".into(),
        blocks: verdict == Verdict::Block,
    };
    Outcome::Reviewed(Review { verdict, findings: vec![finding] })
}

fn ran(status: RunStatus) -> Outcome {
    Outcome::Ran(Run {
        status,
        exit_code: Some(i32::from(status != RunStatus::Ok)),
        duration_ms: 5,
        stdout_tail: "5 bars".into(),
        stderr_tail: "Traceback\nValueError: no".into(),
        outputs: Vec::new(),
        result_key: "r".into(),
    })
}

/// An attempt of its own that ends so, with an error that is not the one before.
fn tried(n: usize, status: RunStatus) -> Vec<Outcome> {
    let Outcome::Ran(run) = ran(status) else { unreachable!() };
    let stderr_tail = format!("Error{}: no", ["A", "B", "C", "D"][n % 4]);
    vec![code(&format!("a{n}")), review(Verdict::Pass), Outcome::Ran(Run { stderr_tail, ..run })]
}

/// Answers the one running step with each outcome in turn.
fn play(mut job: Job, outcomes: Vec<Outcome>) -> Job {
    job = advance(&job, Input::Start, 1).job;
    for outcome in outcomes {
        let running: Vec<_> =
            job.steps.iter().filter(|step| step.state == StepState::Running).map(|step| step.id).collect();
        assert!(!running.is_empty(), "nothing is running before {outcome:?}");
        job = advance(&job, Input::Answer(running[0], outcome), 2).job;
    }
    job
}

/// Protects the path a picture takes: each row is a story and where it ends.
#[test]
fn stories_end_as_they_should() {
    use JobState::{Failed, Running, Succeeded};
    use RunStatus::{Error, Ok, OutOfMemory, Timeout};
    use Verdict::{Block, Pass, Warn};
    let unusable = || thought(Thought::Unusable("no code".into()));
    let failed = |code| Outcome::Failed(Failure::new(code));
    let rows: Vec<(&str, Vec<Outcome>, JobState, Option<ErrorCode>)> = vec![
        ("straight", vec![seen(), code("a"), review(Pass), ran(Ok), finish()], Succeeded, None),
        ("warned", vec![seen(), code("a"), review(Warn), ran(Ok), finish()], Succeeded, None),
        (
            "vision first",
            vec![seen(), thought(Thought::VisionNotes("bars".into())), code("a"), review(Pass), ran(Ok), finish()],
            Succeeded,
            None,
        ),
        (
            "blocked then fixed",
            vec![seen(), code("a"), review(Block), code("b"), review(Pass), ran(Ok), finish()],
            Succeeded,
            None,
        ),
        (
            "crashed then fixed",
            vec![seen(), code("a"), review(Pass), ran(Error), code("b"), review(Pass), ran(Ok), finish()],
            Succeeded,
            None,
        ),
        ("garbage then code", vec![seen(), unusable(), code("b"), review(Pass), ran(Ok), finish()], Succeeded, None),
        ("still going", vec![seen(), code("a"), review(Pass), ran(Error)], Running, None),
        (
            "always garbage",
            vec![seen(), unusable(), unusable(), unusable(), unusable()],
            Failed,
            Some(ErrorCode::ModelAnswerUnusable),
        ),
        (
            "always blocked",
            vec![
                seen(),
                code("a"),
                review(Block),
                code("b"),
                review(Block),
                thought(Thought::Unusable("no code".into())),
                code("c"),
                review(Block),
            ],
            Failed,
            Some(ErrorCode::ReviewBlocked),
        ),
        (
            "never works",
            [vec![seen()], (0..4).flat_map(|n| tried(n, Error)).collect()].concat(),
            Failed,
            Some(ErrorCode::RunFailed),
        ),
        (
            "loops",
            [vec![seen()], (0..4).flat_map(|n| tried(n, Timeout)).collect()].concat(),
            Failed,
            Some(ErrorCode::RunTimeout),
        ),
        (
            "eats memory",
            [vec![seen()], (0..4).flat_map(|n| tried(n, OutOfMemory)).collect()].concat(),
            Failed,
            Some(ErrorCode::RunOutOfMemory),
        ),
        ("look fails", vec![failed(ErrorCode::LookFailed)], Failed, Some(ErrorCode::LookFailed)),
        (
            "model down at once",
            vec![seen(), failed(ErrorCode::ModelUnavailable)],
            Failed,
            Some(ErrorCode::ModelUnavailable),
        ),
        (
            "model down at the end keeps the best",
            vec![seen(), code("a"), review(Pass), ran(Ok), failed(ErrorCode::ModelUnavailable)],
            Succeeded,
            None,
        ),
        ("finish without code", vec![seen(), finish()], Failed, Some(ErrorCode::ModelAnswerUnusable)),
        (
            "worse afterwards keeps the best",
            [
                vec![seen(), code("a"), review(Pass), ran(Ok)],
                (0..3).flat_map(|n| tried(n, Error)).collect(),
                vec![finish()],
            ]
            .concat(),
            Succeeded,
            None,
        ),
        (
            "critic fails",
            vec![seen(), code("a"), failed(ErrorCode::WorkerFailed)],
            Failed,
            Some(ErrorCode::WorkerFailed),
        ),
    ];
    for (name, outcomes, state, error) in rows {
        let end = play(job(1), outcomes);
        assert_eq!((end.state, end.error.as_ref().map(|e| e.code)), (state, error), "{name}");
        assert_eq!(end.state.is_final(), end.finished_at.is_some(), "{name}");
        if end.state == Succeeded {
            let best = end.delivered().and_then(|attempt| attempt.run.as_ref()).expect("a delivered run");
            assert_eq!(best.status, Ok, "{name} delivers the best run");
            assert!(!end.summary.is_empty(), "{name}");
        }
    }
}

/// Protects the person's numbers: after a good run, a later failed one never replaces it.
#[test]
fn best_so_far_is_delivered() {
    let outcomes =
        vec![seen(), code("good"), review(Verdict::Pass), ran(RunStatus::Ok), code("bad"), review(Verdict::Block)];
    let job = play(job(1), outcomes);
    assert_eq!(job.delivered().map(|a| a.code.as_str()), Some("good"));
}

/// Protects the person's trust: the job names who thought for it, and why it was not who should have, once each.
#[test]
fn whoever_thought_is_named_once() {
    let job = play(job(1), vec![seen(), code("a"), review(Verdict::Pass), ran(RunStatus::Ok), finish()]);
    assert_eq!((job.models, job.notes), (vec!["m".to_owned()], vec!["Another model answered.".to_owned()]));
}

/// Protects invariant 4 (no step twice): repeats and late answers change nothing and send nothing.
#[test]
fn repeated_answers_change_nothing() {
    let started = advance(&job(1), Input::Start, 1).job;
    let look = started.steps[0].id;
    let thinking = advance(&started, Input::Answer(look, seen()), 2).job;
    let again = advance(&thinking, Input::Answer(look, seen()), 3);
    assert_eq!((again.job, again.commands.len(), again.events.len()), (thinking.clone(), 0, 0));
    let foreign = advance(&thinking, Input::Answer(StepId::new(), seen()), 3);
    assert_eq!(foreign.job, thinking);
    let mismatched = advance(&thinking, Input::Answer(thinking.steps[1].id, ran(RunStatus::Ok)), 3);
    assert_eq!(mismatched.job, thinking);
}

/// Protects several pictures in one job: thinking starts when all of them were seen.
#[test]
fn all_pictures_are_seen_first() {
    let started = advance(&job(3), Input::Start, 1);
    assert_eq!(started.commands.len(), 3);
    let ids: Vec<_> = started.job.steps.iter().map(|step| step.id).collect();
    let mut now = started.job;
    for (n, id) in ids.into_iter().rev().enumerate() {
        let next = advance(&now, Input::Answer(id, seen()), 2);
        assert_eq!(next.commands.len(), usize::from(n == 2));
        now = next.job;
    }
}

/// Protects a dead worker's job: its step is sent again under the same id, then given up with a reason.
#[test]
fn ended_leases_send_again_then_give_up() {
    let mut now = advance(&job(1), Input::Start, 0).job;
    let id = now.steps[0].id;
    let far = Input::Tick { max_job_ms: Millis::MAX };
    assert!(advance(&now, far.clone(), 1).commands.is_empty(), "a lease that still runs is left alone");
    for round in 1..=i64::from(MAX_SENDS) {
        let next = advance(&now, far.clone(), round * 10 * MINUTE);
        let expected = if round < i64::from(MAX_SENDS) { Command::Send(id) } else { Command::Stop };
        assert_eq!(next.commands, [expected]);
        now = next.job;
    }
    assert_eq!((now.state, now.error.map(|e| e.code)), (JobState::Failed, Some(ErrorCode::WorkerFailed)));
}

/// Protects restarts: every running step is sent again, finished ones are not, however often it happens.
#[test]
fn recovery_sends_running_steps_only() {
    let mut now = play(job(1), vec![seen(), code("a")]);
    for _ in 0..5 {
        let next = advance(&now, Input::Recover, 3);
        assert_eq!(next.commands, [Command::Send(now.steps[2].id)]);
        now = next.job;
    }
    assert_eq!(now.state, JobState::Running);
}

/// Protects the stop button: nothing is left running, and later answers are ignored.
#[test]
fn cancel_stops_everything() {
    for outcomes in [vec![], vec![seen()], vec![seen(), code("a")], vec![seen(), code("a"), review(Verdict::Pass)]] {
        let before = play(job(1), outcomes);
        let step = before.steps.last().expect("a step").id;
        let after = advance(&before, Input::Cancel, 9);
        assert_eq!((after.job.state, after.commands.as_slice()), (JobState::Cancelled, &[Command::Stop][..]));
        assert!(after.job.steps.iter().all(|s| s.state != StepState::Running));
        assert_eq!(advance(&after.job, Input::Answer(step, ran(RunStatus::Ok)), 10).job, after.job);
        assert_eq!(advance(&after.job, Input::Cancel, 10).commands, []);
    }
    assert_eq!(advance(&job(1), Input::Cancel, 1).job.state, JobState::Cancelled, "a queued job too");
}

/// Protects operators: a job cannot go on for ever, and keeps what it had.
#[test]
fn the_job_has_a_time_limit() {
    let limit = Input::Tick { max_job_ms: MINUTE };
    let early = play(job(1), vec![seen()]);
    let ended = advance(&early, limit.clone(), 2 * MINUTE).job;
    assert_eq!(ended.error.map(|e| e.code), Some(ErrorCode::JobTimeout));
    let with_best = play(job(1), vec![seen(), code("a"), review(Verdict::Pass), ran(RunStatus::Ok)]);
    assert_eq!(advance(&with_best, limit, 2 * MINUTE).job.state, JobState::Succeeded);
}

/// Protects memory and money: however the models answer, a job ends after a bounded number of turns.
#[test]
fn endless_notes_end() {
    let mut now = play(job(1), vec![seen()]);
    for _ in 0..common::job::MAX_TURNS {
        let Some(step) = now.steps.iter().find(|s| s.state == StepState::Running).map(|s| s.id) else { break };
        now = advance(&now, Input::Answer(step, thought(Thought::VisionNotes("more".into()))), 3).job;
    }
    assert!(now.state.is_final());
    assert_eq!(now.stopped, Some(Stopped::Turns));
}
