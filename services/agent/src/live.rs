//! The code as a model writes it, told to whoever watches the job. Nothing depends on it.

use bus::live::{PACE, Voice};
use common::execution::MAX_JOB_CODE_BYTES;
use common::wire::jobs_v1::job_live::Channel;
use llm::{Heard, OnText};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Most bytes of an answer that are followed: the longest code with words around it.
const FOLLOWED: usize = 4 * MAX_JOB_CODE_BYTES;

/// An answer so far.
#[derive(Debug, Default)]
struct Answer {
    text: String,
    arguments: String,
}

/// Follows one answer. Ends when dropped.
pub struct Follower {
    answer: Arc<Mutex<Answer>>,
    _until: DropGuard,
}

impl Follower {
    /// Follows the next answer, and tells of it with this voice.
    pub fn new(voice: Voice) -> Self {
        let answer = Arc::<Mutex<Answer>>::default();
        let until = CancellationToken::new();
        tokio::spawn(tell(voice, answer.clone(), until.clone()));
        Self { answer, _until: until.drop_guard() }
    }

    /// What hears the answer.
    pub fn listener(&self) -> OnText {
        let answer = self.answer.clone();
        OnText::new(move |heard| {
            let mut answer = held(&answer);
            match heard {
                Heard::Begins => *answer = Answer::default(),
                Heard::Text(text) => push(&mut answer.text, text),
                Heard::Arguments(text) => push(&mut answer.arguments, text),
            }
        })
    }
}

fn held(answer: &Mutex<Answer>) -> MutexGuard<'_, Answer> {
    answer.lock().unwrap_or_else(PoisonError::into_inner)
}

fn push(kept: &mut String, text: &str) {
    if kept.len() + text.len() <= FOLLOWED {
        kept.push_str(text);
    }
}

/// Tells what is new, now and then: all of it again where what was told is no longer how the code begins.
async fn tell(voice: Voice, answer: Arc<Mutex<Answer>>, until: CancellationToken) {
    let mut told = String::new();
    while until.run_until_cancelled(tokio::time::sleep(PACE)).await.is_some() {
        let code = {
            let answer = held(&answer);
            code_so_far(if answer.arguments.is_empty() { &answer.text } else { &answer.arguments })
        };
        match code.strip_prefix(told.as_str()) {
            Some(more) => voice.say(Channel::Code, told.len() as u64, more).await,
            None => voice.say(Channel::Code, 0, &code).await,
        }
        told = code;
    }
}

/// The code in an answer that has not come to its end: in a fenced block, or in the string "code" of a JSON object. Empty
/// before it begins.
fn code_so_far(said: &str) -> String {
    if let Some(string) = json_string(said) {
        return unescaped(string);
    }
    let Some((_, from)) =
        ["```python\n", "```py\n", "```Python\n", "```python3\n"].iter().find_map(|fence| said.split_once(fence))
    else {
        return String::new();
    };
    // A line of backticks that may still grow into the closing fence is not shown yet.
    let until = from.find("\n```").map_or_else(|| from.trim_end_matches('`').len(), |end| end + 1);
    from[..until].to_owned()
}

/// What stands behind `"code": "` where the text is, or ends with, an object.
fn json_string(said: &str) -> Option<&str> {
    let (before, object) = said.split_at(said.find('{')?);
    if before.contains("```") && !before.trim_end().ends_with("```json") {
        return None;
    }
    let (_, value) = object.split_once("\"code\"")?;
    value.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')
}

/// A JSON string up to its end, or to where it stops.
fn unescaped(string: &str) -> String {
    let mut text = String::new();
    let mut high = None;
    let mut characters = string.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => match characters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => {}
                Some('u') => {
                    let digits: String = characters.by_ref().take(4).collect();
                    let Ok(unit) = u16::from_str_radix(&digits, 16) else { break };
                    if digits.len() < 4 {
                        break;
                    }
                    let units = high.take().into_iter().chain([unit]);
                    match char::decode_utf16(units).next() {
                        Some(Ok(character)) => text.push(character),
                        _ => high = Some(unit),
                    }
                }
                Some('b' | 'f') => {}
                Some(other) => text.push(other),
                None => break,
            },
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects whoever watches: of an answer that still comes the code is shown and nothing else, in whichever form it
    /// comes.
    #[test]
    fn code_is_shown_while_it_comes() {
        let rows = [
            ("", ""),
            ("I will count", ""),
            ("I will count.\n```pyth", ""),
            ("I will count.\n```python\nimport", "import"),
            ("I will count.\n```python\nx = 1\n``", "x = 1\n"),
            ("I will count.\n```python\nx = 1\n```\nDone.", "x = 1\n"),
            ("```python\nx = {\"code\": \"a\"}\n", "x = {\"code\": \"a\"}\n"),
            ("{\"action\": \"write_code\", \"co", ""),
            ("{\"action\": \"write_code\", \"code\": null", ""),
            (r#"{"action": "write_code", "code": "x = 1\nprint(\"é"#, "x = 1\nprint(\"é"),
            (r#"{"code": "x\u00e9\ud83d\ude00y\"#, "xé😀y"),
            (r#"{"code": "x\u00"#, "x"),
            (r#"{"code": "x = 1\n", "explanation": "Counts."}"#, "x = 1\n"),
        ];
        for (said, code) in rows {
            assert_eq!(code_so_far(said), code, "{said:?}");
        }
    }

    /// Protects the view from jumping: what is shown of an answer is how what is shown of more of it begins.
    #[test]
    fn code_only_grows() {
        for answer in [
            "Counts.\n```python\nfor x in range(3):\n    print(f'{x} é')\n```\nIt counts.",
            r#"{"action": "write_code", "code": "x = \"\u00e9\ud83d\ude00\"\nprint(x)\n", "explanation": "Counts."}"#,
        ] {
            let mut before = String::new();
            for end in (0..=answer.len()).filter(|end| answer.is_char_boundary(*end)) {
                let now = code_so_far(&answer[..end]);
                assert!(now.starts_with(&before), "{:?}: {before:?}, then {now:?}", &answer[..end]);
                before = now;
            }
            assert!(before.ends_with('\n'), "{before:?}");
        }
    }
}
