//! Keys keep apart what is different, and show nothing.

use super::*;
use std::collections::BTreeSet;

/// Protects every caller from another's entries: different purposes, texts and divisions of texts are different keys.
#[test]
fn what_differs_has_another_key() {
    let mut seen = BTreeSet::new();
    for &purpose in Purpose::ALL {
        let long = "x".repeat(100_000);
        for text in ["", "a", "A", "a ", "a\0", "é", "e\u{301}", "a:b", "{a}", "*", "\r\n", &long, &long[1..]] {
            assert!(seen.insert(Key::new(purpose, text).to_string()), "{purpose:?} {text:?}");
        }
        for texts in [&["a", "bc"][..], &["ab", "c"], &["abc", ""], &["", "abc"], &[]] {
            let texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
            assert!(seen.insert(Key::of(purpose, &texts).to_string()), "{purpose:?} {texts:?}");
        }
        assert!(seen.insert(Key::new(purpose, [0xff, 0xfe]).to_string()), "not even text");
    }
}

/// Protects replicas of different versions, and logs: a key's form never changes, and holds nothing of the text.
#[test]
fn the_form_is_stable_and_plain() {
    let key = Key::new(Purpose::SignInLink, "c0de");
    let shown = "sign-in-link:23923537d1757d8ca15874eda8da57f091e4d7920d1f31e6aa077c554e6c28f6";
    // SHA-256 of the length, eight bytes, the lowest first, and the text.
    assert_eq!(key.to_string(), shown);
    assert!(!format!("{key:?} {key}").contains("c0de"));
    let names: BTreeSet<_> = Purpose::ALL.iter().map(|purpose| purpose.as_str()).collect();
    assert_eq!(names.len(), Purpose::ALL.len(), "names tell purposes apart");
}
