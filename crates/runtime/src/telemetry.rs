//! Logging. Lines go to standard error, so that standard output stays the program's own.

use crate::settings::LogFormat;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// Targets kept quiet whatever the level: they log bodies or once per packet.
const QUIET: &str =
    "async_openai=off,hyper_util=warn,reqwest=warn,h2=warn,sqlx=warn,sea_orm_migration=warn,actix_server=warn";

/// Starts logging for this process.
///
/// # Errors
/// The filter is not one, or logging was started before.
pub fn start(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = EnvFilter::try_new(format!("{QUIET},{filter}")).map_err(|error| error.to_string())?;
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_span_events(FmtSpan::NONE);
    let started = match format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
    };
    started.map_err(|error| error.to_string())
}
