//! Links in what models write. A summary has none: what a picture or an output talked a model into would be one click away
//! from whoever reads it. Pure.

/// What stands in a link's place.
const REMOVED: &str = "(link removed)";
/// How addresses begin, in lower case.
const BEGINNINGS: [&str; 8] = ["http://", "https://", "ftp://", "file://", "data:text", "javascript:", "www.", "//"];

/// What is told about a text from which links were taken.
pub const NOTE: &str =
    "The model's summary had a link in it, which was taken out: only text is shown of what models write.";

/// The text without its addresses, and whether there were any. Words around them stay, also those of a Markdown link.
pub fn removed(text: &str) -> (String, bool) {
    let lower = text.to_ascii_lowercase();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    let mut any = false;
    while at < text.len() {
        if begins(&lower, at) {
            at += address(&text[at..]);
            kept.push_str(REMOVED);
            any = true;
            continue;
        }
        let Some(c) = text[at..].chars().next() else { break };
        kept.push(c);
        at += c.len_utf8();
    }
    (kept, any)
}

/// Whether an address begins here, and not in the middle of a word.
fn begins(lower: &str, at: usize) -> bool {
    let inside = lower[..at]
        .chars()
        .next_back()
        .is_some_and(|before| before.is_alphanumeric() || before == '/' || before == ':');
    let Some(beginning) = BEGINNINGS.iter().find(|beginning| lower[at..].starts_with(**beginning)) else {
        return false;
    };
    let goes_on = lower[at + beginning.len()..].chars().next().is_some_and(|next| !next.is_whitespace());
    !inside && goes_on
}

/// Length of the address, in bytes: up to a blank, a quote or a closing bracket, without the sentence's own full stop.
fn address(text: &str) -> usize {
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, ')' | ']' | '>' | '<' | '"' | '\'' | '`' | '|'));
    text[..end.unwrap_or(text.len())].trim_end_matches(['.', ',', ';', '!', '?']).len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects readers of summaries: no address stays, the words around it do, and text without one is not touched.
    #[test]
    fn addresses_are_taken_out_of_prose() {
        let rows = [
            ("See https://evil.example/x?q=1.", "See (link removed)."),
            ("[the data](http://evil.example/a) and more", "[the data]((link removed)) and more"),
            ("HTTPS://EVIL.example, www.evil.example", "(link removed), (link removed)"),
            ("<a href=\"//evil.example\">x</a>", "<a href=\"(link removed)\">x</a>"),
            ("![](data:text/html,x) javascript:alert(1)", "![]((link removed)) (link removed))"),
            ("é http://", "é http://"),
            ("4 // 2 is 2; km/h; 3:1; data: text", "4 // 2 is 2; km/h; 3:1; data: text"),
            ("24 coins, 1.5 kg; see data.csv.", "24 coins, 1.5 kg; see data.csv."),
        ];
        for (text, expected) in rows {
            assert_eq!(removed(text), (expected.to_owned(), text != expected), "{text:?}");
        }
    }
}
