//! The critic: judges untrusted Python code before it runs.
//!
//! It owns nothing but the judgement: no database, no memory of earlier code. Three readers
//! look at every submission: ruff (does it start, do its names exist), bandit (known dangers), and our
//! own policy (what cannot work in the sandbox: modules it lacks, networks, other programs, writing
//! elsewhere than `/box/out`). Their findings become one [`Review`] with the verdict pass, warn or
//! block.
//!
//! The critic is a filter, the jail is the wall. It spares runs that cannot work, tells the model why,
//! and shows people what the code does. Code that hides on purpose (names built at run time, `getattr`
//! chains, objects taken apart) can get past it; then it meets the jail, which does not depend on
//! anything said here. What never happens is a pass because a tool failed: then there is no review.
//!
//! After a run it holds the result against the picture it was read from ([`compare`]): a score and two reports, from what
//! the platform's script measured in the sandbox. For that it reads blobs, and writes none.
//!
//! Runs in the process that serves `POST /api/v1/reviews` ([`routes`]) and consumes the topic
//! `critic.review` ([`start`]) and `critic.compare` ([`start_comparing`]).

mod compare;
mod error;
mod handler;
mod http;
mod program;
mod review;
pub mod verdict;

pub use error::{CriticUnavailable, ToolProblem};
pub use handler::{start, start_comparing};
pub use http::{ReviewRequest, routes};
pub use program::serve;
pub use review::Versions;

use common::review::Review;
use common::{ErrorCode, Failure};
use review::Reviewer;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

/// How the critic works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Folder whose `bin` has `ruff` and a `python3` with bandit. That Python must have the same minor
    /// version as the sandbox's: its grammar and standard library are what the code is held against.
    pub tools_dir: PathBuf,
    /// Top-level modules that the sandbox has besides the standard library.
    pub allowed_modules: Vec<String>,
    /// Most reviews at a time, at least 1; each may keep a worker of about 45 MB resident.
    pub concurrency: usize,
    /// Longest time for one tool to read one submission.
    pub timeout: Duration,
    /// Reviews after which a resident worker is replaced, at least 1.
    pub worker_reviews: u64,
}

impl Settings {
    /// The defaults for tools in `tools_dir`: the modules of the sandbox's lock file, two reviews at a
    /// time, 20 seconds a tool, 1000 reviews a worker.
    pub fn new(tools_dir: impl Into<PathBuf>) -> Self {
        Self {
            tools_dir: tools_dir.into(),
            allowed_modules: DEFAULT_MODULES.iter().map(|&module| module.to_owned()).collect(),
            concurrency: 2,
            timeout: Duration::from_secs(20),
            worker_reviews: 1000,
        }
    }
}

/// What the sandbox's lock file installs and code may want to import.
const DEFAULT_MODULES: &[&str] = &[
    "PIL",
    "contourpy",
    "cv2",
    "cycler",
    "dateutil",
    "fontTools",
    "imageio",
    "kiwisolver",
    "lazy_loader",
    "matplotlib",
    "mpl_toolkits",
    "networkx",
    "numpy",
    "onnxruntime",
    "openpyxl",
    "packaging",
    "pandas",
    "pyclipper",
    "pylab",
    "pyparsing",
    "rapidocr",
    "scipy",
    "seaborn",
    "shapely",
    "six",
    "skimage",
    "tifffile",
    "tqdm",
    "tzdata",
    "yaml",
];

/// The reviewer. Cheap to clone; clones share their workers. Dropping the last one ends them.
#[derive(Debug, Clone)]
pub struct Critic {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    reviewer: Reviewer,
    permits: Semaphore,
    /// The runtime the critic was opened on. Processes belong to the runtime that started them, and
    /// HTTP workers have short-lived runtimes of their own.
    runtime: Handle,
}

impl Critic {
    /// Starts the tools and proves on code with known faults that each finds its own. Must be called
    /// within a Tokio runtime with I/O and time, which must outlive the critic's use.
    ///
    /// # Errors
    /// A tool is missing or does not do its work; the error says which, why, and how to fix it.
    pub async fn open(settings: Settings) -> Result<Self, CriticUnavailable> {
        let reviewer = Reviewer::start(&settings).await?;
        reviewer.prove(&settings).await?;
        let versions = &reviewer.versions;
        tracing::info!(ruff = versions.ruff, bandit = versions.bandit, python = versions.python, "critic ready");
        let permits = Semaphore::new(settings.concurrency.max(1));
        Ok(Self { inner: Arc::new(Inner { settings, reviewer, permits, runtime: Handle::current() }) })
    }

    /// Versions of the tools in use.
    pub fn versions(&self) -> &Versions {
        &self.inner.reviewer.versions
    }

    /// Most reviews at a time.
    pub fn concurrency(&self) -> usize {
        self.inner.settings.concurrency.max(1)
    }

    /// Reviews `code`. Waits for its turn when [`Settings::concurrency`] reviews are running; dropping
    /// the future abandons the review.
    ///
    /// # Errors
    /// [`ErrorCode::NotReady`] when a tool failed or gave no answer in time. Never because of what the
    /// code is: empty, huge or unreadable code gets a review that blocks it.
    pub async fn review(&self, code: &str) -> Result<Review, Failure> {
        let inner = self.inner.clone();
        let code = code.to_owned();
        let task = self.inner.runtime.spawn(async move { inner.review(&code).await });
        match AbortOnDropHandle::new(task).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::error!(%error, "a review ended without an outcome");
                Err(not_reviewed("The review was cut off."))
            }
        }
    }

    /// Proves that reviews are possible now, on code with known faults. The texts may be shown to anyone.
    ///
    /// # Errors
    /// What is wrong, in a sentence; details are in the log.
    pub async fn check(&self) -> Result<String, String> {
        let inner = self.inner.clone();
        let task = self.inner.runtime.spawn(async move { inner.reviewer.prove(&inner.settings).await });
        match AbortOnDropHandle::new(task).await {
            Ok(Ok(())) => {
                let versions = self.versions();
                Ok(format!("ruff {} and bandit {} find planted faults.", versions.ruff, versions.bandit))
            }
            Ok(Err(unavailable)) => {
                tracing::error!(error = %unavailable, "the critic is not ready");
                let tools: Vec<&str> = unavailable.problems.iter().map(|problem| problem.tool).collect();
                Err(format!("{} does not work; 'darkroom doctor' says how to fix it.", tools.join(" and ")))
            }
            Err(error) => {
                tracing::error!(%error, "the critic's check was cut off");
                Err("The check was cut off.".to_owned())
            }
        }
    }
}

impl Inner {
    async fn review(&self, code: &str) -> Result<Review, Failure> {
        let Ok(_permit) = self.permits.acquire().await else {
            return Err(not_reviewed("The critic is shutting down."));
        };
        self.reviewer.review(code).await.map_err(|error| {
            tracing::error!(error = error.chain(), code_bytes = code.len(), "review failed");
            not_reviewed("The code could not be reviewed, because a tool of the review failed.")
        })
    }
}

fn not_reviewed(detail: &str) -> Failure {
    Failure::with_detail(ErrorCode::NotReady, detail)
}
