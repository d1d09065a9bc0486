//! An object store for tests: `s3-server FOLDER PORT ACCESS SECRET` on the loopback address, until its standard input
//! ends. Then it removes the folder: whoever started it is gone.
//!
//! The protocol (routes, signatures, XML) is the `s3s` library's, the storage its own ([`storage`]): that of `s3s-fs`
//! has folders where S3 has none, and fails on keys of more than some 150 bytes.

mod faults;
mod storage;

use faults::Faults;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use std::error::Error;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use storage::Storage;
use tokio::net::TcpListener;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, port, access, secret] = words.as_slice() else {
        eprintln!("usage: s3-server FOLDER PORT ACCESS SECRET");
        return ExitCode::FAILURE;
    };
    match serve(Path::new(folder), port, access, secret) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("s3-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(folder: &Path, port: &str, access: &str, secret: &str) -> Result<(), Box<dyn Error>> {
    let port: u16 = port.parse()?;
    let mut builder = S3ServiceBuilder::new(Storage::open(folder)?);
    builder.set_auth(SimpleAuth::from_single(access, secret));
    builder.set_access(Faults::of(folder));
    let service = builder.build();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", port)))?;
    runtime.spawn(accept(listener, service));
    std::io::stdin().read_to_end(&mut Vec::new())?;
    drop(runtime);
    Ok(std::fs::remove_dir_all(folder)?)
}

async fn accept(listener: TcpListener, service: S3Service) {
    loop {
        // What cannot be accepted shows at the client.
        let Ok((socket, _)) = listener.accept().await else { continue };
        // An answer in several pieces would wait for the client's acknowledgement of the first.
        let _default = socket.set_nodelay(true);
        let service = service.clone();
        tokio::spawn(async move {
            // As does a connection that breaks.
            let _broken = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
        });
    }
}
