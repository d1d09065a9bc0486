use super::*;
use crate::{Message, RoleName, Schema, StepContext, Tool};
use common::{JobId, StepId};
use serde_json::json;

fn request(schema: bool, tools: bool) -> Request {
    let step = StepContext {
        job_id: JobId::new(),
        step_id: StepId::new(),
        role: RoleName::Code,
        turn: 0,
        role_turn: 0,
        call: 0,
    };
    let mut request = Request::new("rules", vec![Message::user("question")], 64, step);
    request.schema = schema.then(|| Schema { name: "action", schema: json!({"type": "object"}) });
    request.tools.extend(tools.then(|| Tool { name: "crop", description: "Cuts.".into(), parameters: json!({}) }));
    request
}

fn refused(status: u16, detail: &str) -> ModelError {
    ModelError { status: Some(status), ..ModelError::new(ErrorKind::Refused, "m", detail) }
}

const W: Form = Form::WHOLE;

/// Protects servers that know less: what each names in its own words is left out, and nothing else is.
#[test]
fn what_is_refused_is_left_out() {
    let no = |what: &str| {
        let (mut form, part) = (W, what);
        match part {
            "limit" => form.older_limit = false,
            "stream" => form.stream = false,
            "usage" => form.usage = false,
            "schema" => form.schema = false,
            _ => form.tools = false,
        }
        Some(form)
    };
    let rows = [
        // OpenAI: https://platform.openai.com/docs/guides/reasoning
        (
            400,
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            no("limit"),
        ),
        // vLLM: https://docs.vllm.ai/en/latest/features/tool_calling.html
        (400, "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set", no("tools")),
        // Ollama: https://github.com/ollama/ollama/blob/main/server/images.go (CheckCapabilities)
        (400, "registry.ollama.ai/library/gemma:2b does not support tools", no("tools")),
        // llama.cpp: https://github.com/ggml-org/llama.cpp/blob/master/common/chat.cpp
        (500, "tools param requires --jinja flag", no("tools")),
        // OpenRouter: https://openrouter.ai/docs/features/tool-calling
        (404, "No endpoints found that support tool use.", no("tools")),
        // DeepSeek: https://api-docs.deepseek.com/guides/json_mode
        (400, "This response_format type is unavailable now", no("schema")),
        // llama.cpp, as its server says it
        (400, "Automatic parser generation failed: JSON schema conversion failed: Unrecognized schema", no("schema")),
        // OpenAI: https://platform.openai.com/docs/guides/structured-outputs
        (400, "Invalid schema for response_format 'action': 'additionalProperties' is required", no("schema")),
        // A server that checks its fields strictly (FastAPI)
        (
            422,
            "[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"stream_options\"],\"msg\":\"Extra inputs are not permitted\"}]",
            no("usage"),
        ),
        (400, "Streaming is not supported by this model", no("stream")),
        (400, "'stream' must be false", no("stream")),
        (400, "Bad Request", no("schema")),
        (400, "This model's maximum context length is 8192 tokens.", None),
        (400, "upstream connect error", no("schema")),
        (401, "no tools, no stream for this key", None),
        (404, "Not Found", None),
    ];
    for (status, detail, expected) in rows {
        assert_eq!(W.after(&refused(status, detail), &request(true, true)), expected, "{detail}");
    }
    let plain = request(false, false);
    for detail in ["Bad Request", "the tool is broken", "upstream connect error", "bad json_schema"] {
        assert_eq!(W.after(&refused(400, detail), &plain), None, "{detail}: nothing of it was sent");
    }
    let failed = ModelError::new(ErrorKind::Unavailable, "m", "no tools today");
    assert_eq!(W.after(&failed, &request(true, true)), None, "it is not the form that failed");
}

/// Protects from asking for ever: whatever a server says, there is less in each form, and an end.
#[test]
fn there_is_an_end() {
    let says_all = refused(400, "max_completion_tokens tools json_schema stream_options stream");
    let (mut form, mut asked, request) = (W, 1, request(true, true));
    while let Some(next) = form.after(&says_all, &request) {
        (form, asked) = (next, asked + 1);
    }
    assert_eq!(asked, 6);
    assert_eq!(form, Form { older_limit: false, stream: false, usage: false, schema: false, tools: false });
    assert_eq!(form.and(W), form);
}
