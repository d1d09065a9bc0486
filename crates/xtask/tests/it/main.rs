//! The repository keeps its own rules.

use xtask::tidy;

/// Protects invariants 1, 2, 6 and 7 of the architecture, and the rule that no secret is committed.
#[test]
fn the_repository_is_tidy() {
    let findings = tidy::check(&xtask::root());
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

/// Protects the check itself: each kind of finding is really found.
#[test]
fn tidy_finds_what_it_should() {
    let key = ["sk", "-proj-", &"a1".repeat(20)].concat();
    let pem = ["-----BEGIN ", "PRIVATE KEY-----"].concat();
    let cases: Vec<(&str, String, &str)> = vec![
        ("docs/x.md", format!("key = {key}"), "secret"),
        ("a.txt", pem, "secret"),
        ("services/a/src/b.rs", "fn f() { todo!(\"x\") }".into(), "unfinished"),
        ("crates/common/src/x.rs", "use sea_orm::Database;".into(), "adapter"),
        ("crates/shared/src/memory.rs", "use redis::Client;".into(), "adapter"),
        ("crates/blob/src/fs.rs", "use s3::Bucket;".into(), "adapter"),
        ("crates/blob/src/x.rs", "let v = std::env::var(\"X\");".into(), "environment"),
        ("crates/blob/src/lib.rs", "use std;".into(), "open by saying"),
        ("crates/blob/src/y.rs", "let x = 1; ".into(), "end of the line"),
        ("crates/blob/src/z.rs", "x\n".repeat(501), "longer than 500"),
    ];
    for (name, text, expected) in cases {
        let findings = tidy::check_text(name, &text);
        assert!(findings.iter().any(|f| f.contains(expected)), "{name}: {findings:?}");
    }
    assert!(tidy::check_text("crates/blob/src/ok.rs", "//! Fine.\nfn f() {}\n").is_empty());
}
