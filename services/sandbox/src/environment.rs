//! What code in the sandbox can import: exactly the packages of the lock file, which is part of this binary.

use crate::Sandbox;
use actix_web::{get, web};
use edge::{Principal, Problem, ProblemBody};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use utoipa::ToSchema;

const LOCK: &str = include_str!("../python/requirements.lock");

static LOCK_SHA256: LazyLock<String> = LazyLock::new(|| hex::encode(Sha256::digest(LOCK)));

/// SHA-256 of the lock file, lower-case hex.
pub fn lock_sha256() -> &'static str {
    &LOCK_SHA256
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Package {
    /// Its name at the package index.
    #[schema(example = "numpy")]
    pub name: String,
    /// Its version.
    #[schema(example = "2.4.6")]
    pub version: String,
    /// SHA-256 of each file that may be installed as this version, lower-case hex.
    pub sha256: Vec<String>,
}

/// The environment that code runs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvironmentAnswer {
    /// Version of Python.
    #[schema(example = "3.11.7")]
    pub python: String,
    /// All packages besides Python's own library, by name.
    pub packages: Vec<Package>,
    /// SHA-256 of the lock file they were installed from, lower-case hex.
    pub lock_sha256: String,
}

/// What code can import: Python's version and every package with its version and hashes.
#[utoipa::path(
    tag = "executions", operation_id = "read_execution_environment",
    responses(
        (status = 200, description = "The environment of every run", body = EnvironmentAnswer),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/api/v1/executions/environment")]
pub async fn read_environment(
    _principal: Principal,
    sandbox: web::Data<Sandbox>,
) -> Result<web::Json<EnvironmentAnswer>, Problem> {
    Ok(web::Json(EnvironmentAnswer {
        python: sandbox.python_version(),
        packages: packages(LOCK),
        lock_sha256: lock_sha256().to_owned(),
    }))
}

/// Reads a lock file of pip with hashes. Lines that are neither a pinned package nor a hash say nothing.
fn packages(lock: &str) -> Vec<Package> {
    let mut packages: Vec<Package> = Vec::new();
    for word in lock.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(str::split_whitespace) {
        if let Some((name, version)) = word.split_once("==") {
            packages.push(Package { name: name.to_owned(), version: version.to_owned(), sha256: Vec::new() });
        } else if let (Some(hash), Some(package)) = (word.strip_prefix("--hash=sha256:"), packages.last_mut()) {
            package.sha256.push(hash.to_owned());
        }
    }
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the list: names, versions and hashes are read as pip reads them.
    #[test]
    fn lock_files_are_read() {
        let lock = "# made by a tool == 1\nzebra==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via b==2\n\
            Apple==2.0.post1 --hash=sha256:cc\n";
        let package = |name: &str, version: &str, sha256: &[&str]| Package {
            name: name.to_owned(),
            version: version.to_owned(),
            sha256: sha256.iter().map(|hash| (*hash).to_owned()).collect(),
        };
        assert_eq!(packages(lock), [package("Apple", "2.0.post1", &["cc"]), package("zebra", "1.0", &["aa", "bb"])]);
    }

    /// Protects reproducibility: every package of the real lock file is pinned and has hashes.
    #[test]
    fn every_package_is_pinned_with_hashes() {
        let packages = packages(LOCK);
        let direct = include_str!("../python/requirements.in");
        for name in direct.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert!(packages.iter().any(|package| package.name.eq_ignore_ascii_case(name)), "{name}");
        }
        for package in &packages {
            let is_hash = |hash: &String| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(!package.sha256.is_empty() && package.sha256.iter().all(is_hash), "{package:?}");
        }
        assert_eq!(lock_sha256().len(), 64);
    }
}
