//! Compiles the library that a zygote loads, and fingerprints the sources.
//!
//! The library is a file of its own that no other crate can give: cargo does not let a crate embed another
//! crate's library. It has no dependencies, so the compiler alone makes it.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let source = Path::new("src/inside/library.rs");
    println!("cargo::rerun-if-changed=src");
    let out = PathBuf::from(variable("OUT_DIR"));
    let mut compiler = Command::new(variable("RUSTC"));
    compiler
        .args(["--edition", "2024", "--crate-type", "cdylib", "--crate-name", "darkroom_zygote"])
        .args(["--target", &variable("TARGET")])
        .args(["-C", "opt-level=2", "-C", "panic=abort", "-C", "strip=symbols", "-A", "dead_code", "-o"])
        .arg(out.join("libdarkroom_zygote.so"))
        .arg(source);
    match compiler.status() {
        Ok(status) if status.success() => {}
        other => println!("cargo::error=the zygote's library cannot be built: {other:?}"),
    }
    println!("cargo::rustc-env=SOURCES_FINGERPRINT={:016x}", fingerprint(Path::new("src")));
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// FNV-1a over all sources, in the order of their names: tells two builds apart, nothing more.
fn fingerprint(folder: &Path) -> u64 {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in files.iter().flat_map(|file| std::fs::read(file).unwrap_or_default()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}
