use super::*;

const DIVISION: &str = "warning: x
Traceback (most recent call last):
  File \"/box/main.py\", line 5, in <module>
    f(0)
  File \"/box/main.py\", line 2, in f
    return 1 / n
           ~~^~~
ZeroDivisionError: division by zero
";

const IN_LIBRARY: &str = "Traceback (most recent call last):
  File \"/box/main.py\", line 3, in <module>
    np.zeros(-1)
  File \"/opt/python/lib/python3.11/site-packages/numpy/core.py\", line 99, in zeros
    raise ValueError(
ValueError: negative dimensions
are not allowed
";

const CHAINED: &str = "Traceback (most recent call last):
  File \"/box/main.py\", line 2, in <module>
    {}['a']
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File \"/box/main.py\", line 4, in <module>
    raise RuntimeError
RuntimeError
";

const SYNTAX: &str = "  File \"/box/main.py\", line 7
    x = = 1
        ^
SyntaxError: invalid syntax
";

/// Protects whoever has to find the mistake: the submitted code's own line, whatever libraries stand behind
/// it, of the exception that ended it.
#[test]
fn tracebacks_lead_to_the_line() {
    /// Kind, message, line, and how many frames.
    type Told<'a> = Option<(&'a str, &'a str, u32, usize)>;
    let table: [(&str, Told<'_>); 8] = [
        (DIVISION, Some(("ZeroDivisionError", "division by zero", 2, 2))),
        (IN_LIBRARY, Some(("ValueError", "negative dimensions\nare not allowed", 3, 1))),
        (CHAINED, Some(("RuntimeError", "", 4, 1))),
        (SYNTAX, Some(("SyntaxError", "invalid syntax", 7, 1))),
        ("", None),
        ("no traceback: at all\n", None),
        ("Traceback (most recent call last):\n", None),
        ("Traceback (most recent call last):\n  File \"/box/main.py\", line 1, in <module>\nodd words here\n", None),
    ];
    for (stderr, expected) in table {
        let read = traceback(stderr);
        let told = read
            .as_ref()
            .map(|error| (error.kind.as_str(), error.message.as_str(), error.line.unwrap_or(0), error.frames.len()));
        assert_eq!(told, expected, "{stderr}");
    }
    let frames = traceback(DIVISION).unwrap().frames;
    assert_eq!((frames[1].function.as_str(), frames[1].source.as_str()), ("f", "return 1 / n"));
}

/// Protects answers from code that prints to deceive: any text is read, bounded, without a panic.
#[test]
fn any_text_is_read() {
    let deep = format!(
        "Traceback (most recent call last):\n{}RecursionError: {}",
        "  File \"/box/main.py\", line 1, in f\n".repeat(5000),
        "é".repeat(5000)
    );
    let error = traceback(&deep).unwrap();
    assert_eq!((error.frames.len(), error.message.chars().count()), (MAX_FRAMES, MAX_MESSAGE));
    for text in
        ["  File \"/box/main.py\", line 99999999999999\nA: b", "Traceback (most recent call last):\nÜ: x", "\u{2028}"]
    {
        let _read = traceback(text);
    }
}

/// Protects people from riddles: every end has a sentence that names the limit and, where known, the line.
#[test]
fn every_end_has_a_sentence() {
    let error = traceback(DIVISION).unwrap();
    let known = Known {
        status: RunStatus::Error,
        exit_code: Some(1),
        signal: None,
        line: None,
        memory_bytes: 2 << 30,
        timeout: Duration::from_millis(1500),
        printed_bytes: 64 << 20,
        error: None,
    };
    let table = [
        (Known { status: RunStatus::Ok, exit_code: Some(0), ..known }, None),
        (
            Known { status: RunStatus::OutOfMemory, line: Some(41), ..known },
            Some("stopped: 2 GiB memory limit, line 41"),
        ),
        (
            Known { status: RunStatus::OutOfMemory, memory_bytes: 192 << 20, ..known },
            Some("stopped: 192 MiB memory limit"),
        ),
        (Known { status: RunStatus::Timeout, ..known }, Some("stopped: 1.5 s time limit")),
        (
            Known { status: RunStatus::Timeout, timeout: Duration::from_secs(120), line: Some(3), ..known },
            Some("stopped: 120 s time limit, line 3"),
        ),
        (Known { status: RunStatus::OutputLimit, ..known }, Some("stopped: it printed more than 64 MiB")),
        (Known { status: RunStatus::Killed, ..known }, Some("stopped: somebody ended it")),
        (Known { error: Some(&error), ..known }, Some("ZeroDivisionError, line 2")),
        (Known { exit_code: Some(3), error: Some(&error), ..known }, Some("ended with exit code 3")),
        (
            Known { exit_code: None, signal: Some(6), ..known },
            Some("ended by signal 6 (aborted by itself or a library)"),
        ),
    ];
    for (known, expected) in table {
        assert_eq!(explanation(&known).as_deref(), expected, "{known:?}");
    }
}
