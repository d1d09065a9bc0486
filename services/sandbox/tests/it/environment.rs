//! What code can import, told over HTTP and true in the room.

use crate::support::Room;
use actix_web::web;
use edge::testing::TestServer;
use sandbox::EnvironmentAnswer;

/// Protects reproducibility: what is told is what code finds, package by package, and only to whom it may be told.
#[tokio::test]
async fn the_environment_is_told_as_it_is() {
    let room = Room::new().await;
    let sandbox = room.sandbox.clone();
    let server = TestServer::routes(move |cfg| {
        cfg.app_data(web::Data::new(sandbox.clone()));
        sandbox::routes(cfg);
    });
    let http = reqwest::Client::new();
    let url = server.url("/api/v1/executions/environment");
    assert_eq!(http.get(&url).send().await.expect("an answer").status(), 401);
    let answer = http.get(&url).bearer_auth("ann").send().await.expect("an answer");
    let told: EnvironmentAnswer = answer.json().await.expect("JSON");
    let code = "import platform
from importlib.metadata import distributions
print(platform.python_version())
found = {(d.metadata['Name'].lower().replace('_', '-'), d.version) for d in distributions()}
for name, version in sorted(found):
    if name not in ('pip', 'setuptools'): print(name, version)";
    let mut expected = vec![told.python];
    let mut packages: Vec<_> = told
        .packages
        .iter()
        .map(|package| format!("{} {}", package.name.to_lowercase().replace('_', "-"), package.version))
        .collect();
    packages.sort();
    expected.extend(packages);
    let mut found: Vec<String> = room.print(code).await.lines().map(str::to_owned).collect();
    found[1..].sort();
    assert_eq!(found, expected);
}
