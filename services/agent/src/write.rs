//! Asking the code models: for one action, as a call of a tool, as a JSON object or as text, whichever their server knows.

use crate::call::{Calls, Question};
use crate::decide::Purpose;
use crate::keys::StepKeys;
use crate::notes::{self, By};
use crate::offer::Offer;
use crate::outcome::{Act, Thought};
use crate::parse::{self, Reason, Wanted};
use crate::prompt;
use crate::text::head;
use crate::think::{Thinker, Trouble};
use crate::turn::Turn;
use common::spend::Spending;
use llm::{Chain, ErrorKind, Message, Model, ModelError, Reply, RoleName, ToolCall};

/// Longest unusable answer that is shown to the model again, in bytes.
const REPAIR_BYTES: usize = 8 * 1024;

impl Thinker {
    /// Asks the code models; once more when there is no usable action in the answer. Where none of them gives any
    /// answer, the rules write the code, if they may.
    pub(crate) async fn write(
        &self,
        turn: &Turn,
        purpose: Purpose,
        keys: &StepKeys,
        models: &Chain,
        calls: &mut Calls<'_>,
    ) -> Result<Thought, Trouble> {
        let offer = Offer::of(turn, purpose, self.roles.chosen(turn.models).models().vision);
        let codes = self.codes(turn).await?;
        let messages = prompt::code_conversation(turn, &self.excerpts(turn).await?, &codes, purpose, &offer);
        let mut messages = prompt::pruned(messages, self.settings.conversation_bytes());
        let first = match calls.ask(models, self.code_question(&messages, &offer)).await {
            Ok(reply) => Asked::Reply(reply),
            Err(Trouble::Model(error)) if error.kind == ErrorKind::BadAnswer => {
                tracing::warn!(llm.error = %error, "the model's answer holds nothing usable");
                Asked::Useless(error)
            }
            Err(Trouble::Model(error)) => return self.stand_in(turn, keys, calls.usage, error).await,
            Err(other) => return Err(other),
        };
        let reason = match first.action(&offer) {
            Ok(wanted) => return self.wanted(turn, keys, wanted, &first, models, calls).await,
            Err(reason) => reason,
        };
        let answer = first.text();
        if !answer.trim().is_empty() {
            messages.push(Message::assistant(head(&answer, REPAIR_BYTES)));
        }
        messages.push(Message::user(format!("{reason} {}", prompt::REPAIR)));
        let second = match calls.ask(models, self.code_question(&messages, &offer)).await {
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
        match (second.action(&offer), &first, second) {
            (Ok(wanted), _, second) => self.wanted(turn, keys, wanted, &second, models, calls).await,
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

    fn code_question(&self, messages: &[Message], offer: &Offer) -> Question {
        let max_tokens = self.settings.code_max_tokens;
        Question {
            schema: Some(offer.schema()),
            tools: offer.tools(),
            ..Question::new(RoleName::Code, prompt::CODE, messages.to_vec(), max_tokens)
        }
    }

    /// Does what the model wants.
    async fn wanted(
        &self,
        turn: &Turn,
        keys: &StepKeys,
        wanted: Wanted,
        from: &Asked,
        models: &Chain,
        calls: &mut Calls<'_>,
    ) -> Result<Thought, Trouble> {
        let act = match wanted {
            Wanted::Code(found) => self.code(keys, found.code, found.explanation).await?,
            Wanted::Look(look) => Act::Look(look),
            // No better result is to be had: the best is summed up, as it would be in a turn of its own.
            Wanted::Finish => {
                let mut thought = self.sum_up(turn, calls).await?;
                thought.usage = calls.usage;
                thought.notes.extend(from.note());
                return Ok(thought);
            }
        };
        Ok(self.by_model(act, calls.usage, from.model(models), from.note()))
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
}

/// What came of asking for an action: an answer, or none with anything in it.
enum Asked {
    Reply(Reply),
    Useless(ModelError),
}

impl Asked {
    fn action(&self, offer: &Offer) -> Result<Wanted, Reason> {
        match self {
            Self::Reply(reply) => parse::action(reply, offer),
            Self::Useless(_) => Err("The answer is empty or cannot be read.".to_owned()),
        }
    }

    /// What it said, calls of tools as models write them.
    fn text(&self) -> String {
        let Self::Reply(reply) = self else { return String::new() };
        let call = |ToolCall { name, arguments }: &ToolCall| {
            format!("<tool_call>\n{{\"name\": {name:?}, \"arguments\": {arguments}}}\n</tool_call>")
        };
        let said = std::iter::once(reply.text.trim().to_owned()).chain(reply.tool_calls.iter().map(call));
        said.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
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
