use super::*;

fn check(status: u16, body: &str, expected: Option<(ErrorKind, bool)>) {
    let got = judge(status, body.as_bytes(), "m").err().map(|fault| (fault.error.kind, fault.passing));
    assert_eq!(got, expected, "{status} {body}");
}

/// Protects people from wrong advice and endpoints from useless repeats: every way an endpoint says no
/// has its kind, and only passing faults are repeated.
#[test]
fn every_answer_is_judged() {
    use ErrorKind::{BadAnswer, RateLimited, Refused, Unavailable};
    let good = r#"{"choices":[{"message":{"content":"hi"}}]}"#;
    check(200, good, None);
    check(200, r#"{"choices":[]}"#, None);
    check(200, r#"{"error":null,"choices":[{}]}"#, None);
    check(200, "<!doctype html><html>", Some((Unavailable, false)));
    check(200, " \n<html>", Some((Unavailable, false)));
    check(200, "", Some((BadAnswer, false)));
    check(200, r#"{"choices":[{"mess"#, Some((BadAnswer, false)));
    check(200, r#"{"error":{"message":"upstream","code":502}}"#, Some((Unavailable, true)));
    check(200, r#"{"error":{"message":"slow","code":429}}"#, Some((RateLimited, true)));
    check(200, r#"{"error":"overloaded"}"#, Some((Unavailable, true)));
    check(301, "", Some((Unavailable, false)));
    check(400, r#"{"error":{"message":"bad","code":400}}"#, Some((Refused, false)));
    check(401, r#"{"error":{"message":"key"}}"#, Some((Refused, false)));
    check(403, "<html>", Some((Refused, false)));
    check(404, r#"{"detail":"Not Found"}"#, Some((Refused, false)));
    check(408, "", Some((Unavailable, true)));
    check(429, "<html>slow</html>", Some((RateLimited, true)));
    check(429, r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#, Some((RateLimited, false)));
    check(500, "boom", Some((Unavailable, true)));
    check(503, r#"{"error":{"message":"loading","code":503}}"#, Some((Unavailable, true)));
    check(599, "", Some((Unavailable, true)));
    check(101, "", Some((Unavailable, false)));
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    check(200, &deep, Some((BadAnswer, false)));
}

/// Protects the log: the endpoint's words are found in any shape, kept short and on one line.
#[test]
fn quotes_are_short_and_on_one_line() {
    let cases = [
        (r#"{"error":{"message":"a\nb","code":400}}"#, "a b"),
        (r#"{"error":"model not found"}"#, "model not found"),
        (r#"{"object":"error","message":"ctx"}"#, "ctx"),
        (r#"{"detail":"Not Found"}"#, "Not Found"),
        ("boom\r\n", "boom  "),
        ("", ""),
    ];
    for (body, expected) in cases {
        assert_eq!(quote(body.as_bytes()), expected, "{body}");
    }
    assert_eq!(quote("é".repeat(9000).as_bytes()).chars().count(), QUOTE_CHARS);
}
