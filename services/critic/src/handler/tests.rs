use super::*;
use common::review::{Confidence, Finding, Review, Severity, Verdict};

fn event(review: Review) -> jobs_v1::StepEvent {
    let (job_id, step_id) = (JobId::new().to_string(), StepId::new().to_string());
    jobs_v1::StepEvent { job_id, step_id, outcome: Some(Outcome::Reviewed(review.into())), calls: Vec::new() }
}

/// Protects the bus: a review with the most and longest findings there can be still fits into a message,
/// keeps its verdict, and keeps what blocks.
#[test]
fn the_largest_review_fits_into_a_message() {
    let finding = |line| Finding {
        tool: "policy".to_owned(),
        rule: "dynamic-code".to_owned(),
        severity: Severity::High,
        confidence: Confidence::High,
        line,
        column: 1,
        message: "🙂".repeat(1000),
        blocks: line == 7,
    };
    let review = crate::verdict::judge((1..=1000).map(finding).collect());
    assert_eq!(review.findings.len(), 100);
    let payload = encode(event(review)).expect("it fits");
    assert!(payload.len() <= wire::MAX_MESSAGE_BYTES);
    let back: jobs_v1::StepEvent = wire::decode(&payload).expect("an event");
    let Some(Outcome::Reviewed(reviewed)) = back.outcome else { panic!("not a review") };
    let back = Review::try_from(reviewed).expect("a review");
    assert_eq!(back.verdict, Verdict::Block);
    assert!(back.findings[0].blocks && back.findings.len() > 30, "{} findings", back.findings.len());
}

/// Protects jobs from answers to nobody: a command without usable ids is set aside.
#[test]
fn commands_without_ids_are_refused() {
    let ids = (JobId::new().to_string(), StepId::new().to_string());
    let cases = [
        (ids.0.clone(), ids.1.clone(), true),
        (ids.0.clone(), String::new(), false),
        ("x".to_owned(), ids.1.clone(), false),
    ];
    for (job_id, step_id, accepted) in cases {
        let payload = wire::encode(&critic_v1::Review { job_id, step_id, code: "x = 1".to_owned() }).expect("encodes");
        assert_eq!(command(&payload).is_ok(), accepted);
    }
    assert!(command(b"\xff\xff\xff").is_err());
}
