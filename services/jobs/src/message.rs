//! Between the machine and the wire: commands become messages, answers become outcomes. Pure.

use crate::calls::ModelCall;
use crate::doc::{Area, Attempt, Closer, EarlierReason, Job, Run, Seen, Step, Turn};
use crate::machine::{By, Command, Outcome, PLATFORM_TIMEOUT_SECONDS, Thought, budget};
use crate::measure;
use chrono::DateTime;
use common::job::{ModelChoice, StepKind};
use common::picture::{self, PictureKind};
use common::spend::Spending;
use common::topic::Topic;
use common::wire::{InvalidMessage, agent_v1, common_v1, critic_v1, decode, encode, jobs_v1, sandbox_v1, tail};
use common::{JobId, StepId};

/// Longest findings text of one attempt in a transcript, in bytes.
const FINDINGS_BYTES: usize = 2048;
/// Longest end of standard output of one attempt in a transcript, in bytes.
const STDOUT_BYTES: usize = 1536;
/// Longest end of standard error of one attempt in a transcript, in bytes.
const STDERR_BYTES: usize = 3072;
/// Longest request of an earlier job of a chain, in bytes.
const REQUEST_BYTES: usize = 4096;
/// Longest vision notes in a transcript, in bytes. Only the last notes are sent.
const NOTES_BYTES: usize = 8192;

/// The topic and the encoded message of a command.
///
/// `owner` is whose job it is.
///
/// # Errors
/// The command names a step that is not there, or the message would be too large.
pub fn of(job: &Job, command: Command, owner: &str) -> Result<(Topic, Vec<u8>), InvalidMessage> {
    let Command::Send(id) = command else {
        return Ok((Topic::JobsStopped, encode(&jobs_v1::JobStopped { job_id: job.id.to_string() })?));
    };
    let step = job.steps.iter().find(|step| step.id == id).ok_or_else(|| InvalidMessage::field("step_id"))?;
    match step.kind {
        StepKind::Look => Ok((Topic::SandboxLook, encode(&look(job, step)?)?)),
        StepKind::Think => Ok((Topic::AgentThink, encode(&think(job, step, owner)?)?)),
        StepKind::Review => {
            let code = last_attempt(job)?.code.clone();
            let review = critic_v1::Review { job_id: job.id.to_string(), step_id: id.to_string(), code };
            Ok((Topic::CriticReview, encode(&review)?))
        }
        StepKind::Run => Ok((Topic::SandboxRun, encode(&run(job, step)?)?)),
        StepKind::Measure => {
            let (code, inputs) = measure::of_outputs(job, picture_of(step)?)?;
            Ok((Topic::SandboxRun, encode(&platform_run(job, step, code, inputs))?))
        }
        StepKind::Closer => {
            let Some(Turn::Closer(Closer { picture, area: Some(area), .. })) = job.turns.last() else {
                return Err(InvalidMessage::field("area"));
            };
            let (code, inputs) = measure::of_area(job, *picture, *area)?;
            Ok((Topic::SandboxRun, encode(&platform_run(job, step, code, inputs))?))
        }
        StepKind::Compare => Ok((Topic::CriticCompare, encode(&compare(job, step)?)?)),
    }
}

fn picture_of(step: &Step) -> Result<usize, InvalidMessage> {
    step.picture.ok_or_else(|| InvalidMessage::field("picture"))
}

fn platform_run(job: &Job, step: &Step, code: String, inputs: Vec<sandbox_v1::Input>) -> sandbox_v1::Run {
    sandbox_v1::Run {
        job_id: job.id.to_string(),
        step_id: step.id.to_string(),
        code,
        inputs,
        timeout_seconds: PLATFORM_TIMEOUT_SECONDS,
    }
}

fn compare(job: &Job, step: &Step) -> Result<critic_v1::Compare, InvalidMessage> {
    let attempt = last_attempt(job)?;
    let measurements = attempt.measured.iter().map(|measured| critic_v1::Measurement {
        picture: u32::try_from(measured.picture).unwrap_or_default(),
        measure_key: measured.measure_key.clone(),
        overlay_key: measured.overlay_json.as_ref().map(|output| output.path.clone()).unwrap_or_default(),
    });
    Ok(critic_v1::Compare {
        job_id: job.id.to_string(),
        step_id: step.id.to_string(),
        has_request: !job.prompt.trim().is_empty(),
        code: attempt.code.clone(),
        measurements: measurements.collect(),
    })
}

fn last_attempt(job: &Job) -> Result<&Attempt, InvalidMessage> {
    job.attempts().next_back().ok_or_else(|| InvalidMessage::field("code"))
}

fn look(job: &Job, step: &Step) -> Result<sandbox_v1::Look, InvalidMessage> {
    let picture =
        step.picture.and_then(|index| job.pictures.get(index)).ok_or_else(|| InvalidMessage::field("picture"))?;
    Ok(sandbox_v1::Look {
        job_id: job.id.to_string(),
        step_id: step.id.to_string(),
        picture: Some(picture.clone().into()),
    })
}

fn seen_of(job: &Job) -> Result<Vec<common_v1::Seen>, InvalidMessage> {
    let all = job.seen.iter().map(|seen| {
        let seen = seen.as_ref().ok_or_else(|| InvalidMessage::field("seen"))?;
        Ok(common_v1::Seen {
            evidence_key: seen.evidence_key.clone(),
            kind: seen.kind.as_str().to_owned(),
            confidence: seen.confidence,
            title: seen.title.clone(),
            flags: seen.flags.clone(),
            prepared: seen.prepared.clone().map(Into::into),
        })
    });
    all.collect()
}

fn think(job: &Job, step: &Step, owner: &str) -> Result<agent_v1::Think, InvalidMessage> {
    let last_notes = job.turns.iter().rposition(|turn| matches!(turn, Turn::VisionNotes { .. }));
    let turns = job
        .turns
        .iter()
        .enumerate()
        .filter(|(index, turn)| !matches!(turn, Turn::VisionNotes { .. }) || Some(*index) == last_notes);
    Ok(agent_v1::Think {
        job_id: job.id.to_string(),
        step_id: step.id.to_string(),
        prompt: job.prompt.clone(),
        pictures: job.pictures.iter().cloned().map(Into::into).collect(),
        seen: seen_of(job)?,
        transcript: turns
            .map(|(index, turn)| agent_v1::Turn { turn: Some(turn_message(job, turn, job.best == Some(index))) })
            .collect(),
        attempts_left: job.attempts_left(),
        tokens_left: budget::tokens_left(job).map(|left| left.amount),
        cost_micro_usd_left: budget::cost_left(job).map(|left| left.amount.micros()),
        variants_left: job.variants_left(),
        looks_left: job.looks_left(),
        earlier: earlier(job),
        owner: owner.to_owned(),
        models: match job.options.models {
            ModelChoice::First => agent_v1::think::Models::Unspecified,
            ModelChoice::Second => agent_v1::think::Models::Second,
            ModelChoice::Rules => agent_v1::think::Models::Rules,
        }
        .into(),
    })
}

fn earlier(job: &Job) -> Option<agent_v1::Earlier> {
    let earlier = job.earlier.as_ref()?;
    let reason = match earlier.reason {
        EarlierReason::Refine => agent_v1::earlier::Reason::Refine,
        EarlierReason::Calibration => agent_v1::earlier::Reason::Calibration,
    };
    Some(agent_v1::Earlier {
        reason: reason.into(),
        requests: earlier.requests.iter().map(|request| head(request, REQUEST_BYTES)).collect(),
        code_key: earlier.code_key.clone(),
        summary: head(&earlier.summary, NOTES_BYTES),
        overlay_key: earlier.overlay_key.clone(),
        model: earlier.model.clone(),
    })
}

fn head(text: &str, limit: usize) -> String {
    text[..text.floor_char_boundary(limit)].to_owned()
}

fn turn_message(job: &Job, turn: &Turn, best: bool) -> agent_v1::turn::Turn {
    match turn {
        Turn::VisionNotes { text } => {
            agent_v1::turn::Turn::VisionNotes(agent_v1::VisionNotes { text: tail(text, NOTES_BYTES).to_owned() })
        }
        Turn::Unusable { reason } => {
            agent_v1::turn::Turn::Unusable(agent_v1::Unusable { reason: tail(reason, FINDINGS_BYTES).to_owned() })
        }
        Turn::Closer(closer) => agent_v1::turn::Turn::Closer(agent_v1::Closer {
            picture: u32::try_from(closer.picture).unwrap_or_default(),
            question: head(&closer.question, FINDINGS_BYTES),
            image_key: closer.image_key.clone(),
            read: head(&closer.read, STDOUT_BYTES),
            answer: closer.answer.as_ref().map(|answer| head(answer, FINDINGS_BYTES)),
        }),
        Turn::Attempt(attempt) => agent_v1::turn::Turn::Attempt(attempt_message(job, attempt, best)),
    }
}

/// Reports of a comparison, each sentence cut, at most so many.
fn report(sentences: &[String]) -> Vec<String> {
    sentences.iter().take(12).map(|sentence| head(sentence, 300)).collect()
}

fn attempt_message(job: &Job, attempt: &Attempt, best: bool) -> agent_v1::Attempt {
    let verdict = attempt.review.as_ref().map_or(common_v1::Verdict::Unspecified, |review| review.verdict.into());
    let findings = attempt.review.iter().flat_map(|review| &review.findings).map(|finding| {
        format!(
            "line {}: {} {} ({}): {}\n",
            finding.line,
            finding.tool,
            finding.rule,
            if finding.blocks { "blocks" } else { "note" },
            finding.message
        )
    });
    let mut findings: String = findings.collect();
    findings.truncate(findings.floor_char_boundary(FINDINGS_BYTES));
    agent_v1::Attempt {
        code_key: attempt.code_key.clone(),
        verdict: verdict.into(),
        findings,
        run: attempt.run.as_ref().map(|run| agent_v1::RunSummary {
            status: common_v1::RunStatus::from(run.status).into(),
            exit_code: run.exit_code,
            stdout_tail: tail(&run.stdout_tail, STDOUT_BYTES).to_owned(),
            stderr_tail: tail(&run.stderr_tail, STDERR_BYTES).to_owned(),
            outputs: run.outputs.iter().take(32).map(|output| output.name.clone()).collect(),
        }),
        comparison: attempt.comparison.as_ref().map(|comparison| agent_v1::Comparison {
            score: comparison.score,
            good: comparison.good,
            code_report: report(&comparison.code_report),
            visual_report: report(&comparison.visual_report),
        }),
        best,
        redrawn_keys: if budget::leaves_a_turn(job) { measure::redrawn(attempt) } else { Vec::new() },
        critique: attempt.critique.clone().map(Into::into),
    }
}

fn run(job: &Job, step: &Step) -> Result<sandbox_v1::Run, InvalidMessage> {
    let count = job.pictures.len();
    let mut inputs = Vec::with_capacity(2 * count);
    for (index, picture) in job.pictures.iter().enumerate() {
        inputs.push(sandbox_v1::Input { name: picture::input_name(index, count), blob_key: picture.blob_key.clone() });
        if let Some(seen) = job.seen.get(index).and_then(Option::as_ref) {
            inputs.push(sandbox_v1::Input {
                name: picture::evidence_name(index, count),
                blob_key: seen.evidence_key.clone(),
            });
            if let Some(prepared) = &seen.prepared {
                let name = picture::prepared_name(index, count);
                inputs.push(sandbox_v1::Input { name, blob_key: prepared.blob_key.clone() });
            }
        }
    }
    // Whoever corrects an axis starts from the places where the values were found.
    if let Some(earlier) = job.earlier.as_ref().filter(|earlier| !earlier.overlay_key.is_empty()) {
        inputs.push(sandbox_v1::Input { name: "overlay.json".to_owned(), blob_key: earlier.overlay_key.clone() });
    }
    Ok(sandbox_v1::Run {
        job_id: job.id.to_string(),
        step_id: step.id.to_string(),
        code: last_attempt(job)?.code.clone(),
        inputs,
        timeout_seconds: job.options.run_timeout_seconds,
    })
}

/// What a worker's message says.
pub struct Answer {
    /// The job it speaks of.
    pub job: JobId,
    /// The step it speaks of.
    pub step: StepId,
    /// What came of that.
    pub outcome: Outcome,
    /// Calls of models that the step made.
    pub calls: Vec<ModelCall>,
}

/// Reads a worker's message.
///
/// # Errors
/// The message breaks its contract.
pub fn answer(payload: &[u8]) -> Result<Answer, InvalidMessage> {
    let event: jobs_v1::StepEvent = decode(payload)?;
    let job = event.job_id.parse().map_err(|_| InvalidMessage::field("job_id"))?;
    let step = event.step_id.parse().map_err(|_| InvalidMessage::field("step_id"))?;
    let outcome = event.outcome.ok_or_else(|| InvalidMessage::field("outcome"))?;
    let calls = event.calls.into_iter().zip(0..).map(|(call, number)| call_of(job, step, number, call)).collect();
    Ok(Answer { job, step, outcome: outcome_of(outcome)?, calls })
}

fn call_of(job: JobId, step: StepId, number: u32, call: agent_v1::Call) -> ModelCall {
    let usage: Spending = call.usage.unwrap_or_default().into();
    let some = |text: String| (!text.is_empty()).then_some(text);
    ModelCall {
        // The same call has the same id, however often it is told.
        id: uuid::Uuid::new_v5(&step.0, format!("call {number}").as_bytes()),
        job_id: job,
        role: call.role,
        model: call.model,
        host: some(call.host),
        started_at: DateTime::from_timestamp_millis(call.started_ms).unwrap_or_default(),
        duration_ms: call.duration_ms,
        first_token_ms: call.first_token_ms,
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
        cost_usd: usage.cost_usd,
        error_code: some(call.error_code),
        passed_over: call.passed_over,
        prompt_file: call.prompt_file,
        prompt_hash: call.prompt_hash,
    }
}

fn outcome_of(outcome: jobs_v1::step_event::Outcome) -> Result<Outcome, InvalidMessage> {
    use jobs_v1::step_event::Outcome as Wire;
    Ok(match outcome {
        Wire::Failure(failure) => Outcome::Failed(failure.into()),
        Wire::Looked(seen) => Outcome::Looked(Seen {
            evidence_key: seen.evidence_key,
            kind: PictureKind::from_name(&seen.kind),
            confidence: seen.confidence.clamp(0.0, 1.0),
            title: seen.title,
            flags: seen.flags,
            prepared: seen.prepared.map(Into::into),
        }),
        Wire::Thought(thought) => {
            let usage = thought.usage.unwrap_or_default().into();
            let action = thought.action.ok_or_else(|| InvalidMessage::field("action"))?;
            let by = By { usage, model: thought.model, notes: thought.notes };
            Outcome::Thought(thought_of(action), by)
        }
        Wire::Reviewed(reviewed) => Outcome::Reviewed(reviewed.try_into()?),
        Wire::Ran(ran) => Outcome::Ran(Run {
            status: ran.status().try_into()?,
            exit_code: ran.exit_code,
            duration_ms: ran.duration_ms,
            stdout_tail: ran.stdout_tail,
            stderr_tail: ran.stderr_tail,
            outputs: ran.outputs.into_iter().map(Into::into).collect(),
            result_key: ran.result_key,
        }),
        Wire::Compared(compared) => Outcome::Compared(compared.into()),
    })
}

fn thought_of(action: agent_v1::thought::Action) -> Thought {
    use agent_v1::thought::Action;
    match action {
        Action::VisionNotes(text) => Thought::VisionNotes(text),
        Action::WriteCode(code) => {
            Thought::WriteCode { code: code.code, code_key: code.code_key, explanation: code.explanation }
        }
        Action::LookCloser(look) => Thought::LookCloser {
            picture: look.picture as usize,
            area: look.r#box.map(|area| Area {
                left: area.left,
                top: area.top,
                width: area.width.max(1),
                height: area.height.max(1),
            }),
            question: look.question,
        },
        Action::Critique(critique) => Thought::Critique(critique.into()),
        Action::Finish(finish) => Thought::Finish(finish.summary),
        Action::Unusable(reason) => Thought::Unusable(reason),
    }
}
