//! Settings: a pure function of a map of variables.
//!
//! Every variable is declared once, in the table below. The documentation in `.env.example` is made
//! from it, and all mistakes are reported at once. Absence means the embedded default.

mod telling;
mod ways;
mod webhooks;

pub use telling::{LangfuseContent, LogFormat, Share};
pub use ways::AuthMode;
pub use webhooks::WebhookSchemes;

use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// A secret value. It shows itself in no log and no debug print.
#[derive(Clone, Default)]
pub struct Secret(Option<SecretString>);

impl Secret {
    /// The value, where one is set.
    pub fn value(&self) -> Option<&SecretString> {
        self.0.as_ref()
    }

    /// The value as text, empty where none is set: for whoever connects with it, and nobody else.
    pub fn exposed(&self) -> &str {
        self.0.as_ref().map_or("", ExposeSecret::expose_secret)
    }

    /// True when a value is set.
    pub fn is_set(&self) -> bool {
        self.0.is_some()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_set() { "(set)" } else { "(not set)" })
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ref().map(ExposeSecret::expose_secret) == other.0.as_ref().map(ExposeSecret::expose_secret)
    }
}

/// One variable as documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name in the environment.
    pub name: &'static str,
    /// What it is for, in a sentence.
    pub doc: &'static str,
    /// Its default as text; empty where the default depends on the machine.
    pub default: &'static str,
    /// True when its value must never be shown.
    pub secret: bool,
}

/// Reads a value of its type from text.
trait Value: Sized {
    const EXPECTED: &'static str;
    const SECRET: bool = false;
    fn parse(text: &str) -> Option<Self>;
}

impl Value for String {
    const EXPECTED: &'static str = "text";
    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Value for Option<PathBuf> {
    const EXPECTED: &'static str = "a path";
    fn parse(text: &str) -> Option<Self> {
        Some(if text.is_empty() { None } else { Some(PathBuf::from(text)) })
    }
}

impl Value for Secret {
    const EXPECTED: &'static str = "text";
    const SECRET: bool = true;
    fn parse(text: &str) -> Option<Self> {
        Some(Self(if text.is_empty() { None } else { Some(SecretString::from(text.to_owned())) }))
    }
}

/// Walls around code in the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxIsolation {
    /// nsjail.
    Jail,
    /// A container for each run.
    Docker,
}

impl Value for SandboxIsolation {
    const EXPECTED: &'static str = "'jail' or 'docker'";
    fn parse(text: &str) -> Option<Self> {
        match text {
            "jail" => Some(Self::Jail),
            "docker" => Some(Self::Docker),
            _ => None,
        }
    }
}

/// What makes the sandbox's containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxRuntime {
    /// Namespaces of the machine's own kernel.
    Runc,
    /// gVisor.
    Runsc,
}

impl Value for SandboxRuntime {
    const EXPECTED: &'static str = "'runc' or 'runsc'";
    fn parse(text: &str) -> Option<Self> {
        match text {
            "runc" => Some(Self::Runc),
            "runsc" => Some(Self::Runsc),
            _ => None,
        }
    }
}

/// Who does a model's part where no model gives an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastResort {
    /// The built-in rules.
    Builtin,
    /// Nobody.
    None,
}

impl Value for LastResort {
    const EXPECTED: &'static str = "'builtin' or 'none'";
    fn parse(text: &str) -> Option<Self> {
        match text {
            "builtin" => Some(Self::Builtin),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

/// A whole number within a range that is part of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within<const LOW: u64, const HIGH: u64>(pub u64);

impl<const LOW: u64, const HIGH: u64> Within<LOW, HIGH> {
    /// The number as a size in memory.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<const LOW: u64, const HIGH: u64> Value for Within<LOW, HIGH> {
    const EXPECTED: &'static str = "a whole number within its range";
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| (LOW..=HIGH).contains(number)).map(Self)
    }
}

impl<const LOW: u64, const HIGH: u64> Value for Option<Within<LOW, HIGH>> {
    const EXPECTED: &'static str = "a whole number within its range, or nothing";
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { Within::parse(text).map(Some) }
    }
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $field:ident: $type:ty = $name:literal, $default:literal;)+) => {
        /// All settings of a process. See [`Settings::VARIABLES`] for their documentation.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Settings { $($(#[doc = $doc])+ pub $field: $type,)+ }

        impl Settings {
            /// Every variable, in the order of the documentation.
            pub const VARIABLES: &'static [Variable] = &[$(Variable {
                name: $name,
                doc: concat!($($doc, "\n"),+),
                default: $default,
                secret: <$type as Value>::SECRET,
            },)+];

            /// Reads settings from variables. Variables of other names are ignored.
            ///
            /// # Errors
            /// Every variable whose value is not accepted, all at once.
            pub fn from_variables(variables: &BTreeMap<String, String>) -> Result<Self, SettingsError> {
                let mut mistakes = Vec::new();
                $(let $field = read::<$type>(variables, $name, $default, &mut mistakes);)+
                match ($($field,)+) {
                    ($(Some($field),)+) if mistakes.is_empty() => Ok(Self { $($field,)+ }),
                    _ => Err(SettingsError(mistakes)),
                }
            }
        }
    };
}

settings! {
    /// Where the server listens. Keep it on the loopback address unless something in front adds TLS.
    listen: String = "LISTEN", "127.0.0.1:8080";
    /// Folder for everything that is kept: databases, images, results, the local token. Default: 'data' below the current folder.
    data_dir: Option<PathBuf> = "DATA_DIR", "";
    /// Bus between the services: 'memory:' within one process, or RabbitMQ: 'amqp://user:password@host:5672/%2f', for a cluster with all its nodes: 'amqp://user:password@host1:5672,host2:5672,host3:5672/%2f'. '?namespace=NAME' where installations share a virtual host; '?heartbeat=SECONDS' (default 5): a connection without a sign of life is given up after two and a half of them.
    bus_url: Secret = "BUS_URL", "memory:";
    /// Databases: 'sqlite:///absolute/folder', or PostgreSQL with a schema for each service: 'postgres://user:password@host/database'. Default: a folder in DATA_DIR.
    database_url: Secret = "DATABASE_URL", "";
    /// Images and results: 'file:///absolute/folder', or a bucket of MinIO, AWS or another S3, made when missing: 's3://ACCESS:SECRET@host:port/bucket/prefix?region=us-east-1&tls=true', both keys percent-encoded. Port, prefix (keeps apart installations that share a bucket) and what follows the '?' may be left out; 'tls=false' for plain HTTP. Default: a folder in DATA_DIR.
    blob_url: Secret = "BLOB_URL", "";
    /// What replicas share and may forget (sessions, rates): 'memory:' within one process, or Redis 6.2 or newer: 'redis://:password@host:6379/0', 'rediss://' over TLS, with '?namespace=NAME' where installations share a server and '?ca=/absolute/file.pem' for an authority of one's own.
    shared_url: Secret = "SHARED_URL", "memory:";
    /// Only with services as programs of their own: the gateway's address within your network, such as 'http://gateway:8080'; of several replicas without one address for all, each, with commas between them.
    gateway_url: String = "GATEWAY_URL", "";
    /// Only with services as programs of their own: the files service's address within your network, for jobs; several as with GATEWAY_URL.
    files_url: String = "FILES_URL", "";
    /// Address that people use, for sign-in links: 'https://darkroom.example.org'. Default: where the program listens.
    public_url: String = "PUBLIC_URL", "";
    /// Token of the local owner, 64 hexadecimal digits. Default: a file in DATA_DIR, made at the first start.
    local_token: Secret = "LOCAL_TOKEN", "";
    /// How people sign in: 'local' (invited by an owner, with e-mail address and password), 'clerk', or 'oidc' (an issuer of OpenID Connect). The local token and API keys work in each.
    auth_mode: AuthMode = "AUTH_MODE", "local";
    /// With 'clerk': the instance's publishable key, 'pk_live_…' or 'pk_test_…'.
    clerk_publishable_key: String = "CLERK_PUBLISHABLE_KEY", "";
    /// With 'clerk': the instance's secret key, for names and addresses of people; without it they are known by Clerk's ids.
    clerk_secret_key: Secret = "CLERK_SECRET_KEY", "";
    /// With 'clerk': origins whose session tokens are taken, with commas between them: 'https://darkroom.example.org'. Default: any origin of the instance.
    clerk_authorized_parties: String = "CLERK_AUTHORIZED_PARTIES", "";
    /// With 'clerk': who makes the session tokens. Default: follows from the publishable key.
    clerk_issuer: String = "CLERK_ISSUER", "";
    /// With 'clerk': address of the Backend API, where it is not Clerk's own.
    clerk_api_url: String = "CLERK_API_URL", "";
    /// With 'oidc': the issuer, such as 'https://login.example.org/realms/team'. It sends people back to PUBLIC_URL and '/api/v1/auth/oidc/callback'.
    oidc_issuer: String = "OIDC_ISSUER", "";
    /// With 'oidc': the name of this installation at the issuer.
    oidc_client_id: String = "OIDC_CLIENT_ID", "";
    /// With 'oidc': its secret there; empty for a public client.
    oidc_client_secret: Secret = "OIDC_CLIENT_SECRET", "";
    /// With 'oidc': what people call the issuer.
    oidc_name: String = "OIDC_NAME", "your organisation";
    /// Python environment of the sandbox. Default: 'python' beside the folder of the program.
    python_env: Option<PathBuf> = "PYTHON_ENV", "";
    /// Python environment with ruff, bandit and nsjail. Default: 'tools' beside the folder of the program.
    tools_env: Option<PathBuf> = "TOOLS_ENV", "";
    /// Model that looks at pictures: 'builtin:' (rules, no key) or the base URL of an OpenAI-compatible server, for example http://127.0.0.1:11434/v1.
    vision_model_url: String = "VISION_MODEL_URL", "builtin:";
    /// Name of that model at its server.
    vision_model_name: String = "VISION_MODEL_NAME", "";
    /// Key for that server.
    vision_model_key: Secret = "VISION_MODEL_KEY", "";
    /// Longest time for one call for looking at pictures, in seconds (5 to 900). Default: MODEL_TIMEOUT_SECONDS.
    vision_model_timeout_seconds: Option<Within<5, 900>> = "VISION_MODEL_TIMEOUT_SECONDS", "";
    /// Longest side of a picture that the model is sent, in pixels (224 to 8192); larger pictures are scaled down for it.
    vision_model_longest_side: Within<224, 8192> = "VISION_MODEL_LONGEST_SIDE", "1568";
    /// Base URL of a second server, asked for looking at pictures where the first gives no answer. Default: none.
    vision_model_fallback_url: String = "VISION_MODEL_FALLBACK_URL", "";
    /// Name of the second model at its server.
    vision_model_fallback_name: String = "VISION_MODEL_FALLBACK_NAME", "";
    /// Key for the second server.
    vision_model_fallback_key: Secret = "VISION_MODEL_FALLBACK_KEY", "";
    /// Model that sums up: 'builtin:' or a base URL.
    reasoning_model_url: String = "REASONING_MODEL_URL", "builtin:";
    /// Name of that model at its server.
    reasoning_model_name: String = "REASONING_MODEL_NAME", "";
    /// Key for that server.
    reasoning_model_key: Secret = "REASONING_MODEL_KEY", "";
    /// Longest time for one call for summing up, in seconds (5 to 900). Default: MODEL_TIMEOUT_SECONDS.
    reasoning_model_timeout_seconds: Option<Within<5, 900>> = "REASONING_MODEL_TIMEOUT_SECONDS", "";
    /// Base URL of a second server, asked for summing up where the first gives no answer. Default: none.
    reasoning_model_fallback_url: String = "REASONING_MODEL_FALLBACK_URL", "";
    /// Name of the second model at its server.
    reasoning_model_fallback_name: String = "REASONING_MODEL_FALLBACK_NAME", "";
    /// Key for the second server.
    reasoning_model_fallback_key: Secret = "REASONING_MODEL_FALLBACK_KEY", "";
    /// Model that writes code: 'builtin:' or a base URL.
    code_model_url: String = "CODE_MODEL_URL", "builtin:";
    /// Name of that model at its server.
    code_model_name: String = "CODE_MODEL_NAME", "";
    /// Key for that server.
    code_model_key: Secret = "CODE_MODEL_KEY", "";
    /// Longest time for one call for writing code, in seconds (5 to 900). Default: MODEL_TIMEOUT_SECONDS.
    code_model_timeout_seconds: Option<Within<5, 900>> = "CODE_MODEL_TIMEOUT_SECONDS", "";
    /// Base URL of a second server, asked for writing code where the first gives no answer. Default: none.
    code_model_fallback_url: String = "CODE_MODEL_FALLBACK_URL", "";
    /// Name of the second model at its server.
    code_model_fallback_name: String = "CODE_MODEL_FALLBACK_NAME", "";
    /// Key for the second server.
    code_model_fallback_key: Secret = "CODE_MODEL_FALLBACK_KEY", "";
    /// When no model that writes code gives an answer: 'builtin' (the rules write it, and the result says so) or 'none' (the job fails).
    model_last_resort: LastResort = "MODEL_LAST_RESORT", "builtin";
    /// Tokens that a question and its answer may have together: the smallest context window of the models (2048 to 2000000).
    model_context_tokens: Within<2048, 2_000_000> = "MODEL_CONTEXT_TOKENS", "32768";
    /// What models cost, in US dollars per million tokens sent/received: 'gpt-4o=2.5/10,other=0.1/0.3'. A model that is not named counts as free.
    model_prices: String = "MODEL_PRICES", "";
    /// Longest time for one model call, in seconds (5 to 900).
    model_timeout_seconds: Within<5, 900> = "MODEL_TIMEOUT_SECONDS", "180";
    /// Largest uploaded image in bytes (1 KiB to 1 GiB).
    max_upload_bytes: Within<1024, 1_073_741_824> = "MAX_UPLOAD_BYTES", "26214400";
    /// Most pixels of an uploaded image (1 to 400 million).
    max_image_pixels: Within<1, 400_000_000> = "MAX_IMAGE_PIXELS", "40000000";
    /// Jobs worked on at a time (1 to 64).
    max_running_jobs: Within<1, 64> = "MAX_RUNNING_JOBS", "4";
    /// Longest time for a whole job, in seconds (10 to 86400).
    max_job_seconds: Within<10, 86_400> = "MAX_JOB_SECONDS", "1800";
    /// Requests that a person may send in a minute (1 to 1000000). Default: no limit, as for all settings that begin with USER; an owner may set others for single people.
    user_requests_per_minute: Option<Within<1, 1_000_000>> = "USER_REQUESTS_PER_MINUTE", "";
    /// Bytes that a person may upload in a day, UTC (1 KiB to 4 TiB). Default: no limit.
    user_upload_bytes_per_day: Option<Within<1024, 4_398_046_510_080>> = "USER_UPLOAD_BYTES_PER_DAY", "";
    /// Runs of code of their own that a person may ask for in an hour (1 to 1000000). Default: no limit.
    user_runs_per_hour: Option<Within<1, 1_000_000>> = "USER_RUNS_PER_HOUR", "";
    /// Jobs that a person may have waiting or running (1 to 100000). Default: no limit.
    user_open_jobs: Option<Within<1, 100_000>> = "USER_OPEN_JOBS", "";
    /// Jobs of one person worked on at a time (1 to 64); further ones wait. Default: MAX_RUNNING_JOBS.
    user_running_jobs: Option<Within<1, 64>> = "USER_RUNNING_JOBS", "";
    /// Tokens of models that a person may use in a day, UTC (1 to 10^15). Default: no limit.
    user_tokens_per_day: Option<Within<1, 1_000_000_000_000_000>> = "USER_TOKENS_PER_DAY", "";
    /// US cents that a person may spend on models in a day, UTC, by MODEL_PRICES (1 to 100000000). Default: no limit.
    user_cents_per_day: Option<Within<1, 100_000_000>> = "USER_CENTS_PER_DAY", "";
    /// Mail server for letters that say that a job has ended: 'smtps://user:password@mail.example.org', 'smtp://mail.example.org:587?tls=required', 'smtp://' alone for one without TLS. Default: no letters.
    smtp_url: Secret = "SMTP_URL", "";
    /// Who letters are from: 'Darkroom <darkroom@example.org>'. Needed with SMTP_URL.
    mail_from: String = "MAIL_FROM", "";
    /// Hosts that webhooks may be sent to although they stand at private addresses, with commas between them.
    webhook_hosts: String = "WEBHOOK_HOSTS", "";
    /// What webhooks may use: 'https', or 'http' for plain HTTP as well.
    webhook_schemes: WebhookSchemes = "WEBHOOK_SCHEMES", "https";
    /// Days after which jobs that have ended, and uploads, are removed with all that belongs to them (1 to 36500). Default: they are kept for ever.
    retention_days: Option<Within<1, 36_500>> = "RETENTION_DAYS", "";
    /// Runs in the sandbox at a time (1 to 64). Each may use SANDBOX_MEMORY_MIB of memory.
    sandbox_slots: Within<1, 64> = "SANDBOX_SLOTS", "4";
    /// Direct executions that may wait for a place in the sandbox (0 to 1000); beyond it the answer is 429.
    sandbox_queue: Within<0, 1000> = "SANDBOX_QUEUE", "16";
    /// Most memory of a run, in MiB (64 to 1048576); a request may ask for less.
    sandbox_memory_mib: Within<64, 1_048_576> = "SANDBOX_MEMORY_MIB", "2048";
    /// Most CPU time of a run, in percent of one CPU (10 to 6400); a request may ask for less.
    sandbox_cpu_percent: Within<10, 6400> = "SANDBOX_CPU_PERCENT", "200";
    /// Most processes and threads of a run (8 to 4096); a request may ask for fewer.
    sandbox_pids: Within<8, 4096> = "SANDBOX_PIDS", "128";
    /// Longest wall time of a run, in seconds (1 to 3600); a request may ask for less.
    sandbox_seconds: Within<1, 3600> = "SANDBOX_SECONDS", "120";
    /// Rooms kept ready for code that needs only the standard library, and as many for code with numpy, pandas and matplotlib (0 to 32); 0: every run starts a Python of its own.
    sandbox_ready: Within<0, 32> = "SANDBOX_READY", "4";
    /// Rooms kept ready with OpenCV, scikit-image and the models that look at pictures (0 to 32).
    sandbox_ready_vision: Within<0, 32> = "SANDBOX_READY_VISION", "1";
    /// Socket of a supervisor that was started apart with 'darkroom supervisor', so that this program needs no rights: '/run/darkroom/supervisor.sock'. Default: the program starts its own.
    sandbox_supervisor: String = "SANDBOX_SUPERVISOR", "";
    /// Walls around code in the sandbox: 'jail' (nsjail on this machine) or 'docker' (a container for each run).
    sandbox_isolation: SandboxIsolation = "SANDBOX_ISOLATION", "jail";
    /// With 'docker': the daemon's socket.
    sandbox_docker_socket: String = "SANDBOX_DOCKER_SOCKET", "/var/run/docker.sock";
    /// With 'docker': the image, as deploy/sandbox/build-image.sh makes it.
    sandbox_docker_image: String = "SANDBOX_DOCKER_IMAGE", "darkroom-sandbox";
    /// With 'docker': 'runc', or 'runsc' for gVisor, a kernel of its own between code and machine.
    sandbox_docker_runtime: SandboxRuntime = "SANDBOX_DOCKER_RUNTIME", "runc";
    /// What is logged, as a filter such as 'info' or 'info,sandbox=debug'.
    log: String = "LOG", "info";
    /// How log lines look: 'text' or 'json'.
    log_format: LogFormat = "LOG_FORMAT", "text";
    /// OpenTelemetry receiver that spans and metrics go to, over HTTP with protobuf: 'http://collector:4318'; '/v1/traces' and '/v1/metrics' are added. Default: none.
    otlp_endpoint: String = "OTEL_EXPORTER_OTLP_ENDPOINT", "";
    /// Headers for that receiver: 'name=value,other=value', values percent-encoded.
    otlp_headers: Secret = "OTEL_EXPORTER_OTLP_HEADERS", "";
    /// What the program is called in spans and metrics. Default: 'darkroom', or 'darkroom-' and the service's name.
    otel_service_name: String = "OTEL_SERVICE_NAME", "";
    /// Share of new traces that are recorded, 0 to 1. What a caller decided about its trace stands.
    otel_sampler_arg: Share = "OTEL_TRACES_SAMPLER_ARG", "1";
    /// Address for Prometheus alone, with '/metrics': '127.0.0.1:9464'. Keep it inside your network: other than the API it may not be public. Default: none.
    metrics_listen: String = "METRICS_LISTEN", "";
    /// What Prometheus has to send as bearer token. Default: nothing, for an address that only it reaches.
    metrics_token: Secret = "METRICS_TOKEN", "";
    /// Langfuse, for model calls: 'https://cloud.langfuse.com' or your own. With both keys set, model calls go there. Default: none.
    langfuse_host: String = "LANGFUSE_HOST", "";
    /// Langfuse's public key.
    langfuse_public_key: Secret = "LANGFUSE_PUBLIC_KEY", "";
    /// Langfuse's secret key.
    langfuse_secret_key: Secret = "LANGFUSE_SECRET_KEY", "";
    /// What Langfuse is told of questions and answers: 'none' or 'text'. Pictures never go there.
    langfuse_content: LangfuseContent = "LANGFUSE_CONTENT", "none";
    /// Sentry, for errors of the services. Default: none.
    sentry_dsn: Secret = "SENTRY_DSN", "";
    /// Sentry, for errors of the web app; pages are told it. Default: none.
    sentry_dsn_web: String = "SENTRY_DSN_WEB", "";
    /// What this installation is called in Sentry and Langfuse.
    sentry_environment: String = "SENTRY_ENVIRONMENT", "production";
}

/// One variable whose value is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The variable.
    pub name: &'static str,
    /// What was expected, and what stood there unless it is a secret.
    pub problem: String,
}

/// All mistakes of a set of variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(pub Vec<Mistake>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("These settings are not accepted:")?;
        for mistake in &self.0 {
            write!(f, "\n  {}: {}", mistake.name, mistake.problem)?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}

fn read<T: Value>(
    variables: &BTreeMap<String, String>,
    name: &'static str,
    default: &'static str,
    mistakes: &mut Vec<Mistake>,
) -> Option<T> {
    let text = variables.get(name).map_or(default, String::as_str).trim();
    let value = T::parse(text);
    if value.is_none() {
        let found = if T::SECRET { String::new() } else { format!(", found '{text}'") };
        mistakes.push(Mistake { name, problem: format!("expected {}{found}", T::EXPECTED) });
    }
    value
}

/// The text of `.env.example`: every variable with its documentation and default.
pub fn env_example() -> String {
    let mut text = String::from(
        "# Settings of Darkroom. Copy to .env and change what you need; every line is optional.\n\
         # Made by 'cargo xtask env-example'; a test keeps it fresh.\n",
    );
    for variable in Settings::VARIABLES {
        text.push('\n');
        for line in variable.doc.lines().map(str::trim).filter(|line| !line.is_empty()) {
            text.push_str("# ");
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(&format!("#{}={}\n", variable.name, variable.default));
    }
    text + &crate::compose::section()
}

#[cfg(test)]
mod tests;
