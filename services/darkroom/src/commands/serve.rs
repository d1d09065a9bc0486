//! `darkroom serve`: everything in one process, over HTTP.

use crate::cli;
use crate::exit::Exit;
use crate::system::System;
use edge::ShellSettings;
use gateway::{Gateway, LocalToken};
use runtime::{Environment, NotReady, parts, stop};
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub async fn serve(options: cli::Serve, environment: Environment) -> Exit {
    match start(options, environment).await {
        Ok(()) => Exit::Success,
        Err(error) => {
            eprintln!("Darkroom cannot start: {error}");
            Exit::NotReady
        }
    }
}

async fn start(options: cli::Serve, environment: Environment) -> Result<(), NotReady> {
    let listen = options.listen.map_or_else(|| environment.settings.listen.clone(), |address| address.to_string());
    // Bind before anything else: when the port is taken nothing must have been touched.
    let listener = TcpListener::bind(&listen).map_err(|error| {
        NotReady::new(
            format!("{listen} cannot be listened on: {error}"),
            "stop the other program, or choose another address with --listen",
        )
    })?;
    let address = listener.local_addr().map_err(|error| NotReady::new(error.to_string(), "try again"))?;
    let data = absolute(options.data.data.unwrap_or(environment.data_dir.clone()));
    let _lock = lock(&data)?;
    let token = LocalToken::of(&environment, &data)?;
    let shared = parts::shared(&environment.settings).await?;
    let database = parts::database_url(&environment.settings, &data);
    let db = database::connect(&database, "gateway").await.map_err(|error| NotReady::storage(&error))?;
    let settings = gateway::Settings::of(&environment.settings, &format!("http://{address}"))?;
    let gateway = Gateway::open(settings, token, db, shared.clone()).await;
    let gateway = gateway.map_err(|error| NotReady::storage(&error))?;
    let system = System::open(&environment, &data, shared).await?;
    let running = system.start().await?;

    println!("Darkroom is ready at http://{address}");
    match gateway.signin_path().await {
        Ok(path) => println!("  Sign in (once, within 10 minutes): http://{address}{path}"),
        Err(error) => tracing::error!(%error, "there is no sign-in link; the token works"),
    }
    println!("  API description: http://{address}/docs");
    println!("  Token for programs: darkroom token --data {}", data.display());
    println!("  Data: {}", data.display());

    let stop = CancellationToken::new();
    let server = edge::serve(listener, shell_settings(), system.site(&gateway), stop.clone());
    tokio::pin!(server);
    let served = tokio::select! {
        served = &mut server => served,
        () = stop::asked() => {
            tracing::info!("stopping: no new requests, open ones finish");
            stop.cancel();
            server.await
        }
    };
    running.stop().await;
    served.map_err(|error| NotReady::new(error.to_string(), "see the log"))
}

fn shell_settings() -> ShellSettings {
    ShellSettings { shutdown_timeout: Duration::from_secs(10), ..ShellSettings::default() }
}

fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

/// Takes the data folder for this process: two servers on one folder would take up each other's jobs.
/// The lock ends with the process, however it ends.
fn lock(data: &Path) -> Result<File, NotReady> {
    let unusable = |error: std::io::Error| {
        NotReady::new(
            format!("the data folder {} cannot be used: {error}", data.display()),
            "choose another with --data, or correct its rights",
        )
    };
    std::fs::create_dir_all(data).map_err(unusable)?;
    let file = File::options().create(true).append(true).open(data.join("lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(NotReady::new(
            format!("another Darkroom is using the data folder {}", data.display()),
            "stop it first, or give this one its own folder with --data",
        )),
        Err(std::fs::TryLockError::Error(error)) => Err(unusable(error)),
    }
}
