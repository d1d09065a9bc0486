//! The command line.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Darkroom develops pictures into code in a sealed room.
///
/// Give it a chart, table, screenshot or photo: it looks at it, writes Python, has it reviewed, runs it
/// in a sandbox, and gives you the data, the chart, the code and the proof.
///
/// Exit codes: 0 it worked, 1 the job or code failed, 2 bad input or usage, 3 the environment is not ready.
#[derive(Debug, Parser)]
#[command(name = "darkroom", version = env!("CARGO_PKG_VERSION"))]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server: API and documentation over HTTP
    Serve(Serve),
    /// Take pictures through the whole system and deliver the results
    Run(Run),
    /// Run a Python file in the sandbox
    Exec(Exec),
    /// Review a Python file without running it
    Review(Review),
    /// Print the local token of a data folder
    Token(DataDir),
    /// Make rooms, with the rights that needs, for a server that runs without any
    Supervisor(Supervisor),
    /// Print the API description (OpenAPI), for making clients
    Api,
    /// Check everything this machine needs, and say how to fix what is missing
    Doctor(Doctor),
}

/// Where a server keeps its things.
#[derive(Debug, Args)]
pub struct DataDir {
    /// Folder for everything that is kept [default: DATA_DIR or ./data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Options of `darkroom serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address to listen on [default: LISTEN or 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Where to keep things.
    #[command(flatten)]
    pub data: DataDir,
}

/// Options of `darkroom supervisor`.
#[derive(Debug, Args)]
pub struct Supervisor {
    /// User that the server runs as: only that user may connect
    #[arg(long, value_name = "NAME|ID")]
    pub user: String,
    /// Where to wait for the server [default: SANDBOX_SUPERVISOR]
    #[arg(long, value_name = "FILE")]
    pub socket: Option<PathBuf>,
    /// Where to keep what rooms see; the server's user must not be able to write there.
    #[command(flatten)]
    pub data: DataDir,
}

/// Options of `darkroom run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Pictures: PNG, JPEG, WebP, GIF, BMP or TIFF
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// What you want to know or have made
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub prompt: String,
    /// Folder for the results
    #[arg(long, value_name = "DIR", default_value = "darkroom-out")]
    pub out: PathBuf,
    /// Print one JSON object on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

/// Options of `darkroom exec`.
#[derive(Debug, Args)]
pub struct Exec {
    /// Python file, or - for standard input
    pub file: PathBuf,
    /// File the code can read as /box/in/NAME; may be given several times
    #[arg(long, value_name = "FILE")]
    pub input: Vec<PathBuf>,
    /// Folder for the files the code leaves in /box/out
    #[arg(long, value_name = "DIR", default_value = "darkroom-out")]
    pub out: PathBuf,
    /// Longest time in seconds, at least 0.1 [default: SANDBOX_SECONDS or 120]
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<f64>,
    /// Most memory in MiB, at least 32 [default: SANDBOX_MEMORY_MIB or 2048]
    #[arg(long, value_name = "MIB")]
    pub memory: Option<u64>,
    /// Most processes and threads, at least 4 [default: SANDBOX_PIDS or 128]
    #[arg(long, value_name = "COUNT")]
    pub pids: Option<u32>,
    /// Print one JSON object on standard output; otherwise the code's own output is passed on
    #[arg(long)]
    pub json: bool,
}

/// Options of `darkroom review`.
#[derive(Debug, Args)]
pub struct Review {
    /// Python file, or - for standard input
    pub file: PathBuf,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// Options of `darkroom doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Print one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}
