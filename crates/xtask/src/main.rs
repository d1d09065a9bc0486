//! Chores of this repository, written in Rust so that they run wherever it builds.

use anyhow::{Context, bail};
use std::path::Path;

fn main() -> anyhow::Result<()> {
    let task = std::env::args().nth(1).unwrap_or_default();
    match task.as_str() {
        "env-example" => {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.env.example");
            std::fs::write(&path, runtime::settings::env_example()).context("writing .env.example")
        }
        "tidy" => {
            let findings = xtask::tidy::check(&xtask::root());
            if findings.is_empty() {
                return Ok(());
            }
            bail!("{}", findings.join("\n"))
        }
        _ => bail!("usage: cargo xtask env-example | tidy"),
    }
}
