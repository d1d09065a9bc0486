//! One turn of thinking, from the command to one action.

use crate::agent::{Roles, Settings};
use crate::call::{Calls, Question};
use crate::decide::{Decision, Purpose, decide};
use crate::keys::StepKeys;
use crate::links;
use crate::notes::{self, By};
use crate::outcome::{Act, Thought};
use crate::parse;
use crate::prices::Prices;
use crate::prompt;
use crate::prompt::fenced;
use crate::summary::{self, Because};
use crate::turn::{Attempt, Past, Run, Turn};
use blob::{BlobError, BlobKey, InvalidKey, SharedStore};
use bus::SharedBus;
use common::Failure;
use common::execution::MAX_JOB_CODE_BYTES;
use common::picture::{evidence_name, input_name};
use common::spend::Spending;
use llm::{Chain, ErrorKind, Message, Model, ModelError, Part, Role, RoleName, Speaker, builtin};
use serde_json::Value;
use tokio::sync::Semaphore;

/// Largest stored event that is read back, in bytes.
pub const EVENT_BYTES: u64 = 128 * 1024;

/// Name of the built-in rules where a model's name stands.
const BUILTIN: &str = "builtin";

/// What stands in place of an answer of the vision model.
const NO_ANSWER: &str = "The vision model could not be asked.";

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
    /// The job may spend no more.
    #[error("{0}")]
    Budget(Failure),
}

/// Thinks. Holds no state of any turn.
pub struct Thinker {
    pub store: SharedStore,
    /// Where whoever watches is told what a model is writing.
    pub bus: SharedBus,
    pub roles: Roles,
    pub settings: Settings,
    /// Pictures are decoded one at a time: each may take hundreds of megabytes.
    pub decoding: Semaphore,
    pub prompt_version: String,
    pub prices: Prices,
}

impl Thinker {
    /// One action for this turn.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn think(&self, turn: &Turn, keys: &StepKeys, calls: &mut Calls<'_>) -> Result<Thought, Trouble> {
        let roles = self.roles.chosen(turn.models);
        let decision = decide(turn, roles.models());
        match (decision, &roles) {
            (Decision::AskVision, Roles { vision: Role::Model(models), .. }) => self.look(turn, models, calls).await,
            (Decision::AnswerQuestion, Roles { vision: Role::Model(models), .. }) => {
                self.answer_question(turn, models, calls).await
            }
            (Decision::Criticise, Roles { vision: Role::Model(models), .. }) => {
                self.criticise(turn, models, calls).await
            }
            (Decision::SumUp, _) => self.sum_up(turn, calls).await,
            (Decision::GiveUp, _) => Ok(by_rule(Act::Finish(summary::gave_up(turn)))),
            // Only the numbers are wanted again: rules do that, whoever wrote the code before.
            (_, Roles { code: Role::Model(models), .. }) if !turn.is_calibration() => {
                let purpose = if let Decision::WriteCode(purpose) = decision { purpose } else { Purpose::Work };
                self.write(turn, purpose, keys, models, calls).await
            }
            _ => self.write_by_rule(turn, keys).await,
        }
    }

    /// Asks the vision model one question about a part of a picture. Where it fails the job goes on without.
    async fn answer_question(&self, turn: &Turn, models: &Chain, calls: &mut Calls<'_>) -> Result<Thought, Trouble> {
        let Some(closer) = turn.open_question() else {
            return Ok(by_rule(Act::Unusable("There is no question to answer.".to_owned())));
        };
        let whole = turn.pictures.get(closer.picture).map(|picture| &picture.blob_key);
        let part = BlobKey::parse(&closer.image_key).ok();
        let image = match part.as_ref().or(whole) {
            Some(key) => self.part(key).await?,
            None => None,
        };
        let mut text = fenced("QUESTION", &closer.question);
        if !closer.read.is_empty() {
            text.push_str(&format!("\n\n{}", fenced("READ", &closer.read)));
        }
        let Some(image) = image else {
            return Ok(self.by_model(Act::Notes(NO_ANSWER.to_owned()), calls.usage, models.name(), None));
        };
        let messages = vec![Message { speaker: Speaker::User, parts: vec![Part::Text(text), image] }];
        let max_tokens = self.settings.vision_max_tokens;
        let question = Question::new(RoleName::Vision, prompt::CLOSER, messages, max_tokens);
        let (said, name, told) = match calls.ask(models, question).await {
            Ok(reply) => (parse::prose(&reply.text), reply.model.clone(), notes::on_reply(RoleName::Vision, &reply)),
            Err(Trouble::Model(error)) => {
                tracing::warn!(job.id = %turn.job_id, step.id = %turn.step_id, llm.error = %error, "a question to the vision model is left out");
                let told = notes::on_failure(RoleName::Vision, By::Nobody, &error);
                (String::new(), models.name().to_owned(), Some(told))
            }
            Err(other) => return Err(other),
        };
        let said = if said.is_empty() { NO_ANSWER.to_owned() } else { said };
        Ok(self.by_model(Act::Notes(said), calls.usage, &name, told))
    }

    /// Asks the vision model. Where it fails the job goes on with what was measured.
    async fn look(&self, turn: &Turn, models: &Chain, calls: &mut Calls<'_>) -> Result<Thought, Trouble> {
        let mut parts = vec![Part::Text(format!(
            "{}\n\n{}\nThe pictures follow in this order.",
            prompt::request(turn),
            prompt::pictures(turn, &self.excerpts(turn).await?)
        ))];
        parts.extend(self.parts(turn).await?);
        let asked = if parts.len() == 1 {
            Err(ModelError::new(ErrorKind::BadAnswer, models.name(), "no picture could be prepared").into())
        } else {
            let messages = vec![Message { speaker: Speaker::User, parts }];
            let max_tokens = self.settings.vision_max_tokens;
            calls.ask(models, Question::new(RoleName::Vision, prompt::VISION, messages, max_tokens)).await
        };
        let (said, name, told) = match asked {
            Ok(reply) => (parse::prose(&reply.text), reply.model.clone(), notes::on_reply(RoleName::Vision, &reply)),
            Err(Trouble::Model(error)) => {
                tracing::warn!(job.id = %turn.job_id, step.id = %turn.step_id, llm.error = %error, "the vision model is left out");
                let told = notes::on_failure(RoleName::Vision, By::Nobody, &error);
                (String::new(), models.name().to_owned(), Some(told))
            }
            Err(other) => return Err(other),
        };
        let said = if said.is_empty() {
            "The vision model could not be asked; there is only what was measured.".to_owned()
        } else {
            said
        };
        Ok(self.by_model(Act::Notes(said), calls.usage, &name, told))
    }

    pub(crate) async fn write_by_rule(&self, turn: &Turn, keys: &StepKeys) -> Result<Thought, Trouble> {
        if turn.is_calibration() && turn.past.iter().all(|past| matches!(past, Past::Notes(_))) {
            let earlier = turn.earlier.as_ref().filter(|earlier| earlier.has_overlay && earlier.model != BUILTIN);
            if earlier.is_some() && turn.pictures.len() == 1 {
                let draft = builtin::recalibrate();
                return Ok(by_rule(self.code(keys, draft.code, draft.explanation).await?));
            }
        }
        let evidence = self.evidence(turn).await?;
        let failures: Vec<String> = turn.past.iter().filter_map(prompt::failure).collect();
        let draft =
            with_pictures(&evidence, |pictures| builtin::write_code(pictures, &turn.requests().join("\n"), &failures));
        if draft.code.len() > MAX_JOB_CODE_BYTES {
            return Ok(by_rule(Act::Unusable("The built-in rules wrote more code than a job may have.".to_owned())));
        }
        Ok(by_rule(self.code(keys, draft.code, draft.explanation).await?))
    }

    pub(crate) async fn code(&self, keys: &StepKeys, code: String, explanation: String) -> Result<Act, Trouble> {
        let key = keys.code()?;
        if let Err(error) = self.store.put(&key, code.clone().into_bytes().into()).await {
            // It travels in the event too; only a later repair would miss it.
            tracing::error!(blob.key = %key, blob.error = ?error.kind, "code could not be stored");
        }
        Ok(Act::Code { code, code_key: key.as_str().to_owned(), explanation })
    }

    /// The code worked. Whatever happens to the model now, the person gets the result.
    pub(crate) async fn sum_up(&self, turn: &Turn, calls: &mut Calls<'_>) -> Result<Thought, Trouble> {
        let Some((attempt, run)) = turn.best_attempt().and_then(|attempt| Some((attempt, attempt.run.as_ref()?)))
        else {
            return Ok(by_rule(Act::Finish(summary::gave_up(turn))));
        };
        let roles = self.roles.chosen(turn.models);
        let Role::Model(models) = &roles.reasoning else {
            let text = match roles.code {
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
        if turn.is_calibration() {
            let text = summary::worked(&self.explanation(&attempt.code_key).await, run, Because::NumbersOnly);
            return Ok(by_rule(Act::Finish(text)));
        }
        let explanation = self.explanation(&attempt.code_key).await;
        let messages = vec![Message::user(summary_question(turn, attempt, run, &explanation))];
        let max_tokens = self.settings.summary_max_tokens;
        let question = Question::new(RoleName::Reasoning, prompt::SUMMARY, messages, max_tokens);
        let (said, name, told) = match calls.ask(models, question).await {
            Ok(reply) => (parse::prose(&reply.text), reply.model.clone(), notes::on_reply(RoleName::Reasoning, &reply)),
            Err(Trouble::Model(error)) => {
                tracing::warn!(job.id = %turn.job_id, step.id = %turn.step_id, llm.error = %error, "summed up without the model");
                let told = notes::on_failure(RoleName::Reasoning, By::Nobody, &error);
                (String::new(), String::new(), Some(told))
            }
            Err(Trouble::Budget(_)) => {
                let text = summary::worked(&explanation, run, Because::Budget);
                return Ok(by_rule(Act::Finish(text)));
            }
            Err(other) => return Err(other),
        };
        if said.is_empty() {
            let text = summary::worked(&explanation, run, Because::ModelFailed);
            let notes = told.into_iter().collect();
            return Ok(Thought { usage: calls.usage, notes, ..by_rule(Act::Finish(text)) });
        }
        let (said, had_links) = links::removed(&said);
        let mut thought = self.by_model(Act::Finish(said), calls.usage, &name, told);
        thought.notes.extend(had_links.then(|| links::NOTE.to_owned()));
        Ok(thought)
    }

    pub(crate) fn by_model(&self, action: Act, usage: Spending, model: &str, note: Option<String>) -> Thought {
        let (model, notes) = (model.to_owned(), note.into_iter().collect());
        Thought { action, usage, model, prompt_version: self.prompt_version.clone(), notes }
    }
}

fn by_rule(action: Act) -> Thought {
    Thought {
        action,
        usage: Spending::default(),
        model: BUILTIN.to_owned(),
        prompt_version: String::new(),
        notes: Vec::new(),
    }
}

fn summary_question(turn: &Turn, attempt: &Attempt, run: &Run, explanation: &str) -> String {
    let mut text = format!("{}\n\n", prompt::request(turn));
    if let Some(notes) = turn.notes() {
        text.push_str(&format!("What a model saw in the pictures:\n{}\n\n", prompt::fenced("NOTES", notes)));
    }
    if !explanation.is_empty() {
        text.push_str(&format!("What the script was meant to do:\n{}\n\n", prompt::fenced("PLAN", explanation)));
    }
    text.push_str(&format!("What it printed:\n{}\n\n", prompt::fenced("OUTPUT", &run.stdout)));
    if let Some(comparison) = &attempt.comparison {
        let mut found = vec![format!("Score: {:.0} of 100.", 100.0 * comparison.score)];
        found.extend(comparison.visual_report.iter().cloned());
        text.push_str(&format!(
            "The result was held against the picture:\n{}\n\n",
            prompt::fenced("MEASURED", &found.join("\n"))
        ));
    }
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
