//! The command line: exit codes, JSON on standard output, and messages that help.

use crate::harness::{Script, darkroom, fenced, output, sample, stdout_json};
use serde_json::Value;
use std::path::Path;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs `darkroom exec` on code and answers exit code and JSON.
fn exec(folder: &Path, code: &str, more: &[&str]) -> (Option<i32>, Value) {
    let file = folder.join("code.py");
    std::fs::write(&file, code).expect("code");
    let done = output(darkroom().args(["exec", "--json", "--out"]).arg(folder.join("out")).arg(&file).args(more));
    (done.status.code(), stdout_json(&done))
}

/// Protects people who use only the sandbox: exit 0 only when the code exited 0, the JSON tells the
/// rest, and files arrive where it says.
#[test]
fn exec_tells_how_code_ended() {
    let folder = tempfile::tempdir().expect("folder");
    let (exit, result) = exec(folder.path(), "print('hi')\nopen('/box/out/a.txt', 'w').write('x')", &[]);
    assert_eq!(
        (exit, result["status"].as_str(), result["stdout"].as_str()),
        (Some(0), Some("ok"), Some("hi\n")),
        "{result}"
    );
    let path = result["outputs"][0]["path"].as_str().expect("path");
    assert_eq!(std::fs::read_to_string(path).expect("delivered"), "x");
    for key in [
        "exit_code",
        "signal",
        "duration_ms",
        "cpu_ms",
        "peak_memory_bytes",
        "stderr",
        "truncated",
        "rejected",
        "isolation",
    ] {
        assert!(result.get(key).is_some(), "{key} is missing");
    }
    let (exit, result) = exec(folder.path(), "raise SystemExit(7)", &[]);
    assert_eq!((exit, result["status"].as_str(), result["exit_code"].as_i64()), (Some(1), Some("error"), Some(7)));
    let (exit, result) = exec(folder.path(), "while True: pass", &["--timeout", "1"]);
    assert_eq!((exit, result["status"].as_str()), (Some(1), Some("timeout")));
    let input = folder.path().join("in.txt");
    std::fs::write(&input, "given").expect("input");
    let (exit, result) =
        exec(folder.path(), "print(open('/box/in/in.txt').read())", &["--input", &input.display().to_string()]);
    assert_eq!((exit, result["stdout"].as_str()), (Some(0), Some("given\n")));
}

/// Protects scripts: review exits 1 when it blocks, 0 otherwise, and says why.
#[test]
fn review_exits_by_its_verdict() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("code.py");
    for (code, exit, verdict) in
        [("print(1)\n", 0, "pass"), ("import os\nos.system('ls')\n", 1, "block"), ("print(", 1, "block")]
    {
        std::fs::write(&file, code).expect("code");
        let done = output(darkroom().args(["review", "--json"]).arg(&file));
        assert_eq!((done.status.code(), stdout_json(&done)["verdict"].as_str()), (Some(exit), Some(verdict)), "{code}");
    }
}

/// Protects people with a bad picture or a wrong word: exit 2, a plain reason, nothing written.
#[test]
fn bad_input_is_refused_with_two() {
    let folder = tempfile::tempdir().expect("folder");
    let pdf = folder.path().join("report.png");
    std::fs::write(&pdf, "%PDF-1.4\n%%EOF").expect("pdf");
    let out = folder.path().join("out");
    let done = output(darkroom().args(["run", "--json", "--out"]).arg(&out).arg(&pdf));
    assert_eq!(
        (done.status.code(), stdout_json(&done)["error"]["code"].as_str()),
        (Some(2), Some("unsupported_media_type"))
    );
    assert_eq!(std::fs::read_dir(&out).expect("out").count(), 0, "nothing is written for a refused picture");
    let done = output(darkroom().args(["run", "/nowhere/picture.png", "--out"]).arg(&out));
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("/nowhere/picture.png"), "{}", text(&done.stderr));
    let long = "x".repeat(100_000);
    let done =
        output(darkroom().args(["run", "--json", "--prompt", &long, "--out"]).arg(&out).arg(sample("table.png")));
    assert_eq!((done.status.code(), stdout_json(&done)["error"]["code"].as_str()), (Some(2), Some("prompt_too_long")));
    for wrong in [vec!["run"], vec!["paint"], vec!["exec", "--timeout", "0", "x.py"], vec!["exec", "/nowhere.py"]] {
        assert_eq!(output(darkroom().args(&wrong)).status.code(), Some(2), "{wrong:?}");
    }
}

/// Protects people with a bad file: code or inputs that cannot be used end with 2 and a plain reason, before
/// anything runs; a byte order mark is none of that.
#[test]
fn bad_code_is_refused_with_two() {
    let folder = tempfile::tempdir().expect("folder");
    let (file, large) = (folder.path().join("code.py"), folder.path().join("large"));
    let rows: [(Vec<u8>, &str); 5] = [
        (Vec::new(), "is empty"),
        (b"print(1)\0".to_vec(), "NUL"),
        (b"print('\xe9')".to_vec(), "is not UTF-8 text"),
        (vec![b'#'; 50_000_000], "has more than 1048576 bytes"),
        ("\u{feff}\n".into(), "is empty"),
    ];
    for (code, reason) in rows {
        std::fs::write(&file, &code).expect("code");
        let done = output(darkroom().args(["exec", "--json", "--out"]).arg(folder.path().join("out")).arg(&file));
        let said = text(&done.stderr);
        assert!(done.status.code() == Some(2) && said.contains(reason) && done.stdout.is_empty(), "{reason}: {said}");
    }
    assert_eq!(exec(folder.path(), "\u{feff}print(1)", &[]).1["stdout"], "1\n");
    // Two gigabytes that take no room, and a device without an end.
    std::fs::File::create(&large).and_then(|file| file.set_len(2 << 30)).expect("a sparse file");
    for input in [large.as_path(), Path::new("/dev/zero")] {
        std::fs::write(&file, "print(1)").expect("code");
        let done = output(
            darkroom().args(["exec", "--out"]).arg(folder.path().join("out")).arg(&file).arg("--input").arg(input),
        );
        let said = text(&done.stderr);
        assert!(
            done.status.code() == Some(2) && said.contains("more than 67108864 bytes"),
            "{}: {said}",
            input.display()
        );
    }
}

/// Protects operators: without the jail nothing starts, and the message says what to do.
#[test]
fn a_missing_jail_stops_everything() {
    let empty = tempfile::tempdir().expect("folder");
    let data = tempfile::tempdir().expect("data");
    let out = empty.path().join("out");
    let attempts: Vec<Vec<String>> = vec![
        vec![
            "serve".into(),
            "--listen".into(),
            "127.0.0.1:0".into(),
            "--data".into(),
            data.path().display().to_string(),
        ],
        vec!["run".into(), sample("table.png").display().to_string(), "--out".into(), out.display().to_string()],
        vec!["doctor".into()],
    ];
    for arguments in attempts {
        let done = output(darkroom().env("TOOLS_ENV", empty.path()).args(&arguments));
        let said = text(&done.stderr) + &text(&done.stdout);
        assert_eq!(done.status.code(), Some(3), "{arguments:?}: {said}");
        assert!(said.contains("nsjail") && said.contains("->"), "{arguments:?}: {said}");
    }
}

/// Protects operators: settings that are wrong are all named at once, and nothing starts.
#[test]
fn wrong_settings_are_all_named() {
    let done = output(darkroom().env("MAX_RUNNING_JOBS", "none").env("LOG_FORMAT", "xml").arg("doctor"));
    let said = text(&done.stderr);
    assert_eq!(done.status.code(), Some(3));
    assert!(said.contains("MAX_RUNNING_JOBS") && said.contains("LOG_FORMAT"), "{said}");
}

/// Protects new users: doctor tries each requirement for real and says when all is well.
#[test]
fn doctor_says_when_all_is_well() {
    let data = tempfile::tempdir().expect("data");
    let done = output(darkroom().env("DATA_DIR", data.path()).args(["doctor", "--json"]));
    let diagnosis = stdout_json(&done);
    assert_eq!((done.status.code(), diagnosis["ready"].as_bool()), (Some(0), Some(true)), "{diagnosis}");
    let names: Vec<_> = diagnosis["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .map(|check| check["name"].as_str().unwrap_or(""))
        .collect();
    for needed in ["nsjail", "packages", "ruff", "bandit", "models", "disk"] {
        assert!(names.contains(&needed), "{needed} is not checked: {names:?}");
    }
}

/// Protects scripts around `darkroom run`: a job that fails exits 1 with its reason in the one object.
#[test]
fn a_failed_job_exits_with_one() {
    let script = Script::new(&[&fenced("raise ValueError('no')")], 0);
    let folder = tempfile::tempdir().expect("folder");
    let done = output(
        darkroom()
            .env("CODE_MODEL_URL", script.url())
            .args(["run", "--json", "--out"])
            .arg(folder.path())
            .arg(sample("table.png")),
    );
    let report = stdout_json(&done);
    assert_eq!(
        (done.status.code(), report["state"].as_str(), report["error"]["code"].as_str()),
        (Some(1), Some("failed"), Some("run_failed"))
    );
    assert!(report["run"]["stderr"].as_str().is_some_and(|text| text.contains("ValueError: no")), "{report}");
}

/// Protects people who start two servers on one folder by mistake.
#[tokio::test(flavor = "multi_thread")]
async fn one_data_folder_has_one_server() {
    let data = tempfile::tempdir().expect("data");
    let server = crate::harness::Server::start(data.path(), &[]);
    let done = output(darkroom().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data.path()));
    assert_eq!(done.status.code(), Some(3));
    assert!(text(&done.stderr).contains("another Darkroom"), "{}", text(&done.stderr));
    let token = output(darkroom().args(["token", "--data"]).arg(data.path()));
    assert_eq!(text(&token.stdout).trim(), server.token);
}
