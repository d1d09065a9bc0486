//! Cutting text to what a message may carry.

/// Longest notes, summary, explanation or reason in an event, in bytes: with code of the longest
/// length beside it, the event stays below what the bus carries.
pub const EVENT_TEXT_BYTES: usize = 8 * 1024;

/// The first `limit` bytes of `text`, cut at a character boundary; what is left out is marked.
pub fn head(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mark = " …";
    let cut = text.floor_char_boundary(limit.saturating_sub(mark.len()));
    format!("{}{mark}", &text[..cut])
}

/// What a model or a program said, without characters that do nothing but confuse terminals.
pub fn clean(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}
