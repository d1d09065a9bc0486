//! What an HTTP answer means. Pure: status and body in, verdict out.

use crate::{ErrorKind, ModelError};
use serde_json::Value;

/// Longest quote of the endpoint in the log, in characters.
const QUOTE_CHARS: usize = 300;

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) error: ModelError,
    /// True when the same request may well succeed in a moment.
    pub(super) passing: bool,
}

/// Judges a whole answer.
///
/// # Errors
/// It is not a JSON object that could hold a completion.
pub(super) fn judge(status: u16, body: &[u8], model: &str) -> Result<(), Box<Fault>> {
    if !(200..300).contains(&status) {
        return Err(refusal(status, body, model));
    }
    let bad = |kind, detail: &str| Box::new(Fault { error: of(kind, model, status, detail), passing: false });
    let Ok(answer) = serde_json::from_slice::<Value>(body) else {
        // A page is no slip of a model: something else answers at this address.
        let page = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
        return Err(if page {
            bad(ErrorKind::Unavailable, "a web page instead of JSON; is the URL right?")
        } else if body.is_empty() {
            bad(ErrorKind::BadAnswer, "an empty body")
        } else {
            bad(ErrorKind::BadAnswer, "a body that is not whole JSON")
        });
    };
    let error = &answer["error"];
    if error.is_null() || answer["choices"][0].is_object() {
        return Ok(());
    }
    // LM Studio answers so at addresses that it does not know.
    if error.as_str().is_some_and(|text| text.starts_with("Unexpected endpoint")) {
        let mut fault = bad(ErrorKind::Unavailable, "no model endpoint at this address; is the URL right?");
        fault.error.lasting = true;
        return Err(fault);
    }
    // Some gateways send the fault of the server behind them with status 200.
    let inner = error["code"].as_u64().and_then(|code| u16::try_from(code).ok()).filter(|code| *code >= 300);
    Err(refusal(inner.unwrap_or(502), body, model))
}

fn refusal(status: u16, body: &[u8], model: &str) -> Box<Fault> {
    let quota = status == 429 && String::from_utf8_lossy(body).contains("insufficient_quota");
    let (kind, passing) = match status {
        429 => (ErrorKind::RateLimited, !quota),
        // What it cannot do now it cannot do later.
        501 => (ErrorKind::Refused, false),
        500 if cannot(body) => (ErrorKind::Refused, false),
        408 | 425 | 500..=599 => (ErrorKind::Unavailable, true),
        400..=499 => (ErrorKind::Refused, false),
        _ => (ErrorKind::Unavailable, false),
    };
    // The endpoint knows neither us nor the model, or is not paid: the same for every request.
    let lasting = quota || matches!(status, 401..=404);
    Box::new(Fault { error: ModelError { lasting, ..of(kind, model, status, &quote(body)) }, passing })
}

/// Whether a server says with status 500 that it does not know what it was asked for, as llama.cpp does of pictures and
/// tools.
fn cannot(body: &[u8]) -> bool {
    let said = quote(body);
    ["is not supported", "does not support", "param requires"].iter().any(|words| said.contains(words))
}

fn of(kind: ErrorKind, model: &str, status: u16, detail: &str) -> ModelError {
    ModelError { status: Some(status), ..ModelError::new(kind, model, detail) }
}

/// The endpoint's own words, short and on one line, wherever it puts them.
fn quote(body: &[u8]) -> String {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let places = [&parsed["error"]["message"], &parsed["error"], &parsed["message"], &parsed["detail"]];
    let said = places.into_iter().find_map(Value::as_str).map(str::to_owned);
    let text = said.unwrap_or_else(|| String::from_utf8_lossy(&body[..body.len().min(4 * QUOTE_CHARS)]).into_owned());
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(QUOTE_CHARS).collect()
}

#[cfg(test)]
mod tests;
