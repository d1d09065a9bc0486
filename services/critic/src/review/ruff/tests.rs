use super::*;

fn fake(script: &str) -> (tempfile::TempDir, Ruff) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("ruff");
    // Written by somebody else: a file that we hold open for writing cannot be executed, and a test beside this one that
    // starts a program holds for a moment whatever we hold.
    let written = std::process::Command::new("sh")
        .args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" >\"$0\" && chmod 755 \"$0\""])
        .args([program.as_os_str(), script.as_ref()])
        .status();
    assert!(written.is_ok_and(|status| status.success()), "a script");
    let ruff = Ruff::new(program, Duration::from_secs(2));
    (folder, ruff)
}

/// Protects the rule that a failing tool is never a pass: whatever ruff does but its work is an error.
#[tokio::test]
async fn a_failing_ruff_is_an_error() {
    let cases = [
        ("echo broken >&2; exit 2", "broken", false),
        ("cat >/dev/null; echo '{\"half\":'", "cannot be read", false),
        ("sleep 30", "in time", false),
        ("kill -ABRT $$", "signal", true),
        ("kill -KILL $$", "signal", false),
    ];
    for (script, said, crash) in cases {
        let (_folder, ruff) = fake(script);
        let error = ruff.check("x = 1\n", 11).await.expect_err(script);
        assert!(error.chain().contains(said), "{script}: {}", error.chain());
        assert_eq!(error.is_crash(), crash, "{script}");
    }
    let missing = Ruff::new(PathBuf::from("/nonexistent/ruff"), Duration::from_secs(2));
    assert!(matches!(missing.check("x = 1\n", 11).await, Err(ToolError::Start { .. })));
}

/// Protects memory: a report without end is cut, and code with so many faults is blocked.
#[tokio::test]
async fn an_endless_report_is_cut() {
    let line = r#"{"code":"F401","message":"unused","location":{"row":1,"column":1}}"#;
    let (_folder, ruff) = fake(&format!("exec yes '{line}'"));
    let findings = ruff.check("x = 1\n", 11).await.expect("findings");
    let last = findings.last().expect("some");
    assert_eq!((last.rule.as_str(), last.blocks), ("too-many-findings", true));
    assert!(!findings[0].blocks);
}

/// Protects authors from being stopped over style: only what cannot work blocks.
#[test]
fn only_what_cannot_work_blocks() {
    let cases =
        [("F821", true), ("invalid-syntax", true), ("E999", true), ("F401", false), ("F841", false), ("NPY001", false)];
    for (rule, expected) in cases {
        assert_eq!(blocks(rule), expected, "{rule}");
    }
}
