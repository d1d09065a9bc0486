//! What a turn reads from the store before it asks.

use crate::evidence::{self, Excerpt, SHOWN_BYTES};
use crate::keys::StepKeys;
use crate::prompt::Codes;
use crate::think::{EVENT_BYTES, Thinker, Trouble};
use crate::turn::{Past, Turn};
use crate::{picture, prompt};
use blob::BlobKey;
use common::execution::MAX_JOB_CODE_BYTES;
use common::picture::input_name;
use common::wire::agent_v1::thought::Action;
use common::wire::{decode, jobs_v1};
use llm::Part;
use serde_json::Value;

impl Thinker {
    /// What was measured, one value per picture.
    ///
    /// # Errors
    /// The store cannot be read now.
    pub async fn evidence(&self, turn: &Turn) -> Result<Vec<Value>, Trouble> {
        let mut all = Vec::with_capacity(turn.pictures.len());
        for picture in &turn.pictures {
            all.push(evidence::load(&*self.store, &picture.evidence_key).await?);
        }
        Ok(all)
    }

    /// The same, cut to what one question may carry.
    pub async fn excerpts(&self, turn: &Turn) -> Result<Vec<Excerpt>, Trouble> {
        let limit = SHOWN_BYTES.min(self.settings.evidence_bytes()) / turn.pictures.len().max(1);
        Ok(self.evidence(turn).await?.iter().map(|evidence| evidence::excerpt(evidence, limit)).collect())
    }

    /// The pictures for the vision model. One that cannot be prepared is left out.
    pub async fn parts(&self, turn: &Turn) -> Result<Vec<Part>, Trouble> {
        let mut parts = Vec::new();
        for (index, picture) in turn.pictures.iter().enumerate() {
            if let Some(part) = self.part(&picture.blob_key).await? {
                parts.push(Part::Text(format!("/box/in/{}:", input_name(index, turn.pictures.len()))));
                parts.push(part);
            }
        }
        Ok(parts)
    }

    /// One picture for the vision model; nothing where it cannot be prepared.
    pub async fn part(&self, key: &BlobKey) -> Result<Option<Part>, Trouble> {
        let Ok(_one_at_a_time) = self.decoding.acquire().await else { return Ok(None) };
        let png = match self.store.get(key, picture::STORED_BYTES).await {
            Ok(png) => png,
            Err(error) if error.kind == blob::ErrorKind::Unavailable => return Err(error.into()),
            Err(error) => {
                tracing::error!(blob.key = %key, blob.error = ?error.kind, "picture cannot be read");
                return Ok(None);
            }
        };
        let longest_side = self.settings.vision_longest_side;
        match tokio::task::spawn_blocking(move || picture::part(&png, longest_side)).await {
            Ok(Ok(part)) => Ok(Some(part)),
            _ => {
                tracing::error!(blob.key = %key, "picture cannot be prepared for the vision model");
                Ok(None)
            }
        }
    }

    /// Codes of the last attempts, and of the job this one goes on from.
    pub async fn codes(&self, turn: &Turn) -> Result<Codes, Trouble> {
        let attempts = turn.past.iter().enumerate().filter_map(|(index, past)| match past {
            Past::Attempt(attempt) => Some((index, attempt)),
            _ => None,
        });
        let mut codes = Codes::default();
        for (index, attempt) in attempts.rev().take(prompt::ATTEMPTS_WITH_CODE) {
            if let Some(code) = self.script(&attempt.code_key).await? {
                codes.attempts.push((index, code));
            }
        }
        if let Some(earlier) = &turn.earlier {
            codes.earlier = self.script(&earlier.code_key).await?;
        }
        Ok(codes)
    }

    async fn script(&self, key: &str) -> Result<Option<String>, Trouble> {
        let Ok(key) = BlobKey::parse(key) else { return Ok(None) };
        match self.store.get(&key, MAX_JOB_CODE_BYTES as u64).await {
            Ok(code) => Ok(Some(String::from_utf8_lossy(&code).into_owned())),
            Err(error) if error.kind == blob::ErrorKind::Unavailable => Err(error.into()),
            Err(error) => {
                tracing::warn!(blob.key = %key, blob.error = ?error.kind, "earlier code is left out");
                Ok(None)
            }
        }
    }

    /// What the author of the code said about it; empty where that cannot be read any more.
    pub async fn explanation(&self, code_key: &str) -> String {
        let key = StepKeys::of_code(code_key).and_then(|keys| keys.event().ok());
        let Some(key) = key else { return String::new() };
        let Ok(bytes) = self.store.get(&key, EVENT_BYTES).await else { return String::new() };
        let outcome = decode::<jobs_v1::StepEvent>(&bytes).ok().and_then(|event| event.outcome);
        match outcome {
            Some(jobs_v1::step_event::Outcome::Thought(thought)) => match thought.action {
                Some(Action::WriteCode(written)) => written.explanation,
                _ => String::new(),
            },
            _ => String::new(),
        }
    }
}
