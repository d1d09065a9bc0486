//! A service as a program of its own: settings from the environment, one listener, an orderly stop.

mod probe;

use crate::identity::GatewayKeys;
use crate::{Environment, NotReady, parts, stop, telemetry};
use blob::SharedStore;
use bus::SharedBus;
use edge::identity::Verifier;
use edge::{Check, ShellSettings, Site};
use shared::{Allowances, SharedHandle};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long work in hand may take to come to an end at a stop. What is not done by then comes again: the bus gives it
/// to another, or to this service when it is back.
const DRAIN: Duration = Duration::from_secs(10);

/// How long open requests may take to end at a stop.
const OPEN_REQUESTS: Duration = Duration::from_secs(10);

/// Exit code of a program whose environment is not ready.
const NOT_READY: u8 = 3;

/// Exit code of a wrong command line.
const USAGE: u8 = 2;

/// What a service's program stands on.
pub struct Host {
    /// Settings and places.
    pub environment: Environment,
    service: &'static str,
    listener: TcpListener,
    address: SocketAddr,
}

/// Runs the program of a service to its end: `main` of each of them is this call.
///
/// Without arguments it serves until it is asked to stop. `--check` asks the service that is running here whether it is
/// ready, for containers.
pub fn main(
    service: &'static str,
    arguments: impl IntoIterator<Item = String>,
    work: impl AsyncFnOnce(Host) -> Result<(), NotReady>,
) -> ExitCode {
    let environment = match Environment::read() {
        Ok(environment) => environment,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(NOT_READY);
        }
    };
    match arguments.into_iter().nth(1).as_deref() {
        None => {}
        Some("--check") => return probe::check(&environment.settings.listen),
        Some("--version") => {
            println!("darkroom-{service} {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            let wanted = other == "--help" || other == "-h";
            println!(
                "The {service} service of Darkroom. It takes its settings from the environment; see .env.example."
            );
            println!("  --check    say whether the one that listens at LISTEN is ready");
            println!("  --version  print the version");
            return if wanted { ExitCode::SUCCESS } else { ExitCode::from(USAGE) };
        }
    }
    let settings = &environment.settings;
    let telemetry = match telemetry::start(settings, &settings.log, service) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            eprintln!("LOG or a setting of telemetry cannot be used: {error}");
            return ExitCode::from(USAGE);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("The operating system gives this program no threads: {error}");
            return ExitCode::from(NOT_READY);
        }
    };
    let ended = runtime.block_on(async { work(Host::open(service, environment)?).await });
    // Blocking work that is still going on is not waited for.
    runtime.shutdown_background();
    telemetry.end();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The {service} service cannot run: {error}");
            ExitCode::from(NOT_READY)
        }
    }
}

impl Host {
    fn open(service: &'static str, environment: Environment) -> Result<Self, NotReady> {
        let listen = &environment.settings.listen;
        // Before anything else: when the port is taken nothing must have been touched.
        let unusable = |error: std::io::Error| {
            NotReady::new(
                format!("{listen} cannot be listened on: {error}"),
                "stop the other program, or choose another address with LISTEN",
            )
        };
        let listener = TcpListener::bind(listen).map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        Ok(Self { environment, service, listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The bus. One that lives within a single process joins no services, so it is refused.
    ///
    /// # Errors
    /// See [`parts::bus`].
    pub async fn bus(&self) -> Result<SharedBus, NotReady> {
        let bus = parts::bus(&self.environment.settings).await?;
        if bus.is_durable() {
            return Ok(bus);
        }
        let reason = "BUS_URL names the bus within one process, and this is one service of several";
        Err(NotReady::new(reason, "set BUS_URL to RabbitMQ, or run 'darkroom serve' for everything in one process"))
    }

    /// The blob store.
    ///
    /// # Errors
    /// See [`parts::blob`].
    pub async fn blob(&self) -> Result<SharedStore, NotReady> {
        parts::blob(&self.environment.settings, &self.environment.data_dir).await
    }

    /// What replicas share and may forget.
    ///
    /// # Errors
    /// See [`parts::shared`].
    pub async fn shared(&self) -> Result<SharedHandle, NotReady> {
        parts::shared(&self.environment.settings).await
    }

    /// What replicas share and may forget, for a service that does without while the server is away.
    ///
    /// # Errors
    /// See [`parts::shared_if_there`].
    pub fn shared_if_there(&self) -> Result<SharedHandle, NotReady> {
        parts::shared_if_there(&self.environment.settings)
    }

    /// Counts what people do, together with all other replicas.
    ///
    /// # Errors
    /// See [`parts::shared_if_there`].
    pub fn allowances(&self) -> Result<Allowances, NotReady> {
        Ok(Allowances::new(self.shared_if_there()?, self.environment.settings.user_limits()))
    }

    /// URL of the databases.
    pub fn database_url(&self) -> String {
        parts::database_url(&self.environment.settings, &self.environment.data_dir)
    }

    /// Knows callers by the gateway's signature.
    ///
    /// # Errors
    /// `GATEWAY_URL` is not set, or there can be no HTTP client.
    pub fn callers(&self) -> Result<Arc<Verifier>, NotReady> {
        let base = &self.environment.settings.gateway_url;
        if base.is_empty() {
            return Err(NotReady::new(
                "GATEWAY_URL is not set, so nobody could be let in",
                "set GATEWAY_URL to the gateway's address within your network, such as http://gateway:8080",
            ));
        }
        let keys = GatewayKeys::at(base).map_err(|error| NotReady::new(error.to_string(), "see the log"))?;
        Ok(Arc::new(Verifier::new(keys)))
    }

    /// Serves the site until a stop is asked for; then it takes no new requests, lets open ones end, and ends the work
    /// in hand, which `end` waits for.
    ///
    /// # Errors
    /// The listener fails.
    pub async fn serve(self, site: Site, end: impl AsyncFnOnce()) -> Result<(), NotReady> {
        println!("The {} service is ready at http://{}", self.service, self.address);
        let stop = CancellationToken::new();
        let shell = ShellSettings { shutdown_timeout: OPEN_REQUESTS, ..ShellSettings::default() };
        let server = edge::serve(self.listener, shell, site, stop.clone());
        tokio::pin!(server);
        let served = tokio::select! {
            served = &mut server => served,
            () = stop::asked() => {
                tracing::info!(service = self.service, "stopping: no new requests, open ones end");
                stop.cancel();
                server.await
            }
        };
        if tokio::time::timeout(DRAIN, end()).await.is_err() {
            tracing::warn!(service = self.service, "some work was cut off; it is given again");
        }
        served.map_err(|error| NotReady::new(error.to_string(), "see the log"))
    }
}

/// Whether callers can be told apart now.
pub fn callers_check(callers: &Arc<Verifier>) -> Check {
    let callers = callers.clone();
    Check::new("callers", move || {
        let callers = callers.clone();
        async move {
            callers.check().await.map(|()| "Callers can be told apart.".to_owned()).map_err(|error| {
                tracing::error!(%error, "the gateway's keys were never had");
                "The gateway's keys cannot be had; check GATEWAY_URL and the gateway.".to_owned()
            })
        }
    })
}

/// Whether what replicas share can be used now.
pub fn shared_check(shared: &SharedHandle) -> Check {
    let shared = shared.clone();
    Check::new("shared state", move || {
        let shared = shared.clone();
        async move {
            shared.check().await.map(|()| "Replicas share sessions.".to_owned()).map_err(|error| {
                tracing::error!(%error, "the shared state fails");
                "What replicas share cannot be used; check SHARED_URL.".to_owned()
            })
        }
    })
}

/// Whether the bus takes messages now.
pub fn bus_check(bus: &SharedBus) -> Check {
    let bus = bus.clone();
    Check::new("bus", move || {
        let bus = bus.clone();
        async move {
            bus.check().await.map(|()| "The bus takes messages.".to_owned()).map_err(|error| {
                tracing::error!(%error, "the bus fails");
                "The bus does not take messages now; check the broker, its memory and its disk.".to_owned()
            })
        }
    })
}
