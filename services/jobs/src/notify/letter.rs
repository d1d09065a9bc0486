//! What is sent: the body of a webhook, the words of a letter. Pure.
//!
//! A letter carries nothing of the picture, nor what a model or a program said of it: mail is read by many machines on
//! its way. It says how the job ended, in the product's own words, and where to look.

use super::mail::Letter;
use super::notice::Notice;
use crate::doc::Millis;
use chrono::{DateTime, SecondsFormat};
use common::JobId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How long a code that confirms an address is good, in minutes.
pub const CODE_MINUTES: i64 = 30;

/// What a delivery is to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "of", rename_all = "snake_case")]
pub enum Payload {
    /// A job has ended.
    Notice(Box<Notice>),
    /// Somebody wants to see that it works.
    Test,
    /// The code that confirms a mailbox.
    Code(String),
}

impl Payload {
    /// The job it is about.
    pub fn job_id(&self) -> Option<JobId> {
        match self {
            Self::Notice(notice) => Some(notice.job_id),
            Self::Test | Self::Code(_) => None,
        }
    }

    /// What it is, as people and receivers read it.
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Notice(notice) => notice.kind.event_type(),
            Self::Test => "test",
            Self::Code(_) => "confirmation",
        }
    }

    /// The body of a webhook, the same at each attempt.
    pub fn body(&self, created_at: Millis, public_url: &str) -> Vec<u8> {
        let at = match self {
            Self::Notice(notice) => notice.at,
            Self::Test | Self::Code(_) => created_at,
        };
        let data = match self {
            Self::Notice(notice) => json!({
                "kind": notice.kind,
                "job_id": notice.job_id,
                "title": notice.kind.title(),
                "text": notice.text,
                "code": notice.code,
                "options": notice.options,
                "link": link(public_url, notice.job_id),
            }),
            Self::Test => json!({ "text": "This is a test: the webhook works." }),
            // A code is for a mailbox only.
            Self::Code(_) => Value::Null,
        };
        let at = DateTime::from_timestamp_millis(at).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true);
        json!({ "type": self.event_type(), "timestamp": at, "data": data }).to_string().into_bytes()
    }

    /// The letter to a mailbox.
    pub fn letter(&self, to: &str, id: &str, public_url: &str) -> Letter {
        let (subject, text) = match self {
            Self::Notice(notice) => {
                (notice.kind.title().trim_end_matches('.').to_owned(), of_notice(notice, public_url))
            }
            Self::Test => ("A test".to_owned(), "This is a test: letters reach you.\n".to_owned()),
            Self::Code(code) => (
                "Confirm your address".to_owned(),
                format!(
                    "Somebody asked to be told at this address when jobs end. If it was you, enter this code in the \
                     settings:\n\n    {code}\n\nIt is good for {CODE_MINUTES} minutes. If it was not you, do nothing: \
                     nothing more will come.\n"
                ),
            ),
        };
        Letter { to: to.to_owned(), id: id.to_owned(), subject: format!("Darkroom: {subject}"), text }
    }
}

/// Where a person looks at a job.
pub fn link(public_url: &str, job: JobId) -> String {
    format!("{public_url}/jobs/{job}")
}

fn of_notice(notice: &Notice, public_url: &str) -> String {
    let mut text = format!("{}\n", notice.kind.title());
    if let Some(code) = notice.code {
        text.push_str(&format!("{}\n", code.title()));
    }
    if !notice.options.is_empty() {
        text.push_str("\nWhat you can do:\n");
        for option in &notice.options {
            text.push_str(&format!("- {}\n", option.words));
        }
    }
    let link = link(public_url, notice.job_id);
    text.push_str(&format!("\nThe job: {link}\n\nYou get this letter because your settings ask for it.\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::Job;
    use common::job::{JobOptions, JobState};
    use common::{ErrorCode, Failure};

    fn failed() -> Payload {
        let mut job = Job::accepted(JobId::new(), "my prompt".into(), JobOptions::default(), Vec::new(), 5);
        job.state = JobState::Failed;
        job.error = Some(Failure::with_detail(ErrorCode::RunFailed, "Its last words: SECRET OF THE PICTURE"));
        job.finished_at = Some(1_614_265_330_000);
        Payload::Notice(Box::new(Notice::of(&job).expect("a notice")))
    }

    /// Protects what is in people's pictures: letters say how a job ended and what to do, never what was seen.
    #[test]
    fn letters_hold_nothing_of_the_picture() {
        let letter = failed().letter("a@example.org", "7", "https://darkroom.example.org");
        assert!(!letter.text.contains("SECRET") && !letter.subject.contains("SECRET"), "{letter:?}");
        for words in [ErrorCode::RunFailed.title(), "Edit the code", "https://darkroom.example.org/jobs/", "hint"] {
            assert!(letter.text.contains(words), "{words} in {}", letter.text);
        }
        assert_eq!(letter.subject, "Darkroom: Your job has failed");
    }

    /// Protects receivers: the body is that of the specification (type, timestamp, data), with the reason and the options
    /// as data, and the same at each attempt.
    #[test]
    fn bodies_are_those_of_the_specification() {
        let payload = failed();
        let body = payload.body(7, "");
        assert_eq!(body, payload.body(99, ""), "the attempt does not matter");
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((&body["type"], &body["timestamp"]), (&json!("job.failed"), &json!("2021-02-25T15:02:10.000Z")));
        assert_eq!(body["data"]["code"], json!("run_failed"));
        assert_eq!(body["data"]["options"].as_array().map(Vec::len), Some(5));
        assert_eq!(body["data"]["options"][0]["option"], json!("edit_code"));
        let stored = serde_json::to_string(&payload).expect("JSON");
        assert_eq!(serde_json::from_str::<Payload>(&stored).expect("a payload"), payload);
    }
}
