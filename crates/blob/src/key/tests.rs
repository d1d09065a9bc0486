use super::*;

/// Protects every root: no text can become a key that leaves it, names it, or hides bytes.
#[test]
fn keys_cannot_escape() {
    let segment = "s".repeat(MAX_SEGMENT_BYTES);
    let cases = [
        ("files/local/1/image.png", true),
        ("a", true),
        ("out/Größe über Zeit.png", true),
        ("out/图表 (1).csv", true),
        (".hidden", true),
        ("...", true),
        ("a/..b", true),
        ("~", true),
        (segment.as_str(), true),
        ("", false),
        ("/", false),
        ("/etc/passwd", false),
        ("a/", false),
        ("a//b", false),
        (".", false),
        ("..", false),
        ("a/../b", false),
        ("a/./b", false),
        ("a/..", false),
        ("a\\b", false),
        ("..\\..", false),
        ("a\0b", false),
        ("a\nb", false),
        ("a/\u{7f}", false),
        ("a/\u{85}", false),
    ];
    for (text, accepted) in cases {
        assert_eq!(BlobKey::parse(text).is_ok(), accepted, "{text:?}");
    }
    assert!(BlobKey::parse(&format!("{segment}s")).is_err());
    assert!(BlobKey::parse(&[segment.as_str(); 5].join("/")).is_err());
}

/// Protects prefixes: joining adds exactly one segment below, whatever the segment holds.
#[test]
fn join_adds_one_segment() {
    let base = BlobKey::parse("files/local").expect("key");
    assert_eq!(base.join("a b.png").expect("joined").as_str(), "files/local/a b.png");
    for bad in ["", ".", "..", "a/b", "/a", "a\\b", "\0"] {
        assert!(base.join(bad).is_err(), "{bad:?}");
    }
    let mut long = base;
    while let Ok(longer) = long.join(&"s".repeat(100)) {
        long = longer;
    }
    assert!(long.as_str().len() <= MAX_KEY_BYTES);
}
