//! The action in a model's answer, however it came: as a call of a tool, as a JSON object, or as text. Total and pure.

use super::look::{Look, look_of};
use super::{Found, Reason, after_thinking, code, fence, finished, normal};
use crate::offer::{Action, Offer};
use llm::{Reply, ToolCall, json};
use serde_json::Value;

/// What a model wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A script is to be run.
    Code(Found),
    /// A picture is to be looked at.
    Look(Look),
    /// The best so far is to be delivered.
    Finish,
}

/// The one action of an answer: of several calls the first that may be taken; without any the object that the answer is;
/// else the code in its text.
///
/// # Errors
/// There is none in it that may be taken.
pub fn action(reply: &Reply, offer: &Offer) -> Result<Wanted, Reason> {
    let mut refused = None;
    for call in &reply.tool_calls {
        match called(call, reply, offer) {
            Ok(wanted) => return Ok(wanted),
            Err(reason) => refused = refused.or(Some(reason)),
        }
    }
    match (in_text(reply, offer), refused) {
        // What is wrong with a call says more than that there is nothing beside it.
        (Err(_), Some(reason)) => Err(reason),
        (found, _) => found,
    }
}

fn called(call: &ToolCall, reply: &Reply, offer: &Offer) -> Result<Wanted, Reason> {
    let arguments = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
    let whole = Reply { text: arguments.to_owned(), tool_calls: Vec::new(), ..reply.clone() };
    let arguments = json::of(&whole).map_err(|reason| reason.to_string())?;
    taken(&call.name, &arguments, offer)
}

fn in_text(reply: &Reply, offer: &Offer) -> Result<Wanted, Reason> {
    match object(reply) {
        Some(Ok(object)) => {
            let name = object["action"].as_str().unwrap_or(Action::WriteCode.name());
            taken(name, &object, offer)
        }
        Some(Err(reason)) => Err(reason),
        None => code(&reply.text, reply.cut_off).map(Wanted::Code),
    }
}

/// The object that names an action, or that is the whole answer. Objects within code are code.
fn object(reply: &Reply) -> Option<Result<Value, Reason>> {
    let answer = normal(&reply.text);
    let said = after_thinking(&answer)?.trim();
    let blocks = fence::blocks(said);
    let (text, is_all) = match blocks.as_slice() {
        [] => (said, said.starts_with('{')),
        [only] if only.language == "json" || (only.language.is_empty() && only.text.trim().starts_with('{')) => {
            (only.text.trim(), true)
        }
        // A script within a string of the object.
        _ if said.starts_with('{') => (said, true),
        _ => return None,
    };
    let read = json::of(&Reply { text: text.to_owned(), tool_calls: Vec::new(), ..reply.clone() });
    match read {
        Ok(object) if object["action"].is_string() || (is_all && object.is_object()) => Some(Ok(object)),
        Ok(_) => None,
        // Text in which no object can be read may be code.
        Err(reason) => (is_all && text.starts_with('{')).then(|| Err(reason.to_string())),
    }
}

fn taken(name: &str, fields: &Value, offer: &Offer) -> Result<Wanted, Reason> {
    let Some(action) = Action::of(name) else {
        return Err("The answer asks for an action that does not exist.".to_owned());
    };
    if !offer.has(action) {
        return Err(format!("The action {} is not possible now.", action.name()));
    }
    match action {
        Action::WriteCode => script(fields).map(Wanted::Code),
        Action::LookCloser | Action::AskVision => {
            let look = look_of(action, fields, &offer.sizes);
            look.map(Wanted::Look).ok_or_else(|| "What is to be looked at is no part of a picture.".to_owned())
        }
        Action::Finish => Ok(Wanted::Finish),
    }
}

fn script(fields: &Value) -> Result<Found, Reason> {
    let given = ["code", "python", "script"].into_iter().find_map(|name| fields[name].as_str());
    let Some(code) = given.filter(|code| !code.trim().is_empty()) else {
        return Err("There is no Python code in the answer.".to_owned());
    };
    finished(&normal(code), fields["explanation"].as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests;
