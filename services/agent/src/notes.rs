//! What a person is told when somebody else did a part than the settings name first. Pure.

use common::Failure;
use llm::{ModelError, PassedOver, Reply, RoleName};

/// Who took the part over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By<'a> {
    /// Another model.
    Model(&'a str),
    /// The built-in rules.
    Rules,
    /// Nobody: the job went on without it.
    Nobody,
}

/// The note on an answer that the first model did not give; nothing where it did.
pub fn on_reply(role: RoleName, reply: &Reply) -> Option<String> {
    let whys: Vec<&str> = reply.passed_over.iter().map(|PassedOver { why, .. }| why.as_str()).collect();
    (!whys.is_empty()).then(|| note(role, By::Model(&reply.model), &whys.join(" ")))
}

/// The note on a part that no model could do.
pub fn on_failure(role: RoleName, by: By<'_>, error: &ModelError) -> String {
    let Failure { detail, .. } = error.failure();
    note(role, by, &detail)
}

fn note(role: RoleName, by: By<'_>, why: &str) -> String {
    let part = match role {
        RoleName::Vision => "Looking at the pictures",
        RoleName::Reasoning => "Summing up",
        RoleName::Code => "Writing the code",
    };
    match by {
        By::Model(name) => format!("{part} was done by the model '{name}'. {why}"),
        By::Rules => format!("{part} was done by the built-in rules. {why}"),
        By::Nobody => format!("{part} was done without a model. {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use llm::ErrorKind;

    /// Protects the person's trust: whoever did a part in another's place is named with the reason, and an
    /// answer of the first model needs no note.
    #[test]
    fn whoever_stood_in_is_named() {
        let passed = PassedOver {
            model: "a".into(),
            code: common::ErrorCode::ModelTimeout,
            why: "The model 'a' did not answer in time.".into(),
            usage: Default::default(),
        };
        let mut reply = Reply { passed_over: vec![passed], ..Reply::new("b", "x", Default::default()) };
        let note = on_reply(RoleName::Code, &reply).unwrap_or_default();
        assert_eq!(note, "Writing the code was done by the model 'b'. The model 'a' did not answer in time.");
        reply.passed_over.clear();
        assert_eq!(on_reply(RoleName::Code, &reply), None);
        let error = ModelError::new(ErrorKind::Refused, "a", "never shown");
        let note = on_failure(RoleName::Code, By::Rules, &error);
        assert_eq!(note, "Writing the code was done by the built-in rules. The model 'a' refused the request.");
        let note = on_failure(RoleName::Vision, By::Nobody, &error);
        assert_eq!(note, "Looking at the pictures was done without a model. The model 'a' refused the request.");
    }
}
