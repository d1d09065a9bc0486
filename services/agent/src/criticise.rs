//! A model compares what was drawn with the pictures it was drawn from. It is a critic beside the measured one, never in its
//! place: separate critics help, one for everything is worse than none (METAL on ChartMimic, arXiv 2502.17651).

use crate::call::{Calls, Question};
use crate::notes::{self, By};
use crate::outcome::{Act, Thought};
use crate::parse::{self, differences};
use crate::prompt;
use crate::text::head;
use crate::think::{Thinker, Trouble};
use crate::turn::Turn;
use blob::BlobKey;
use common::compare::Critique;
use llm::{Chain, Message, Model, Part, Reply, RoleName, Speaker};

/// Most pictures of each side that are shown.
const MOST_SHOWN: usize = 4;

/// Longest unusable answer that is shown to the model again, in bytes.
const REPAIR_BYTES: usize = 4096;

impl Thinker {
    /// Asks the vision model how the last attempt's pictures differ from the originals; once more where the answer holds no
    /// list. Where it fails the job goes on with what was measured.
    pub(crate) async fn criticise(
        &self,
        turn: &Turn,
        models: &Chain,
        calls: &mut Calls<'_>,
    ) -> Result<Thought, Trouble> {
        let Some(parts) = self.both_sides(turn).await? else {
            return Ok(self.by_model(Act::Critique(Critique::default()), calls.usage, models.name(), None));
        };
        let mut messages = vec![Message { speaker: Speaker::User, parts }];
        let first = match self.asked(models, &messages, calls).await? {
            Ok(reply) => reply,
            Err(thought) => return Ok(*thought),
        };
        let reason = match parse::differences(&first) {
            Ok(differences) => return Ok(self.critique(differences, &first, calls)),
            Err(reason) => reason,
        };
        let said = head(first.text.trim(), REPAIR_BYTES);
        if !said.is_empty() {
            messages.push(Message::assistant(said));
        }
        messages.push(Message::user(format!("{} {}", differences::wrong(&reason), prompt::CRITIC_REPAIR)));
        let second = match self.asked(models, &messages, calls).await? {
            Ok(reply) => reply,
            Err(thought) => return Ok(*thought),
        };
        match parse::differences(&second) {
            Ok(differences) => Ok(self.critique(differences, &second, calls)),
            Err(_) => {
                let note = "The vision model's comparison of the pictures could not be read and was left out.";
                let act = Act::Critique(Critique::default());
                Ok(self.by_model(act, calls.usage, &second.model, Some(note.to_owned())))
            }
        }
    }

    /// An answer, or what the turn comes to without one.
    async fn asked(
        &self,
        models: &Chain,
        messages: &[Message],
        calls: &mut Calls<'_>,
    ) -> Result<Result<Reply, Box<Thought>>, Trouble> {
        let question = Question {
            schema: Some(differences::schema()),
            ..Question::new(RoleName::Vision, prompt::CRITIC, messages.to_vec(), self.settings.vision_max_tokens)
        };
        match calls.ask(models, question).await {
            Ok(reply) => Ok(Ok(reply)),
            Err(Trouble::Model(error)) => {
                tracing::warn!(llm.error = %error, "the comparison of pictures is left out");
                Ok(self.without(calls, models, Some(notes::on_failure(RoleName::Vision, By::Nobody, &error))))
            }
            // The result stands: what could still be said of it is not worth the job.
            Err(Trouble::Budget(_)) => Ok(self.without(calls, models, None)),
            Err(other) => Err(other),
        }
    }

    fn without(&self, calls: &Calls<'_>, models: &Chain, note: Option<String>) -> Result<Reply, Box<Thought>> {
        let act = Act::Critique(Critique::default());
        Err(Box::new(self.by_model(act, calls.usage, models.name(), note)))
    }

    fn critique(&self, differences: Vec<common::compare::Difference>, reply: &Reply, calls: &Calls<'_>) -> Thought {
        let critique = Critique { model: reply.model.clone(), differences };
        self.by_model(Act::Critique(critique), calls.usage, &reply.model, notes::on_reply(RoleName::Vision, reply))
    }

    /// The request, the originals, what was drawn; nothing where one side has no picture that can be shown.
    async fn both_sides(&self, turn: &Turn) -> Result<Option<Vec<Part>>, Trouble> {
        let mut parts = vec![Part::Text(prompt::request(turn))];
        let originals: Vec<BlobKey> = turn.pictures.iter().map(|picture| picture.blob_key.clone()).collect();
        let redrawn: Vec<BlobKey> = turn
            .uncriticised()
            .iter()
            .flat_map(|attempt| &attempt.redrawn)
            .filter_map(|key| BlobKey::parse(key).ok())
            .collect();
        for (what, keys) in [("Original", originals), ("Redrawn", redrawn)] {
            let mut shown = 0;
            for key in keys.iter().take(MOST_SHOWN) {
                if let Some(part) = self.part(key).await? {
                    shown += 1;
                    parts.push(Part::Text(format!("{what} {shown}:")));
                    parts.push(part);
                }
            }
            if shown == 0 {
                return Ok(None);
            }
        }
        Ok(Some(parts))
    }
}
