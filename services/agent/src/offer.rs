//! Which actions the code model may take in a turn, and how they are offered: as tools, and as the shape of an answer.
//! Servers take what they know of that; for the others the prompt describes the same. Pure.

use crate::decide::Purpose;
use crate::prompt;
use crate::turn::{Picture, Turn};
use llm::{Schema, Tool};
use serde_json::{Map, Value, json};

/// One action of the code model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    WriteCode,
    LookCloser,
    AskVision,
    Finish,
}

impl Action {
    const ALL: [Self; 4] = [Self::WriteCode, Self::LookCloser, Self::AskVision, Self::Finish];

    /// Its name, for models.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WriteCode => "write_code",
            Self::LookCloser => "look_closer",
            Self::AskVision => "ask_vision",
            Self::Finish => "finish",
        }
    }

    /// The action of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name.trim())
    }

    /// What it needs.
    const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::WriteCode => &["explanation", "code"],
            Self::LookCloser => &["picture", "box", "question"],
            Self::AskVision => &["picture", "question"],
            Self::Finish => &[],
        }
    }
}

/// What may be done in a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub actions: Vec<Action>,
    /// Widths and heights of the pictures in whose pixels places are told.
    pub sizes: Vec<(u32, u32)>,
}

impl Offer {
    /// The offer of a turn. Code may always be written. `vision` says that a vision model can be asked. An end is offered
    /// only where there is a result, so that no picture can talk a model out of working; and not where the person asked
    /// for more scripts.
    pub fn of(turn: &Turn, purpose: Purpose, vision: bool) -> Self {
        let looks = turn.looks_left > 0;
        let ends = purpose != Purpose::Variant && turn.best_attempt().is_some();
        let offered = |action: &Action| match action {
            Action::WriteCode => true,
            Action::LookCloser => looks,
            Action::AskVision => looks && vision,
            Action::Finish => ends,
        };
        Self {
            actions: Action::ALL.into_iter().filter(offered).collect(),
            sizes: turn.pictures.iter().map(Picture::measured_size).collect(),
        }
    }

    /// Whether the action may be taken.
    pub fn has(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }

    /// The actions as tools.
    pub fn tools(&self) -> Vec<Tool> {
        let tool = |action: &Action| {
            let fields = action.fields();
            let properties: Map<String, Value> =
                fields.iter().map(|name| ((*name).to_owned(), field(name, false))).collect();
            let parameters = json!({
                "type": "object", "properties": properties, "required": fields, "additionalProperties": false,
            });
            Tool { name: action.name(), description: prompt::tool(action.name()).to_owned(), parameters }
        };
        self.actions.iter().map(tool).collect()
    }

    /// The actions as one closed object, all of whose fields are required, as hosted models want it.
    pub fn schema(&self) -> Schema {
        let names: Vec<&str> = self.actions.iter().map(|action| action.name()).collect();
        let mut properties = Map::new();
        properties.insert("action".to_owned(), json!({ "type": "string", "enum": names }));
        for name in self.actions.iter().flat_map(|action| action.fields()) {
            properties.insert((*name).to_owned(), field(name, true));
        }
        let required: Vec<&String> = properties.keys().collect();
        let schema = json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        });
        Schema { name: "action", schema }
    }
}

/// The shape of a field; `or_null` where other actions leave it out.
fn field(name: &str, or_null: bool) -> Value {
    let shape = match name {
        "picture" => json!({ "type": "integer" }),
        "box" => json!({ "type": "array", "items": { "type": "integer" } }),
        _ => json!({ "type": "string" }),
    };
    if or_null { json!({ "anyOf": [shape, { "type": "null" }] }) } else { shape }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::{Attempt, Past, Run};
    use common::execution::RunStatus;

    fn worked() -> Past {
        let run = Run {
            status: RunStatus::Ok,
            exit_code: Some(0),
            stdout: String::new(),
            stderr: String::new(),
            outputs: vec![],
        };
        Past::Attempt(Attempt { code_key: "k".into(), run: Some(run), ..Attempt::default() })
    }

    /// Protects jobs from an early end and budgets from questions to nobody: each turn offers what makes sense in it, and
    /// never less than writing code.
    #[test]
    fn each_turn_offers_what_makes_sense() {
        use Action::{AskVision, Finish, LookCloser, WriteCode};
        type Row = (Vec<Past>, u32, bool, Purpose, Vec<Action>);
        let rows: [Row; 6] = [
            (vec![], 0, true, Purpose::Work, vec![WriteCode]),
            (vec![], 4, true, Purpose::Work, vec![WriteCode, LookCloser, AskVision]),
            (vec![], 4, false, Purpose::Work, vec![WriteCode, LookCloser]),
            (vec![worked()], 0, true, Purpose::Improve, vec![WriteCode, Finish]),
            (vec![worked(), Past::Unusable("u".into())], 0, true, Purpose::Work, vec![WriteCode, Finish]),
            (vec![worked()], 1, false, Purpose::Variant, vec![WriteCode, LookCloser]),
        ];
        for (past, looks_left, vision, purpose, expected) in rows {
            let turn = Turn { looks_left, ..Turn::of("", past, 3) };
            let offer = Offer::of(&turn, purpose, vision);
            assert_eq!(offer.actions, expected, "{turn:?} {purpose:?}");
            let tools: Vec<&str> = offer.tools().iter().map(|tool| tool.name).collect();
            assert_eq!(tools, expected.iter().map(|action| action.name()).collect::<Vec<_>>());
            assert!(offer.tools().iter().all(|tool| tool.description.len() > 20), "each tool is described");
            let schema = offer.schema().schema;
            assert_eq!(schema["properties"]["action"]["enum"], json!(tools));
        }
    }

    /// Protects hosted models' rules: the object is closed and requires all of its fields, those of other actions as null.
    #[test]
    fn the_shape_is_closed_and_whole() {
        let turn = Turn { looks_left: 1, ..Turn::of("", vec![], 3) };
        let schema = Offer::of(&turn, Purpose::Work, true).schema().schema;
        let fields: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(schema["required"], json!(fields));
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(fields, ["action", "box", "code", "explanation", "picture", "question"]);
        assert_eq!(schema["properties"]["code"], json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }));
    }
}
