//! The line to the supervisor: starting it, telling it, and handing what it says to whoever waits.

use super::parts::{self, Parts};
use super::{JailError, JailUnavailable, TierHealth};
use crate::advice::{Facts, advice};
use crate::settings::{JailSettings, Limits, Supervisor};
use crate::tier::Tier;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use supervisor::config::Config;
use supervisor::frames::{Ended, Hello, Order, PROTOCOL, TierState, Told};
use supervisor::socket::{self, Message};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Longest wait for the supervisor to say that it is there.
const HELLO_PATIENCE: Duration = Duration::from_secs(20);
/// Longest wait for a report.
const REPORT_PATIENCE: Duration = Duration::from_secs(5);
/// Longest an order may wait for a supervisor that does not read.
const ORDER_PATIENCE: Duration = Duration::from_secs(5);

/// How a supervisor is come by, and what it has to allow.
#[derive(Debug)]
pub struct Supervised {
    how: How,
    limits: Limits,
    longest: Duration,
}

/// How a supervisor is come by.
#[derive(Debug)]
enum How {
    Start(Box<Start>),
    Connect(PathBuf),
}

/// What is needed to start a supervisor.
#[derive(Debug)]
pub struct Start {
    /// Its program.
    pub program: PathBuf,
    /// What it is told.
    pub config: Config,
    parts: Parts,
}

impl Supervised {
    /// Whatever can be done before there is a supervisor. Blocks.
    pub fn prepare(settings: &JailSettings, longest: Duration) -> Result<Self, JailUnavailable> {
        let how = match &settings.supervisor {
            Supervisor::Own(program) => How::Start(Box::new(Start::prepare(program, settings, longest)?)),
            Supervisor::Apart(socket) => How::Connect(socket.clone()),
        };
        Ok(Self { how, limits: settings.limits, longest })
    }

    /// Where matplotlib's font list belongs, when it is ours to make.
    pub fn fonts(&self) -> Option<&Path> {
        match &self.how {
            How::Start(start) => Some(&start.parts.fonts),
            How::Connect(_) => None,
        }
    }

    /// A path of this machine that is there and that nobody is kept from looking at.
    pub fn host_path(&self) -> &Path {
        match &self.how {
            How::Start(start) => &start.config.work,
            How::Connect(socket) => socket,
        }
    }

    /// The line to a supervisor, and its process if it is our child.
    fn line(&self) -> Result<(OwnedFd, Option<Child>), JailUnavailable> {
        match &self.how {
            How::Start(start) => start.line().map_err(|error| JailUnavailable::io("the supervisor", &error)),
            How::Connect(socket) => socket::connect(socket).map(|line| (line, None)).map_err(|error| {
                JailUnavailable::new(
                    format!("no supervisor answers at {} ({error})", socket.display()),
                    "start one there as root: darkroom supervisor --user USER, with the user that this program \
                     runs as; or leave SANDBOX_SUPERVISOR empty, and the program starts its own",
                )
            }),
        }
    }

    /// Whether the supervisor allows what we promise.
    fn allows(&self, hello: &Hello) -> Result<(), JailUnavailable> {
        let Limits { memory_bytes, pids, cpu_percent, .. } = self.limits;
        let longest_us = u64::try_from(self.longest.as_micros()).unwrap_or(u64::MAX);
        let pairs = [
            ("SANDBOX_MEMORY_MIB", memory_bytes >> 20, hello.memory_bytes >> 20),
            ("SANDBOX_PIDS", pids.into(), hello.pids.into()),
            ("SANDBOX_CPU_PERCENT", cpu_percent.into(), hello.cpu_percent.into()),
            ("SANDBOX_SECONDS", longest_us / 1_000_000, hello.longest_us / 1_000_000),
        ];
        match pairs.into_iter().find(|(_, ours, theirs)| ours > theirs) {
            None => Ok(()),
            Some((name, ours, theirs)) => Err(JailUnavailable::new(
                format!("{name} is {ours} here, and the supervisor allows {theirs}"),
                format!("lower {name} here, or start the supervisor with a higher one"),
            )),
        }
    }
}

impl Start {
    /// Installs our own files and looks for the program. Blocks.
    pub fn prepare(program: &Path, settings: &JailSettings, longest: Duration) -> Result<Self, JailUnavailable> {
        let work_error = |error: io::Error| JailUnavailable::io("the sandbox's work folder", &error);
        std::fs::create_dir_all(&settings.work).map_err(work_error)?;
        let work = settings.work.canonicalize().map_err(work_error)?;
        let parts = parts::install(&work, &settings.python).map_err(work_error)?;
        let program = program.canonicalize().map_err(|_| {
            JailUnavailable::new(
                format!("the supervisor is not at {}", program.display()),
                "run 'make build', or put darkroom-supervisor beside the program",
            )
        })?;
        let config = Config {
            nsjail: settings.nsjail.clone(),
            python: settings.python.clone(),
            work,
            scripts: parts.scripts.clone(),
            fonts: parts.fonts.clone(),
            etc: parts.etc.clone(),
            cgroup: settings.cgroup.clone(),
            limits: settings.limits.enforced(),
            longest,
            ready: settings.ready,
            zygote_runs: settings.zygote_runs,
            zygote_age: settings.zygote_age,
        };
        Ok(Self { program, config, parts })
    }

    /// Starts it.
    fn line(&self) -> io::Result<(OwnedFd, Option<Child>)> {
        let (ours, theirs) = socket::pair()?;
        let mut command = Command::new(&self.program);
        command.arg("supervise").args(self.config.arguments());
        command.env_clear().current_dir("/").stdin(Stdio::from(theirs)).stdout(Stdio::null()).stderr(Stdio::piped());
        // A group of its own: Ctrl-C in a terminal is for us, who then end it in order.
        command.process_group(0);
        let mut child = command.spawn()?;
        pass_on_complaints(&mut child);
        Ok((ours, Some(child)))
    }
}

/// A frame about a run, with what came along.
#[derive(Debug)]
pub struct News {
    /// The frame.
    pub told: Told,
    /// Its descriptors.
    pub fds: Vec<OwnedFd>,
}

/// Who waits for frames about which run, and for reports.
#[derive(Debug, Default)]
struct Waiting {
    runs: HashMap<u64, mpsc::UnboundedSender<News>>,
    next: u64,
    reports: Vec<(Vec<TierHealth>, oneshot::Sender<Vec<TierHealth>>)>,
    ended: bool,
}

/// A running supervisor. Dropping it ends the supervisor.
#[derive(Debug)]
pub struct Link {
    socket: Arc<AsyncFd<OwnedFd>>,
    waiting: Arc<Mutex<Waiting>>,
    hello: Hello,
    child: Mutex<Option<Child>>,
    _reading: tokio_util::sync::DropGuard,
}

impl Link {
    /// Starts a supervisor, or connects to one, and waits until it says that it can work.
    ///
    /// # Errors
    /// It refuses, with the reason and the fix, is not the one that belongs to this program, or allows less than
    /// our settings promise.
    pub async fn start(supervised: &Supervised) -> Result<Self, JailUnavailable> {
        let broken = |error: io::Error| JailUnavailable::io("the supervisor", &error);
        let (ours, child) = supervised.line()?;
        rustix::net::sockopt::set_socket_timeout(&ours, rustix::net::sockopt::Timeout::Send, Some(ORDER_PATIENCE))
            .map_err(|error| broken(error.into()))?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe for types that may swap their descriptor; an OwnedFd cannot"
        )]
        let socket = AsyncFd::with_interest(ours, Interest::READABLE).map_err(broken)?;
        let hello = tokio::time::timeout(HELLO_PATIENCE, next(&socket)).await;
        let hello = hello.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(broken)?;
        let hello = match hello.and_then(|message| Told::decode(&message.bytes)) {
            Some(Told::Hello(hello)) if (hello.protocol, hello.build) == (PROTOCOL, supervisor::BUILD) => hello,
            // One that speaks another protocol says it in words that this one cannot read.
            Some(Told::Hello(_)) => {
                return Err(JailUnavailable::new(
                    "the supervisor is of another build than this program",
                    "build both together with make build, and start both again",
                ));
            }
            Some(Told::Refused(text)) => {
                let (reason, fix) = text.split_once('\n').unwrap_or((&text, "see the log"));
                return Err(JailUnavailable::new(reason, fix));
            }
            _ => return Err(JailUnavailable::new("the supervisor does not start", "see its lines in the log")),
        };
        supervised.allows(&hello)?;
        let (socket, waiting) = (Arc::new(socket), Arc::new(Mutex::new(Waiting::default())));
        let stop = CancellationToken::new();
        tokio::spawn(read(socket.clone(), waiting.clone(), stop.clone()));
        Ok(Self { socket, waiting, hello, child: Mutex::new(child), _reading: stop.drop_guard() })
    }

    /// `v1` or `v2`.
    pub fn cgroup(&self) -> &'static str {
        if self.hello.cgroup == 2 { "v2" } else { "v1" }
    }

    /// SHA-256 of the room, lower-case hex.
    pub fn profile(&self) -> String {
        hex::encode(self.hello.profile)
    }

    /// Version of the Python in rooms; empty when its environment does not tell.
    pub fn python_version(&self) -> &str {
        &self.hello.python
    }

    /// Ends it, and waits until nothing of it is left. Whoever still waits for a run sees its end. Blocks.
    pub fn end(&self) -> io::Result<()> {
        self.hang_up().map_or(Ok(()), |mut child| child.wait().map(|_| ()))
    }

    /// Closes the line for the other side, even while the reading task still holds its end, and answers the child that
    /// is to be waited for.
    fn hang_up(&self) -> Option<Child> {
        // Closed already: that is what is wanted.
        let _closed = rustix::net::shutdown(self.socket.get_ref(), rustix::net::Shutdown::Both);
        self.child.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// False once the supervisor has ended.
    pub fn is_alive(&self) -> bool {
        !lock(&self.waiting).ended
    }

    /// Takes the supervisor for ended, as somebody has seen who was faster than the end of its line.
    pub fn give_up(&self) {
        lock(&self.waiting).ended = true;
    }

    /// Registers a run: its id, and where frames about it arrive. The channel closes when the supervisor ends.
    pub fn enter(&self) -> (u64, mpsc::UnboundedReceiver<News>) {
        let (sender, news) = mpsc::unbounded_channel();
        let mut waiting = lock(&self.waiting);
        waiting.next += 1;
        let id = waiting.next;
        if !waiting.ended {
            waiting.runs.insert(id, sender);
        }
        (id, news)
    }

    /// Forgets a run.
    pub fn leave(&self, id: u64) {
        lock(&self.waiting).runs.remove(&id);
    }

    /// Tells the supervisor something.
    ///
    /// # Errors
    /// It is gone.
    pub fn tell(&self, order: &Order, fd: Option<&OwnedFd>) -> io::Result<()> {
        use std::os::fd::AsFd;
        let fds: Vec<_> = fd.iter().map(|fd| fd.as_fd()).collect();
        socket::send(self.socket.get_ref(), &order.encode(), &fds)
    }

    /// How each tier is.
    pub async fn report(&self) -> Result<Vec<TierHealth>, JailError> {
        let (sender, report) = oneshot::channel();
        lock(&self.waiting).reports.push((Vec::new(), sender));
        let silent = || JailError::Broken("the supervisor does not answer".to_owned());
        self.tell(&Order::Report, None).map_err(|_| silent())?;
        tokio::time::timeout(REPORT_PATIENCE, report).await.map_err(|_| silent())?.map_err(|_| silent())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(mut child) = self.hang_up() {
            // It needs a moment to clear everything away; nobody has to wait for that.
            let reaper = std::thread::Builder::new().name("supervisor-reaper".into());
            if let Err(error) = reaper.spawn(move || child.wait()) {
                tracing::warn!(%error, "no thread to reap the supervisor");
            }
        }
    }
}

fn lock(waiting: &Mutex<Waiting>) -> std::sync::MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The next message; `None` at the end.
async fn next(socket: &AsyncFd<OwnedFd>) -> io::Result<Option<Message>> {
    loop {
        let mut ready = socket.readable().await?;
        match ready.try_io(|socket| socket::receive_now(socket.get_ref())) {
            Ok(received) => return received,
            Err(_would_block) => {}
        }
    }
}

async fn read(socket: Arc<AsyncFd<OwnedFd>>, waiting: Arc<Mutex<Waiting>>, stop: CancellationToken) {
    loop {
        let message = tokio::select! {
            () = stop.cancelled() => None,
            message = next(&socket) => message.ok().flatten(),
        };
        let Some(Message { bytes, fds, .. }) = message else { break };
        match Told::decode(&bytes) {
            Some(told) => dispatch(&mut lock(&waiting), told, fds),
            None => tracing::error!("the supervisor said something that is no frame"),
        }
    }
    let mut waiting = lock(&waiting);
    waiting.ended = true;
    // Whoever waits sees the end of its channel.
    waiting.runs.clear();
    waiting.reports.clear();
}

fn dispatch(waiting: &mut Waiting, told: Told, fds: Vec<OwnedFd>) {
    let (id, is_last) = match &told {
        Told::Started { id, .. } | Told::File { id, .. } | Told::Rejected { id, .. } => (*id, false),
        Told::Ended(Ended { id, .. }) | Told::Failed { id, .. } => (*id, true),
        Told::Tier { tier, state, ready, zygotes, trouble } => {
            return add_to_report(waiting, *tier, *state, *ready, *zygotes, trouble.clone());
        }
        Told::Hello(_) | Told::Refused(_) => return,
    };
    if let Some(run) = waiting.runs.get(&id) {
        // Nobody waits any more: what came along is closed here.
        let _unwanted = run.send(News { told, fds });
    }
    if is_last {
        waiting.runs.remove(&id);
    }
}

fn add_to_report(waiting: &mut Waiting, tier: u8, state: TierState, ready: u32, zygotes: u32, trouble: String) {
    let Some((report, _)) = waiting.reports.first_mut() else { return };
    let name = Tier::ALL.get(usize::from(tier)).map(|tier| tier.as_str()).unwrap_or_default();
    let state = match state {
        TierState::Off => "off",
        TierState::Starting => "starting",
        TierState::Serving => "serving",
        TierState::Down => "down",
    };
    let trouble = Some(trouble).filter(|text| !text.is_empty());
    let fix = trouble.as_deref().map(|why| advice(why, Facts::here()).to_owned());
    report.push(TierHealth { tier: name.into(), state: state.into(), ready, zygotes, trouble, fix });
    if report.len() == Tier::ALL.len() {
        let (report, asked) = waiting.reports.remove(0);
        // Whoever asked has gone.
        let _unwanted = asked.send(report);
    }
}

/// The supervisor's own lines become lines of our log.
fn pass_on_complaints(child: &mut Child) {
    let Some(errors) = child.stderr.take() else { return };
    let reader = std::thread::Builder::new().name("supervisor-log".into()).spawn(move || {
        for line in BufReader::new(errors).lines().map_while(Result::ok) {
            tracing::warn!(line, "supervisor");
        }
    });
    if let Err(error) = reader {
        tracing::warn!(%error, "no thread for the supervisor's log");
    }
}
