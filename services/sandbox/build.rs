//! Embeds the Python that runs inside the jail, so that the binary is all that has to be shipped.
//!
//! Writes a list of `(path below python/, content)` for every `*.py` of the packages named here.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Packages that run inside the jail.
const PACKAGES: [&str; 3] = ["runner", "look", "prove"];

fn main() {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let mut listing = String::from("&[\n");
    for package in PACKAGES {
        let folder = manifest.join("python").join(package);
        println!("cargo::rerun-if-changed={}", folder.display());
        for file in sources(&folder) {
            let path = folder.join(&file);
            println!("cargo::rerun-if-changed={}", path.display());
            // `{:?}` writes Rust string literals.
            let _ = writeln!(listing, "    ({:?}, include_str!({:?})),", format!("{package}/{file}"), path);
        }
    }
    listing.push(']');
    let target = PathBuf::from(variable("OUT_DIR")).join("python_sources.rs");
    if let Err(error) = std::fs::write(&target, listing) {
        println!("cargo::error=cannot write {}: {error}", target.display());
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Names of the Python files in a folder, sorted so that builds are the same everywhere.
fn sources(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "py"))
        .collect();
    names.sort();
    names
}
