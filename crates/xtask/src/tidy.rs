//! What every file of the repository must keep to, and the layering of the crates.

use regex::Regex;
use std::path::Path;
use std::process::Command;

/// Longest hand-written source file.
const MAX_LINES: usize = 500;

/// Crates and the only folders that may name them: each backend library stays in its adapter.
const ADAPTERS: &[(&str, &[&str])] = &[
    ("async_openai", &["crates/llm/"]),
    ("lapin", &["crates/bus/src/rabbit"]),
    ("redis", &["crates/shared/src/redis"]),
    ("s3", &["crates/blob/src/s3", "crates/blob/src/lib.rs", "crates/blob/tests/"]),
    (
        "sea_orm",
        &[
            "crates/database/",
            "services/files/src/store",
            "services/files/src/lib.rs",
            "services/jobs/src/store",
            "services/gateway/src/store",
        ],
    ),
    ("bollard", &["services/sandbox/src/docker"]),
    ("actix_web", &["crates/edge/", "services/", "crates/llm/tests/"]),
];

/// Checks the whole repository and answers one line per finding.
///
/// # Panics
/// When git cannot list the files: then nothing was checked.
pub fn check(root: &Path) -> Vec<String> {
    let mut findings = Vec::new();
    for name in tracked(root) {
        let Ok(text) = std::fs::read_to_string(root.join(&name)) else { continue };
        findings.extend(check_text(&name, &text));
    }
    findings.extend(check_manifests(root));
    findings
}

fn tracked(root: &Path) -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .expect("git lists the files of the repository");
    assert!(listed.status.success(), "git could not list the files of the repository");
    String::from_utf8_lossy(&listed.stdout).lines().map(str::to_owned).collect()
}

/// Findings within one file.
pub fn check_text(name: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let mut find = |line: usize, what: &str| findings.push(format!("{name}:{line}: {what}"));
    let is_source = [".rs", ".py", ".ts", ".tsx"].iter().any(|ending| name.ends_with(ending));
    // What a generator wrote is as long as it is.
    if is_source && !name.contains(".gen.") && text.lines().count() > MAX_LINES {
        find(MAX_LINES, "file is longer than 500 lines; split it");
    }
    if name.ends_with("src/lib.rs") && !text.starts_with("//!") {
        find(1, "lib.rs must open by saying what the crate owns");
    }
    if name.ends_with("src/main.rs") && text.lines().count() > 60 && !name.starts_with("crates/xtask") {
        find(60, "main.rs only wires; move the rest to the library");
    }
    let secrets = secret_shapes();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if secrets.iter().any(|shape| shape.is_match(line)) {
            find(number, "looks like a secret; remove it and revoke it");
        }
        if is_source && line.ends_with([' ', '\t']) {
            find(number, "space at the end of the line");
        }
        if name.ends_with(".rs") && !name.starts_with("crates/xtask") {
            for marker in ["todo!(", "unimplemented!(", "#[ignore"] {
                if line.contains(marker) {
                    find(number, "unfinished work must not land");
                }
            }
            if names_foreign_library(name, line) {
                find(number, "names a library that only its adapter may name");
            }
            let reads_environment = line.contains("env::var(") || line.contains("env::vars(");
            if reads_environment
                && !name.ends_with("build.rs")
                && !name.contains("/tests/")
                && name != "crates/runtime/src/environment.rs"
            {
                find(number, "only runtime's environment.rs reads the environment");
            }
        }
    }
    findings
}

fn names_foreign_library(name: &str, line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    ADAPTERS.iter().any(|(library, homes)| {
        code.contains(&format!("{library}::")) && !homes.iter().any(|home| name.starts_with(home))
    })
}

/// Shapes of well-known credentials. Built from pieces so that this file does not match itself.
fn secret_shapes() -> Vec<Regex> {
    let private_key = ["-----BEGIN ", "(RSA |EC |OPENSSH )?PRIVATE KEY-----"].concat();
    [
        private_key.as_str(),
        r"\bsk-(live|proj|ant|or)?[-_A-Za-z0-9]{24,}",
        r"\bAKIA[0-9A-Z]{16}\b",
        r"\bgh[pousr]_[A-Za-z0-9]{36}",
        r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
        r"\bsk_(live|test)_[A-Za-z0-9]{20,}",
        r"\bAIza[0-9A-Za-z_-]{35}\b",
        r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.",
    ]
    .iter()
    .map(|shape| Regex::new(shape).expect("the shape is a valid expression"))
    .collect()
}

/// Findings about how crates depend on each other.
fn check_manifests(root: &Path) -> Vec<String> {
    let mut findings = Vec::new();
    let services = ["gateway", "files", "jobs", "agent", "critic", "sandbox"];
    for service in services {
        let name = format!("services/{service}/Cargo.toml");
        let text = std::fs::read_to_string(root.join(&name)).unwrap_or_default();
        let dependencies = text.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        let depends_on = |other: &str| {
            dependencies
                .lines()
                .any(|line| line.starts_with(&format!("{other}.")) || line.starts_with(&format!("{other} ")))
        };
        for other in services.iter().filter(|other| **other != service) {
            if depends_on(other) {
                findings.push(format!("{name}: no service depends on another ({other})"));
            }
        }
        let forbidden: &[&str] = match service {
            "agent" => &["database", "sea-orm"],
            "critic" => &["database", "sea-orm", "llm"],
            "sandbox" => &["database", "sea-orm", "llm"],
            "jobs" => &["llm"],
            _ => &[],
        };
        for other in forbidden.iter().filter(|other| depends_on(other)) {
            findings.push(format!("{name}: {service} must not depend on {other}"));
        }
    }
    for folder in ["crates", "services"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
        for entry in entries.flatten() {
            let manifest = entry.path().join("Cargo.toml");
            let Ok(text) = std::fs::read_to_string(&manifest) else { continue };
            let folder_name = entry.file_name().to_string_lossy().into_owned();
            if !text.contains(&format!("name = \"{folder_name}\"")) {
                findings.push(format!("{folder}/{folder_name}: folder and crate have different names"));
            }
            // The one crate that may be unsafe has lints of its own, and gives a reason for each block.
            let has_reasons = folder_name == "supervisor" && text.contains("undocumented_unsafe_blocks = \"deny\"");
            if !text.contains("[lints]\nworkspace = true") && !has_reasons {
                findings.push(format!("{folder}/{folder_name}: the workspace's lints are not in force"));
            }
        }
    }
    findings
}
