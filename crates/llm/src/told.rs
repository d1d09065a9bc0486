//! What is told of a model call: a span by the conventions for generative AI, and metrics. Questions and answers are told
//! only where the operator wants it, pictures never.

use crate::{ErrorKind, Heard, ModelError, OnText, Part, Reply, Request, Speaker};
use chrono::{DateTime, SecondsFormat, Utc};
use common::job::Usage;
use common::spend::Price;
use observe::table::{MODEL_CALLS, MODEL_COST, MODEL_TOKENS};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tracing::Span;
use tracing::field::Empty;

/// What there is to tell of a model's calls.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Telling {
    /// What it costs.
    pub price: Price,
    /// Whether questions and answers are told, to Langfuse alone.
    pub content: bool,
}

/// A call under way.
pub(crate) struct Told {
    pub(crate) span: Span,
    telling: Telling,
    started: Instant,
    first: Arc<OnceLock<DateTime<Utc>>>,
    role: &'static str,
    model: String,
}

impl Told {
    /// A call to the model begins. From then on the request tells when its answer begins.
    pub(crate) fn begin(model: &str, host: Option<&str>, telling: Telling, request: &mut Request) -> Self {
        let role = request.step.role.as_str();
        let span = tracing::info_span!(
            "model call", otel.kind = "client", otel.name = %format_args!("chat {model}"),
            gen_ai.operation.name = "chat", gen_ai.provider.name = "openai", gen_ai.request.model = model,
            gen_ai.request.max_tokens = request.max_tokens, gen_ai.response.model = Empty,
            gen_ai.response.finish_reasons = Empty, gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty, server.address = host.unwrap_or_default(), darkroom.role = role,
            darkroom.cost_usd = Empty, job.id = %request.step.job_id, step.id = %request.step.step_id,
            langfuse.observation.type = "generation", langfuse.user.id = Empty,
            langfuse.session.id = %request.step.job_id, langfuse.trace.name = "job", langfuse.trace.tags = role,
            langfuse.observation.prompt.name = Empty, langfuse.observation.prompt.hash = Empty,
            langfuse.observation.model.parameters = %json!({ "max_tokens": request.max_tokens }),
            langfuse.observation.input = Empty, langfuse.observation.output = Empty,
            langfuse.observation.usage_details = Empty, langfuse.observation.cost_details = Empty,
            langfuse.observation.completion_start_time = Empty, langfuse.observation.level = Empty,
            langfuse.observation.status_message = Empty
        );
        if !request.owner.is_empty() {
            span.record("langfuse.user.id", request.owner.as_str());
        }
        if !request.prompt.is_empty() {
            span.record("langfuse.observation.prompt.name", request.prompt);
            span.record("langfuse.observation.prompt.hash", hash_of(&request.system));
        }
        if telling.content {
            span.record("langfuse.observation.input", input(request).to_string());
        }
        let first = Arc::new(OnceLock::new());
        let (heard_first, before) = (first.clone(), request.on_text.take());
        request.on_text = Some(OnText::new(move |heard| {
            if matches!(heard, Heard::Text(_)) {
                heard_first.get_or_init(Utc::now);
            }
            if let Some(before) = &before {
                before.tell(heard);
            }
        }));
        Self { span, telling, started: Instant::now(), first, role, model: model.to_owned() }
    }

    /// What came of it.
    pub(crate) fn end(&self, answer: &Result<Reply, ModelError>) {
        let (usage, outcome) = match answer {
            Ok(reply) => (reply.usage, "ok"),
            Err(error) => (error.usage, word(error.kind)),
        };
        self.spent(usage);
        observe::histogram!(MODEL_CALLS, "role" => self.role, "model" => self.model.clone(), "outcome" => outcome)
            .record(self.started.elapsed().as_secs_f64());
        if let Some(first) = self.first.get() {
            let first = first.to_rfc3339_opts(SecondsFormat::Millis, true);
            self.span.record("langfuse.observation.completion_start_time", first);
        }
        match answer {
            Ok(reply) => {
                self.span.record("gen_ai.response.model", reply.model.as_str());
                let reason = if reply.cut_off { "length" } else { "stop" };
                self.span.record("gen_ai.response.finish_reasons", reason);
                self.span.record("langfuse.observation.level", if reply.cut_off { "WARNING" } else { "DEFAULT" });
                if self.telling.content {
                    self.span.record("langfuse.observation.output", reply.text.as_str());
                }
            }
            Err(error) => {
                self.span.record("langfuse.observation.level", "ERROR");
                // Not the detail: it may quote what the endpoint said of the question.
                self.span.record("langfuse.observation.status_message", error.failure().detail);
                observe::failed(&self.span, outcome);
            }
        }
    }

    fn spent(&self, usage: Usage) {
        let Usage { prompt_tokens: input, completion_tokens: output } = usage;
        let cost = self.telling.price.of(usage);
        self.span.record("gen_ai.usage.input_tokens", input);
        self.span.record("gen_ai.usage.output_tokens", output);
        self.span.record("darkroom.cost_usd", cost.dollars());
        let details = json!({ "input": input, "output": output, "total": input + output });
        self.span.record("langfuse.observation.usage_details", details.to_string());
        self.span.record("langfuse.observation.cost_details", json!({ "total": cost.dollars() }).to_string());
        for (direction, tokens) in [("input", input), ("output", output)] {
            observe::counter!(MODEL_TOKENS, "role" => self.role, "model" => self.model.clone(), "direction" => direction)
                .increment(tokens);
        }
        observe::counter!(MODEL_COST, "role" => self.role, "model" => self.model.clone()).increment(cost.micros());
    }
}

fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::RateLimited => "rate_limited",
        ErrorKind::Refused => "refused",
        ErrorKind::Timeout => "timeout",
        ErrorKind::BadAnswer => "bad_answer",
    }
}

/// SHA-256 of a prompt, shortened to 12 hexadecimal digits: another text is another version.
fn hash_of(prompt: &str) -> String {
    let mut digits = hex::encode(Sha256::digest(prompt));
    digits.truncate(12);
    digits
}

/// The conversation as text. A picture is named by its type and size alone.
fn input(request: &Request) -> Value {
    let mut messages = vec![json!({ "role": "system", "content": request.system })];
    for message in &request.messages {
        let role = match message.speaker {
            Speaker::User => "user",
            Speaker::Assistant => "assistant",
        };
        let content: Vec<String> = message
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Image { kind, bytes } => format!("[{}, {} bytes]", kind.media_type(), bytes.len()),
            })
            .collect();
        messages.push(json!({ "role": role, "content": content.join("\n") }));
    }
    Value::Array(messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ImageType, Message, RoleName, StepContext};
    use common::{JobId, StepId};

    /// Protects pictures: of one that a question holds, nothing is told but its type and size.
    #[test]
    fn pictures_are_never_told() {
        let step = StepContext {
            job_id: JobId::new(),
            step_id: StepId::new(),
            role: RoleName::Vision,
            turn: 0,
            role_turn: 0,
            call: 0,
        };
        let image = Part::Image { kind: ImageType::Png, bytes: bytes::Bytes::from_static(b"PIXELS") };
        let message = Message { speaker: Speaker::User, parts: vec![Part::Text("What is it?".to_owned()), image] };
        let told = input(&Request::new("rules", vec![message, Message::assistant("a bar")], 9, step));
        let expected = json!([
            { "role": "system", "content": "rules" },
            { "role": "user", "content": "What is it?\n[image/png, 6 bytes]" },
            { "role": "assistant", "content": "a bar" },
        ]);
        assert_eq!(told, expected);
    }

    /// Protects who compares versions of a prompt: the same text has the same hash, another one another.
    #[test]
    fn a_prompts_version_is_its_text() {
        assert_eq!(hash_of("rules"), hash_of("rules"));
        assert_ne!(hash_of("rules"), hash_of("rules."));
        assert_eq!(hash_of("").len(), 12);
    }
}
