//! llama.cpp's server on the loopback address, with a real model that is too small for any real work.

use crate::first_of;
use crate::keeper::Kept;
use std::path::Path;
use std::time::{Duration, Instant};

/// Where `deploy/tools/servers.sh` puts the server and the model.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/servers/bin/llama-server");
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/servers/bin/smollm2.gguf");

/// Longest wait until the model is loaded. It takes three seconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running server: 135 million parameters, text only. Ended when dropped, or with this process.
#[derive(Debug)]
pub struct LlamaServer {
    url: String,
    _kept: Kept,
    _folder: tempfile::TempDir,
}

impl LlamaServer {
    /// Starts one whose model reads and writes that many tokens in all, and waits until it answers.
    ///
    /// # Errors
    /// It is not installed, or does not come up: why.
    pub fn start(context_tokens: u32) -> Result<Self, String> {
        let missing = "llama.cpp is not installed; deploy/tools/servers.sh does it";
        let program = first_of(&[PROGRAM]).ok_or(missing)?;
        let model = first_of(&[MODEL]).ok_or(missing)?;
        let folder = tempfile::Builder::new().prefix("llama-").tempdir().map_err(|error| error.to_string())?;
        let (program, model, context) =
            (program.display().to_string(), model.display().to_string(), context_tokens.to_string());
        let words = [
            // The lowest priority: it takes what it gets of the processors, and its tests do not ask for speed.
            "nice",
            "-n",
            "19",
            &program,
            "--model",
            &model,
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--ctx-size",
            &context,
            "--parallel",
            "1",
            "--threads",
            "2",
            "--device",
            "none",
            "--no-webui",
        ];
        let environment = [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin".to_owned())];
        let kept = Kept::start(folder.path(), &words, &environment).map_err(|error| error.to_string())?;
        let url = wait_for(&kept, &folder.path().join("log"))?;
        Ok(Self { url, _kept: kept, _folder: folder })
    }

    /// The base URL for an OpenAI-compatible client.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// The address that the server names in its log once its model is loaded.
fn wait_for(kept: &Kept, log: &Path) -> Result<String, String> {
    const MARK: &str = "listening on ";
    let until = Instant::now() + PATIENCE;
    loop {
        let said = std::fs::read_to_string(log).unwrap_or_default();
        let line = said.lines().find_map(|line| line.split_once(MARK));
        if let (Some((_, address)), true) = (line, said.contains("model loaded")) {
            return Ok(format!("{}/v1", address.trim()));
        }
        if !kept.runs() || Instant::now() > until {
            let last = said.lines().last().unwrap_or_default();
            return Err(format!("llama.cpp does not come up: {last}"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
