//! Names of outputs. Pure.

/// Longest name in bytes, folders included.
const MAX_NAME_BYTES: usize = 200;

/// The name as text, if it is one that can safely be a path below a folder on any system, a blob key and
/// part of a link.
pub fn checked(path: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(path).ok()?;
    if name.len() > MAX_NAME_BYTES || name.chars().any(is_unsafe) {
        return None;
    }
    name.split('/').all(|part| !part.is_empty() && part != "." && part != "..").then_some(name)
}

/// Control characters, the other separator, and what turns or hides text around it.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || c == '\\'
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Any bytes as text that is safe to show, shortened to a readable length.
pub fn escaped(path: &[u8]) -> String {
    let mut text = String::new();
    for chunk in path.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_unsafe(c) {
                text.extend(c.escape_default());
            } else {
                text.push(c);
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    match text.char_indices().nth(MAX_NAME_BYTES) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects whoever joins an output's name to a folder, a key or a link.
    #[test]
    fn only_safe_names_pass() {
        for good in ["chart.png", "a b/ü.csv", "-x", "CON", ".hidden", "a..b", "..."] {
            assert_eq!(checked(good.as_bytes()), Some(good));
        }
        let long = "x".repeat(201);
        for bad in ["..", "a/../b", "/a", "a/", "a//b", "", "a\nb", "a\\b", "evil\u{202e}gnp.exe", &long] {
            assert_eq!(checked(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(checked(b"\xff\xfe"), None);
    }

    /// Protects terminals and pages that show rejected names.
    #[test]
    fn escaped_names_are_harmless() {
        assert_eq!(escaped(b"a\n\xff\x1b[2J"), "a\\n\\xff\\u{1b}[2J");
        assert!(escaped(&[b'x'; 5000]).chars().count() <= 201);
    }
}
