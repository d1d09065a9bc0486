use super::*;

/// Protects every tool behind this check, and the place it names: unreadable code is told apart from
/// readable code before anything parses it.
#[test]
fn unreadable_code_is_found_first() {
    let huge = "#".repeat(MAX_EXECUTION_CODE_BYTES + 1);
    let cases = [
        ("", Some(("empty-code", 1, 1))),
        (" \n\t\r\n", Some(("empty-code", 1, 1))),
        ("\u{feff}", Some(("empty-code", 1, 1))),
        (huge.as_str(), Some(("code-too-long", 1, 1))),
        ("\0", Some(("nul-byte", 1, 1))),
        ("x = 1\r\ny = 'é\0'\n", Some(("nul-byte", 2, 7))),
        ("x = 1\ry\0", Some(("nul-byte", 2, 2))),
        ("# only a comment", None),
        ("x = 1", None),
    ];
    for (code, expected) in cases {
        let found = unreadable(code);
        let found = found.as_ref().map(|finding| (finding.rule.as_str(), finding.line, finding.column));
        assert_eq!(found, expected, "{:?}", code.get(..20));
    }
}

/// Protects readers of messages: text out of the code stays short and on one line.
#[test]
fn quoted_code_is_harmless() {
    assert_eq!(quote("a\n\u{1b}[31mb"), "'a??[31mb'");
    assert_eq!(quote(&"é".repeat(500)).chars().count(), 83);
}

/// Protects the seam to the Python side: everything the tables decide about is watched for.
#[test]
fn every_call_of_the_tables_is_watched() {
    let watched = watched_calls();
    for name in ["open", "savefig", "ZipFile", "to_markdown", "exec", "import_module", "write_text", "rmtree"] {
        assert!(watched.contains(&name), "{name}");
    }
}
