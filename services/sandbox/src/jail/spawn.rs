//! Starting nsjail so that it cannot outlive us.
//!
//! `setpriv` asks the kernel to kill nsjail when its parent *thread* ends, and nsjail asks the same for
//! the jail's first process, whose end takes everything in its pid namespace along. Threads of an
//! asynchronous runtime come and go, so one thread of our own does all the starting and lives as long as
//! the sandbox.

use std::process::{Child, Command};
use std::sync::mpsc;
use tokio::sync::oneshot;

struct Request {
    command: Command,
    answer: oneshot::Sender<std::io::Result<Child>>,
}

/// The thread that starts processes. When it is dropped, whatever it started dies.
#[derive(Debug)]
pub struct Spawner {
    requests: mpsc::Sender<Request>,
}

impl Spawner {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let (requests, inbox) = mpsc::channel::<Request>();
        std::thread::Builder::new().name("sandbox-spawner".into()).spawn(move || {
            for Request { mut command, answer } in inbox {
                if let Err(Ok(mut unwanted)) = answer.send(command.spawn()) {
                    // Whoever asked is gone.
                    let _ = unwanted.kill();
                    let _ = unwanted.wait();
                }
            }
        })?;
        Ok(Self { requests })
    }

    /// Starts a process.
    ///
    /// # Errors
    /// It cannot be started.
    pub async fn spawn(&self, command: Command) -> std::io::Result<Child> {
        let gone = || std::io::Error::other("the starting thread has ended");
        let (answer, started) = oneshot::channel();
        self.requests.send(Request { command, answer }).map_err(|_| gone())?;
        started.await.map_err(|_| gone())?
    }
}
