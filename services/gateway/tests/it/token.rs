//! The token and its file.

use crate::support::{problem, send, world};
use gateway::{LocalToken, TokenError};
use reqwest::header::HeaderValue;
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

/// Protects the token: made once with its folder, readable by its owner only, the same ever after, and
/// nothing else is left behind.
#[test]
fn the_token_is_made_once_and_private() {
    let root = tempfile::tempdir().expect("a folder");
    let data = root.path().join("new/data");
    assert!(matches!(LocalToken::read(&data), Err(TokenError::Missing { .. })));
    let token = LocalToken::open_or_create(&data).expect("a token");
    assert_eq!(token.reveal().len(), 64);
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o7777;
    assert_eq!((mode(&data.join("token")), mode(&data)), (0o600, 0o700));
    assert_eq!(LocalToken::open_or_create(&data).expect("the token").reveal(), token.reveal());
    assert_eq!(LocalToken::read(&data).expect("the token").reveal(), token.reveal());
    assert_eq!(fs::read_dir(&data).expect("a folder").count(), 1);
    assert!(!format!("{token:?}").contains(token.reveal()));
}

/// Protects a start of two processes at once: both end up with the same token.
#[test]
fn two_starts_at_once_agree() {
    let data = tempfile::tempdir().expect("a folder");
    let tokens: Vec<String> = std::thread::scope(|scope| {
        let start = || LocalToken::open_or_create(data.path()).expect("a token").reveal().to_owned();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    assert_eq!(fs::read_dir(data.path()).expect("a folder").count(), 1);
}

/// Protects against a token others could have read: any mode open to others is refused, with the fix.
#[test]
fn a_file_open_to_others_is_refused() {
    let data = tempfile::tempdir().expect("a folder");
    LocalToken::open_or_create(data.path()).expect("a token");
    let path = data.path().join("token");
    for mode in [0o644, 0o640, 0o604, 0o660, 0o602] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a new mode");
        let error = LocalToken::open_or_create(data.path()).expect_err("refused");
        assert!(matches!(error, TokenError::OpenToOthers { .. }), "{error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("the old mode");
    LocalToken::open_or_create(data.path()).expect("the fix works");
}

/// Protects against half-written and foreign files: they are refused with the fix, never overwritten.
#[test]
fn anything_but_a_token_is_refused() {
    let other = "a".repeat(64);
    for content in [
        String::new(),
        "\n".into(),
        other[1..].into(),
        format!("{other}a"),
        other.to_uppercase(),
        format!("{other}\n\n"),
        "x".repeat(100_000),
    ] {
        let data = tempfile::tempdir().expect("a folder");
        let path = data.path().join("token");
        fs::write(&path, &content).expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("a private file");
        let error = LocalToken::open_or_create(data.path()).expect_err("refused");
        assert!(matches!(error, TokenError::Malformed { .. }), "{error}");
        assert!(error.to_string().contains("delete it"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("still there"), content);
    }
}

/// Protects against a planted link or folder: neither is followed or waited for.
#[test]
fn a_link_or_folder_is_refused() {
    let data = tempfile::tempdir().expect("a folder");
    let path = data.path().join("token");
    symlink("/etc/hostname", &path).expect("a link");
    assert!(matches!(LocalToken::open_or_create(data.path()), Err(TokenError::NotAFile { .. })));
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("a folder");
    assert!(matches!(LocalToken::open_or_create(data.path()), Err(TokenError::NotAFile { .. })));
}

/// Protects every route: the token opens it, and nothing else does, however odd.
#[actix_web::test]
async fn only_the_token_opens() {
    let world = world().await;
    let me: Value = send(world.get("/api/v1/me").bearer_auth(&world.token)).await.json().await.expect("JSON");
    assert_eq!(
        (me["owner"].as_str(), me["sign_in"].as_str(), me["role"].as_str()),
        (Some("local"), Some("local"), Some("owner"))
    );
    assert!(me["scopes"].as_array().is_some_and(|scopes| scopes.iter().any(|scope| scope == "account")), "{me}");

    problem(world.get("/api/v1/me"), 401, "unauthorized").await;
    let odd: [&[u8]; 8] = [
        b"Bearer wrong",
        b"Bearer",
        b"Bearer ",
        b"",
        b"Bearer \xc3\xa9\xff\xfe",
        b"\xff\xff\xff",
        &[b"Bearer ".as_slice(), &world.token.as_bytes()[..63]].concat(),
        &[b"Basic ".as_slice(), world.token.as_bytes()].concat(),
    ];
    for value in odd {
        let value = HeaderValue::from_bytes(value).expect("legal on the wire");
        problem(world.get("/api/v1/me").header("authorization", value), 401, "unauthorized").await;
    }
    let twice = world.get("/api/v1/me").bearer_auth(&world.token).header("authorization", "Bearer x");
    problem(twice, 401, "unauthorized").await;
}
