//! What a person is told when a job ends: its kind, its words and what can be done. Pure.

use super::options::{self, NextStep};
use crate::doc::{Job, Millis};
use common::job::{JobState, Stopped};
use common::{ErrorCode, JobId};
use serde::{Deserialize, Serialize};

/// Longest text of a notification in characters; longer ones end in '…'. The job itself has all of it.
const MAX_TEXT: usize = 2000;

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A job came to its end, with a result.
    JobSucceeded,
    /// A job ended without a usable result.
    JobFailed,
    /// A job used up its turns, tokens, money or time.
    JobStopped,
}

impl NoticeKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::JobSucceeded, Self::JobFailed, Self::JobStopped];

    /// The stable text, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JobSucceeded => "job_succeeded",
            Self::JobFailed => "job_failed",
            Self::JobStopped => "job_stopped",
        }
    }

    /// The `type` of a webhook's body.
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::JobSucceeded => "job.succeeded",
            Self::JobFailed => "job.failed",
            Self::JobStopped => "job.stopped",
        }
    }

    /// One plain sentence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::JobSucceeded => "Your job is done.",
            Self::JobFailed => "Your job has failed.",
            Self::JobStopped => "Your job was stopped by its budget.",
        }
    }
}

/// What a person is told. Made once, in the transaction that ends the job, and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// The job.
    pub job_id: JobId,
    /// The reason, or what was found, in plain words.
    pub text: String,
    /// Why there is no result; none where there is one.
    pub code: Option<ErrorCode>,
    /// What can be done, best first; none after a success.
    pub options: Vec<NextStep>,
    /// When the job ended.
    pub at: Millis,
}

impl Notice {
    /// What the owner is told of a job that has just ended; nothing where they stopped it themselves.
    pub fn of(job: &Job) -> Option<Self> {
        let budget = job.stopped.filter(|stopped| is_budget(*stopped));
        let kind = match (job.state, budget) {
            (JobState::Queued | JobState::Running | JobState::Cancelled, _) => return None,
            (_, Some(_)) => NoticeKind::JobStopped,
            (JobState::Succeeded, None) => NoticeKind::JobSucceeded,
            (JobState::Failed, None) => NoticeKind::JobFailed,
        };
        let text = match (&job.error, budget) {
            (Some(error), _) => error.detail.clone(),
            (None, Some(stopped)) => {
                format!("The job ended early because {}. {}", stopped.because(), job.summary)
            }
            (None, None) => job.summary.clone(),
        };
        let options = match kind {
            NoticeKind::JobSucceeded => Vec::new(),
            NoticeKind::JobFailed | NoticeKind::JobStopped => options::after(job),
        };
        Some(Self {
            kind,
            job_id: job.id,
            text: cut(text.trim()),
            code: job.error.as_ref().map(|error| error.code),
            options,
            at: job.finished_at.unwrap_or(job.created_at),
        })
    }
}

/// Whether it is something that a person may allow more of.
fn is_budget(stopped: Stopped) -> bool {
    matches!(stopped, Stopped::Turns | Stopped::Tokens | Stopped::Cost | Stopped::Seconds)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::options::NextOption;
    use common::Failure;
    use common::job::JobOptions;

    fn ended(state: JobState, stopped: Option<Stopped>, error: Option<ErrorCode>) -> Job {
        let mut job = Job::accepted(JobId::new(), String::new(), JobOptions::default(), Vec::new(), 5);
        job.state = state;
        job.stopped = stopped;
        job.error = error.map(|code| Failure::with_detail(code, "It went wrong."));
        job.summary = "Five bars.".to_owned();
        job.finished_at = Some(9);
        job
    }

    /// Protects people from silence and from noise: every end has its kind, what they stopped themselves none, and
    /// whatever did not succeed comes with all options, the fitting one first.
    #[test]
    fn every_end_has_its_words() {
        use NextOption::{EditCode, Hint, OtherModel, RaiseLimit, Retry};
        use NoticeKind::{JobFailed, JobStopped, JobSucceeded};
        let (good, bad) = (JobState::Succeeded, JobState::Failed);
        let rows = [
            (good, None, None, Some((JobSucceeded, "Five bars.", None))),
            (good, Some(Stopped::Repairs), None, Some((JobSucceeded, "Five bars.", None))),
            (good, Some(Stopped::Circles), None, Some((JobSucceeded, "Five bars.", None))),
            (
                good,
                Some(Stopped::Tokens),
                None,
                Some((
                    JobStopped,
                    "The job ended early because the job's tokens were used up. Five bars.",
                    Some(RaiseLimit),
                )),
            ),
            (
                bad,
                Some(Stopped::Cost),
                Some(ErrorCode::BudgetReached),
                Some((JobStopped, "It went wrong.", Some(RaiseLimit))),
            ),
            (
                bad,
                Some(Stopped::Seconds),
                Some(ErrorCode::JobTimeout),
                Some((JobStopped, "It went wrong.", Some(RaiseLimit))),
            ),
            (
                bad,
                Some(Stopped::Repairs),
                Some(ErrorCode::RunFailed),
                Some((JobFailed, "It went wrong.", Some(EditCode))),
            ),
            (bad, None, Some(ErrorCode::ModelUnavailable), Some((JobFailed, "It went wrong.", Some(OtherModel)))),
            (bad, None, Some(ErrorCode::ReviewBlocked), Some((JobFailed, "It went wrong.", Some(Hint)))),
            (bad, None, Some(ErrorCode::WorkerFailed), Some((JobFailed, "It went wrong.", Some(Retry)))),
            (bad, None, Some(ErrorCode::RunTimeout), Some((JobFailed, "It went wrong.", Some(RaiseLimit)))),
            (JobState::Cancelled, None, None, None),
            (JobState::Running, None, None, None),
        ];
        for (state, stopped, error, expected) in rows {
            let job = ended(state, stopped, error);
            let notice = Notice::of(&job);
            let got = notice
                .as_ref()
                .map(|notice| (notice.kind, notice.text.as_str(), notice.options.first().map(|option| option.option)));
            assert_eq!(got, expected, "{state:?} {stopped:?} {error:?}");
            if let Some(notice) = notice.filter(|notice| notice.kind != JobSucceeded) {
                let mut all: Vec<_> = notice.options.iter().map(|option| option.option).collect();
                all.sort();
                assert_eq!(all, [Retry, OtherModel, RaiseLimit, EditCode, Hint], "each once");
            }
        }
    }

    /// Protects receivers: however much a model or a program said, a notification stays short and whole characters.
    #[test]
    fn texts_stay_short() {
        let mut job = ended(JobState::Failed, None, Some(ErrorCode::RunFailed));
        job.error = Some(Failure::with_detail(ErrorCode::RunFailed, "é".repeat(50_000)));
        let text = Notice::of(&job).expect("a notice").text;
        assert_eq!((text.chars().count(), text.ends_with('…')), (MAX_TEXT + 1, true));
    }
}
