//! Where the agent keeps what belongs to a step.

use blob::{BlobKey, InvalidKey};
use common::{JobId, StepId};

/// The keys of one step.
#[derive(Debug, Clone)]
pub struct StepKeys {
    folder: BlobKey,
}

const EVENT: &str = "event.pb";
const CODE: &str = "code.py";

impl StepKeys {
    /// The keys of this step.
    ///
    /// # Errors
    /// Never for real ids, whose text is plain.
    pub fn new(job: JobId, step: StepId) -> Result<Self, InvalidKey> {
        BlobKey::parse(&format!("jobs/{job}/steps/{step}")).map(|folder| Self { folder })
    }

    /// The keys of the step whose code stands under `code_key`.
    pub fn of_code(code_key: &str) -> Option<Self> {
        let folder = code_key.strip_suffix(CODE)?.strip_suffix('/')?;
        BlobKey::parse(folder).ok().map(|folder| Self { folder })
    }

    /// The encoded answer to the step.
    pub fn event(&self) -> Result<BlobKey, InvalidKey> {
        self.folder.join(EVENT)
    }

    /// The code the step wrote.
    pub fn code(&self) -> Result<BlobKey, InvalidKey> {
        self.folder.join(CODE)
    }

    /// What the n-th model call of the step brought, counted from 0.
    pub fn call(&self, n: u32) -> Result<BlobKey, InvalidKey> {
        self.folder.join(&format!("call-{n}.json"))
    }
}
