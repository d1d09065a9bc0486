//! Holds the program to its manners; rooms are tested through the sandbox service.

use std::process::Command;

/// Protects people who start it by hand: one sentence, no harm, an exit code that says so.
#[test]
fn it_says_that_it_is_not_for_people() {
    for arguments in [&[][..], &["--help"], &["supervise", "--nsjail=x"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_darkroom-supervisor")).args(arguments).output().expect("it runs");
        assert!(!output.status.success(), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
