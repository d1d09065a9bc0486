//! One turn of thinking, from the command to one action.

use crate::agent::{Roles, Settings};
use crate::call::{Calls, Question};
use crate::decide::{Decision, decide};
use crate::keys::StepKeys;
use crate::outcome::{Act, Thought};
use crate::parse::{self, Found, Reason};
use crate::prompt;
use crate::summary::{self, Because};
use crate::text::head;
use crate::turn::{Run, Turn};
use blob::{BlobError, InvalidKey, SharedStore};
use common::execution::MAX_JOB_CODE_BYTES;
use common::job::Usage;
use common::picture::{evidence_name, input_name};
use llm::{ErrorKind, Message, ModelError, Part, Reply, Role, RoleName, SharedModel, Speaker, builtin};
use serde_json::Value;
use tokio::sync::Semaphore;

/// Longest unusable answer that is shown to the model again, in bytes.
const REPAIR_BYTES: usize = 8 * 1024;

/// Largest stored event that is read back, in bytes.
pub const EVENT_BYTES: u64 = 128 * 1024;

/// Name of the built-in rules where a model's name stands.
const BUILTIN: &str = "builtin";

/// Why a turn came to no action.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A model gave no answer.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] BlobError),
    /// An id makes no key: cannot happen.
    #[error(transparent)]
    Key(#[from] InvalidKey),
}

/// Thinks. Holds no state of any turn.
pub struct Thinker {
    pub store: SharedStore,
    pub roles: Roles,
    pub settings: Settings,
    /// Pictures are decoded one at a time: each may take hundreds of megabytes.
    pub decoding: Semaphore,
    pub prompt_version: String,
}

impl Thinker {
    /// One action for this turn.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn think(&self, turn: &Turn, keys: &StepKeys) -> Result<Thought, Trouble> {
        let mut calls = Calls::new(&self.store, keys, turn);
        let vision_is_a_model = matches!(self.roles.vision, Role::Model(_));
        match (decide(turn, vision_is_a_model), &self.roles) {
            (Decision::AskVision, Roles { vision: Role::Model(model), .. }) => self.look(turn, model, &mut calls).await,
            (Decision::WriteCode | Decision::AskVision, Roles { code: Role::Model(model), .. }) => {
                self.write(turn, keys, model, &mut calls).await
            }
            (Decision::WriteCode | Decision::AskVision, _) => self.write_by_rule(turn, keys).await,
            (Decision::SumUp, _) => self.sum_up(turn, &mut calls).await,
            (Decision::GiveUp, _) => Ok(by_rule(Act::Finish(summary::gave_up(turn)))),
        }
    }

    /// Asks the vision model. Where it fails the job goes on with what was measured.
    async fn look(&self, turn: &Turn, model: &SharedModel, calls: &mut Calls<'_>) -> Result<Thought, Trouble> {
        let mut parts = vec![Part::Text(format!(
            "{}\n\n{}\nThe pictures follow in this order.",
            prompt::request(turn),
            prompt::pictures(turn, &self.excerpts(turn).await?)
        ))];
        parts.extend(self.parts(turn).await?);
        let asked = if parts.len() == 1 {
            Err(ModelError::new(ErrorKind::BadAnswer, model.name(), "no picture could be prepared").into())
        } else {
            let messages = vec![Message { speaker: Speaker::User, parts }];
            let max_tokens = self.settings.vision_max_tokens;
            calls.ask(model, Question { role: RoleName::Vision, system: prompt::VISION, messages, max_tokens }).await
        };
        let notes = match asked {
            Ok(reply) => parse::prose(&reply.text),
            Err(Trouble::Model(error)) => {
                tracing::warn!(job.id = %turn.job_id, step.id = %turn.step_id, llm.error = %error, "the vision model is left out");
                String::new()
            }
            Err(other) => return Err(other),
        };
        let notes = if notes.is_empty() {
            "The vision model could not be asked; there is only what was measured.".to_owned()
        } else {
            notes
        };
        Ok(self.by_model(Act::Notes(notes), calls.usage, model.name()))
    }

    /// Asks the code model; once more when there is no usable code in its answer.
    async fn write(
        &self,
        turn: &Turn,
        keys: &StepKeys,
        model: &SharedModel,
        calls: &mut Calls<'_>,
    ) -> Result<Thought, Trouble> {
        let codes = self.earlier_codes(turn).await?;
        let mut messages = prompt::code_conversation(turn, &self.excerpts(turn).await?, &codes);
        let (answer, reason) = match read(calls.ask(model, self.code_question(&messages)).await)? {
            (_, Ok(found)) => return self.written(keys, found, calls.usage, model.name()).await,
            (answer, Err(reason)) => (answer, reason),
        };
        if !answer.trim().is_empty() {
            messages.push(Message::assistant(head(&answer, REPAIR_BYTES)));
        }
        messages.push(Message::user(format!("{reason} {}", prompt::REPAIR)));
        let again = match read(calls.ask(model, self.code_question(&messages)).await) {
            Ok((_, again)) => again,
            // The first answer was paid for and is accounted for here; the next turn meets the fault again.
            Err(Trouble::Model(error)) => {
                tracing::warn!(job.id = %turn.job_id, step.id = %turn.step_id, llm.error = %error, "the model could not be asked again");
                Err(reason)
            }
            Err(other) => return Err(other),
        };
        match again {
            Ok(found) => self.written(keys, found, calls.usage, model.name()).await,
            Err(reason) => Ok(self.by_model(Act::Unusable(reason), calls.usage, model.name())),
        }
    }

    fn code_question(&self, messages: &[Message]) -> Question {
        let max_tokens = self.settings.code_max_tokens;
        Question { role: RoleName::Code, system: prompt::CODE, messages: messages.to_vec(), max_tokens }
    }

    async fn written(&self, keys: &StepKeys, found: Found, usage: Usage, model: &str) -> Result<Thought, Trouble> {
        let act = self.code(keys, found.code, found.explanation).await?;
        Ok(self.by_model(act, usage, model))
    }

    async fn write_by_rule(&self, turn: &Turn, keys: &StepKeys) -> Result<Thought, Trouble> {
        let evidence = self.evidence(turn).await?;
        let failures: Vec<String> = turn.past.iter().filter_map(prompt::failure).collect();
        let draft = with_pictures(&evidence, |pictures| builtin::write_code(pictures, &turn.prompt, &failures));
        if draft.code.len() > MAX_JOB_CODE_BYTES {
            return Ok(by_rule(Act::Unusable("The built-in rules wrote more code than a job may have.".to_owned())));
        }
        Ok(by_rule(self.code(keys, draft.code, draft.explanation).await?))
    }

    async fn code(&self, keys: &StepKeys, code: String, explanation: String) -> Result<Act, Trouble> {
        let key = keys.code()?;
        if let Err(error) = self.store.put(&key, code.clone().into_bytes().into()).await {
            // It travels in the event too; only a later repair would miss it.
            tracing::error!(blob.key = %key, blob.error = ?error.kind, "code could not be stored");
        }
        Ok(Act::Code { code, code_key: key.as_str().to_owned(), explanation })
    }

    /// The code worked. Whatever happens to the model now, the person gets the result.
    async fn sum_up(&self, turn: &Turn, calls: &mut Calls<'_>) -> Result<Thought, Trouble> {
        let Some((attempt, run)) = turn.last_attempt().and_then(|attempt| Some((attempt, attempt.run.as_ref()?)))
        else {
            return Ok(by_rule(Act::Finish(summary::gave_up(turn))));
        };
        let Role::Model(model) = &self.roles.reasoning else {
            let text = match self.roles.code {
                Role::Builtin => {
                    let evidence = self.evidence(turn).await?;
                    with_pictures(&evidence, |pictures| {
                        builtin::summarise(pictures, &turn.prompt, &run.stdout, &run.outputs)
                    })
                }
                Role::Model(_) => summary::worked(&self.explanation(&attempt.code_key).await, run, Because::NoModel),
            };
            return Ok(by_rule(Act::Finish(text)));
        };
        let explanation = self.explanation(&attempt.code_key).await;
        let question = Question {
            role: RoleName::Reasoning,
            system: prompt::SUMMARY,
            messages: vec![Message::user(summary_question(turn, run, &explanation))],
            max_tokens: self.settings.summary_max_tokens,
        };
        let said = match calls.ask(model, question).await {
            Ok(reply) => parse::prose(&reply.text),
            Err(Trouble::Model(error)) => {
                tracing::warn!(job.id = %turn.job_id, step.id = %turn.step_id, llm.error = %error, "summed up without the model");
                String::new()
            }
            Err(other) => return Err(other),
        };
        if said.is_empty() {
            let text = summary::worked(&explanation, run, Because::ModelFailed);
            return Ok(Thought { usage: calls.usage, ..by_rule(Act::Finish(text)) });
        }
        Ok(self.by_model(Act::Finish(said), calls.usage, model.name()))
    }

    fn by_model(&self, action: Act, usage: Usage, model: &str) -> Thought {
        Thought { action, usage, model: model.to_owned(), prompt_version: self.prompt_version.clone() }
    }
}

fn by_rule(action: Act) -> Thought {
    Thought { action, usage: Usage::default(), model: BUILTIN.to_owned(), prompt_version: String::new() }
}

/// The answer with the code in it or the reason why there is none. An answer without any text is such a
/// reason too; all other errors of the model stay errors.
fn read(asked: Result<Reply, Trouble>) -> Result<(String, Result<Found, Reason>), Trouble> {
    match asked {
        Ok(reply) => {
            let found = parse::code(&reply.text, reply.cut_off);
            Ok((reply.text, found))
        }
        Err(Trouble::Model(error)) if error.kind == ErrorKind::BadAnswer => {
            tracing::warn!(llm.error = %error, "the model's answer holds nothing usable");
            Ok((String::new(), Err("The answer is empty or cannot be read.".to_owned())))
        }
        Err(other) => Err(other),
    }
}

fn summary_question(turn: &Turn, run: &Run, explanation: &str) -> String {
    let mut text = format!("{}\n\n", prompt::request(turn));
    if let Some(notes) = turn.notes() {
        text.push_str(&format!("What a model saw in the pictures:\n{}\n\n", prompt::fenced("NOTES", notes)));
    }
    if !explanation.is_empty() {
        text.push_str(&format!("What the script was meant to do:\n{}\n\n", prompt::fenced("PLAN", explanation)));
    }
    text.push_str(&format!("What it printed:\n{}\n\n", prompt::fenced("OUTPUT", &run.stdout)));
    text.push_str(&format!("Files it left:\n{}\n", prompt::fenced("FILES", &run.outputs.join("\n"))));
    text
}

/// Calls the built-in rules with the pictures as they stand in the box.
fn with_pictures<T>(evidence: &[Value], act: impl FnOnce(&[builtin::Picture<'_>]) -> T) -> T {
    let count = evidence.len();
    let paths: Vec<(String, String)> = (0..count)
        .map(|index| {
            (format!("/box/in/{}", input_name(index, count)), format!("/box/in/{}", evidence_name(index, count)))
        })
        .collect();
    let pictures: Vec<builtin::Picture<'_>> = paths
        .iter()
        .zip(evidence)
        .map(|((image_path, evidence_path), evidence)| builtin::Picture { image_path, evidence_path, evidence })
        .collect();
    act(&pictures)
}
