//! One turn of thinking, from the command to one action.

use crate::agent::{Roles, Settings};
use crate::call::{Calls, Question};
use crate::decide::{Decision, Models, Purpose, decide};
use crate::keys::StepKeys;
use crate::links;
use crate::notes::{self, By};
use crate::outcome::{Act, Thought};
use crate::parse::{self, Found, Reason};
use crate::prices::Prices;
use crate::prompt;
use crate::prompt::fenced;
use crate::summary::{self, Because};
use crate::text::head;
use crate::turn::{Attempt, Past, Run, Turn};
use blob::{BlobError, BlobKey, InvalidKey, SharedStore};
use common::Failure;
use common::execution::MAX_JOB_CODE_BYTES;
use common::picture::{evidence_name, input_name};
use common::spend::Spending;
use llm::{Chain, ErrorKind, Message, Model, ModelError, Part, Reply, Role, RoleName, Speaker, builtin};
use serde_json::Value;
use tokio::sync::Semaphore;

/// Longest unusable answer that is shown to the model again, in bytes.
const REPAIR_BYTES: usize = 8 * 1024;

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
    pub async fn think(&self, turn: &Turn, keys: &StepKeys) -> Result<Thought, Trouble> {
        let mut calls = Calls::new(&self.store, keys, turn, &self.prices);
        let decision = decide(turn, self.models());
        match (decision, &self.roles) {
            (Decision::AskVision, Roles { vision: Role::Model(models), .. }) => {
                self.look(turn, models, &mut calls).await
            }
            (Decision::AnswerQuestion, Roles { vision: Role::Model(models), .. }) => {
                self.answer_question(turn, models, &mut calls).await
            }
            (Decision::SumUp, _) => self.sum_up(turn, &mut calls).await,
            (Decision::GiveUp, _) => Ok(by_rule(Act::Finish(summary::gave_up(turn)))),
            // Only the numbers are wanted again: rules do that, whoever wrote the code before.
            (_, Roles { code: Role::Model(models), .. }) if !turn.is_calibration() => {
                let purpose = if let Decision::WriteCode(purpose) = decision { purpose } else { Purpose::Work };
                self.write(turn, purpose, keys, models, &mut calls).await
            }
            _ => self.write_by_rule(turn, keys).await,
        }
    }

    fn models(&self) -> Models {
        Models { vision: matches!(self.roles.vision, Role::Model(_)), code: matches!(self.roles.code, Role::Model(_)) }
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
        let question = Question { role: RoleName::Vision, system: prompt::CLOSER, messages, max_tokens };
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
            calls.ask(models, Question { role: RoleName::Vision, system: prompt::VISION, messages, max_tokens }).await
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

    /// Asks the code models; once more when there is no usable code in the answer. Where none of them gives any
    /// answer, the rules write the code, if they may.
    async fn write(
        &self,
        turn: &Turn,
        purpose: Purpose,
        keys: &StepKeys,
        models: &Chain,
        calls: &mut Calls<'_>,
    ) -> Result<Thought, Trouble> {
        let codes = self.codes(turn).await?;
        let messages = prompt::code_conversation(turn, &self.excerpts(turn).await?, &codes, purpose);
        let mut messages = prompt::pruned(messages, self.settings.conversation_bytes());
        let first = match calls.ask(models, self.code_question(&messages)).await {
            Ok(reply) => Asked::Reply(reply),
            Err(Trouble::Model(error)) if error.kind == ErrorKind::BadAnswer => {
                tracing::warn!(llm.error = %error, "the model's answer holds nothing usable");
                Asked::Useless(error)
            }
            Err(Trouble::Model(error)) => return self.stand_in(turn, keys, calls.usage, error).await,
            Err(other) => return Err(other),
        };
        if turn.looks_left > 0
            && let Some(look) = first.look(turn)
        {
            return Ok(self.by_model(Act::Look(look), calls.usage, first.model(models), first.note()));
        }
        let reason = match first.code() {
            Ok(found) => return self.written(keys, found, calls.usage, &first, models).await,
            Err(reason) => reason,
        };
        let answer = first.text();
        if !answer.trim().is_empty() {
            messages.push(Message::assistant(head(answer, REPAIR_BYTES)));
        }
        messages.push(Message::user(format!("{reason} {}", prompt::REPAIR)));
        let second = match calls.ask(models, self.code_question(&messages)).await {
            Ok(reply) => Asked::Reply(reply),
            // What the first answer cost is accounted for here, whatever becomes of the turn.
            Err(Trouble::Model(error)) => {
                tracing::warn!(job.id = %turn.job_id, step.id = %turn.step_id, llm.error = %error, "the model could not be asked again");
                Asked::Useless(error)
            }
            Err(Trouble::Budget(_)) => {
                return Ok(self.by_model(Act::Unusable(reason), calls.usage, first.model(models), first.note()));
            }
            Err(other) => return Err(other),
        };
        match (second.code(), &first, second) {
            (Ok(found), _, second) => self.written(keys, found, calls.usage, &second, models).await,
            // Neither brought any text: nobody answers here.
            (Err(_), Asked::Useless(_), Asked::Useless(error)) if self.settings.rules_stand_in => {
                self.stand_in(turn, keys, calls.usage, error).await
            }
            (Err(again), first, second) => {
                let (reason, from) = if let Asked::Reply(_) = second { (again, &second) } else { (reason, first) };
                Ok(self.by_model(Act::Unusable(reason), calls.usage, from.model(models), from.note()))
            }
        }
    }

    fn code_question(&self, messages: &[Message]) -> Question {
        let max_tokens = self.settings.code_max_tokens;
        Question { role: RoleName::Code, system: prompt::CODE, messages: messages.to_vec(), max_tokens }
    }

    async fn written(
        &self,
        keys: &StepKeys,
        found: Found,
        usage: Spending,
        from: &Asked,
        models: &Chain,
    ) -> Result<Thought, Trouble> {
        let act = self.code(keys, found.code, found.explanation).await?;
        Ok(self.by_model(act, usage, from.model(models), from.note()))
    }

    /// The last of the chain: no model gave an answer, so the rules write the code, and the person is told.
    async fn stand_in(
        &self,
        turn: &Turn,
        keys: &StepKeys,
        usage: Spending,
        error: ModelError,
    ) -> Result<Thought, Trouble> {
        if !self.settings.rules_stand_in {
            return Err(error.into());
        }
        tracing::warn!(job.id = %turn.job_id, step.id = %turn.step_id, llm.error = %error, "the built-in rules stand in for the model");
        let note = notes::on_failure(RoleName::Code, By::Rules, &error);
        Ok(Thought { usage, notes: vec![note], ..self.write_by_rule(turn, keys).await? })
    }

    async fn write_by_rule(&self, turn: &Turn, keys: &StepKeys) -> Result<Thought, Trouble> {
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
        let Some((attempt, run)) = turn.best_attempt().and_then(|attempt| Some((attempt, attempt.run.as_ref()?)))
        else {
            return Ok(by_rule(Act::Finish(summary::gave_up(turn))));
        };
        let Role::Model(models) = &self.roles.reasoning else {
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
        if turn.is_calibration() {
            let text = summary::worked(&self.explanation(&attempt.code_key).await, run, Because::NumbersOnly);
            return Ok(by_rule(Act::Finish(text)));
        }
        let explanation = self.explanation(&attempt.code_key).await;
        let question = Question {
            role: RoleName::Reasoning,
            system: prompt::SUMMARY,
            messages: vec![Message::user(summary_question(turn, attempt, run, &explanation))],
            max_tokens: self.settings.summary_max_tokens,
        };
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

    fn by_model(&self, action: Act, usage: Spending, model: &str, note: Option<String>) -> Thought {
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

/// What came of asking for code: an answer, or none with any text in it.
enum Asked {
    Reply(Reply),
    Useless(ModelError),
}

impl Asked {
    /// What it wants to look at, where that is all it says.
    fn look(&self, turn: &Turn) -> Option<parse::Look> {
        let sizes: Vec<(u32, u32)> = turn.pictures.iter().map(|picture| (picture.width, picture.height)).collect();
        match self {
            Self::Reply(reply) => parse::look(&reply.text, &sizes),
            Self::Useless(_) => None,
        }
    }

    fn code(&self) -> Result<Found, Reason> {
        match self {
            Self::Reply(reply) => parse::code(&reply.text, reply.cut_off),
            Self::Useless(_) => Err("The answer is empty or cannot be read.".to_owned()),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Reply(reply) => &reply.text,
            Self::Useless(_) => "",
        }
    }

    /// Who answered; without an answer whoever should have.
    fn model<'a>(&'a self, models: &'a Chain) -> &'a str {
        match self {
            Self::Reply(reply) => &reply.model,
            Self::Useless(_) => models.name(),
        }
    }

    fn note(&self) -> Option<String> {
        match self {
            Self::Reply(reply) => notes::on_reply(RoleName::Code, reply),
            Self::Useless(_) => None,
        }
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
