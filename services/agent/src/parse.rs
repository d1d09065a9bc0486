//! Finding what a model wants in its answer. Total and pure: any text gives an action or a reason, never a panic.

mod action;
pub mod differences;
mod fence;
mod look;

use crate::text::{clean, head};
use common::execution::MAX_JOB_CODE_BYTES;
use fence::Block;

pub use action::{Wanted, action};
pub use differences::differences;
pub use look::Look;

/// Longest explanation taken from around the code, in bytes.
const EXPLANATION_BYTES: usize = 1500;

/// Code found in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The script, with `\n` line ends and one at its end.
    pub code: String,
    /// What the answer said around it; may be empty.
    pub explanation: String,
}

/// Why an answer cannot be used, as a sentence for models and people.
pub type Reason = String;

/// The code in an answer. `cut_off` says that the answer ended for want of tokens.
///
/// # Errors
/// There is no code in it, or none that can be run.
pub fn code(answer: &str, cut_off: bool) -> Result<Found, Reason> {
    let answer = normal(answer);
    let Some(said) = after_thinking(&answer) else {
        return Err("The answer ended while the model was still thinking.".to_owned());
    };
    if said.trim().is_empty() {
        return Err("The answer is empty.".to_owned());
    }
    let found = from_fences(said).or_else(|| from_plain(said));
    let Some((code, explanation, ended)) = found else {
        return Err("There is no Python code in the answer.".to_owned());
    };
    if cut_off && !ended {
        return Err("The answer was cut off before the code ended; it must be shorter.".to_owned());
    }
    found_as(&code, &explanation)
}

/// The script in a string that is meant to hold nothing else. Some put a fenced block into it.
fn finished(code: &str, explanation: &str) -> Result<Found, Reason> {
    match from_fences(code) {
        Some((inner, _, _)) => found_as(&inner, explanation),
        None => found_as(code, explanation),
    }
}

fn found_as(code: &str, explanation: &str) -> Result<Found, Reason> {
    let code = tidy(code);
    check(&code)?;
    Ok(Found { code, explanation: head(clean(explanation).trim(), EXPLANATION_BYTES) })
}

/// What a model says apart from its thinking; for answers in plain text.
pub fn prose(answer: &str) -> String {
    let answer = normal(answer);
    clean(after_thinking(&answer).unwrap_or_default()).trim().to_owned()
}

fn normal(answer: &str) -> String {
    answer.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n")
}

/// The answer without the thinking that some models put before it; `None` when it is nothing else.
fn after_thinking(answer: &str) -> Option<&str> {
    let start = answer.trim_start();
    for tag in ["think", "thinking", "reasoning"] {
        let close = format!("</{tag}>");
        if start.starts_with(&format!("<{tag}>")) {
            return start.split_once(&close).map(|(_, rest)| rest);
        }
        // Some servers swallow the opening tag. Only one alone on its line counts: code may name it.
        let mut end = 0;
        let mut after = None;
        for line in answer.split_inclusive('\n') {
            end += line.len();
            if line.trim() == close {
                after = Some(&answer[end..]);
            }
        }
        if after.is_some() {
            return after;
        }
    }
    Some(answer)
}

fn from_fences(said: &str) -> Option<(String, String, bool)> {
    let blocks = fence::blocks(said);
    let best = best(&blocks)?;
    let before = said[..best.start].trim();
    let explanation = if before.is_empty() { said[best.end..].trim() } else { before };
    Some((best.text.clone(), without_blocks(explanation), best.closed))
}

/// The script among several blocks: Python before unnamed ones, then the longest; of equals the last,
/// which is the corrected one. A longer block that is not closed wins too: it is the one being written.
fn best(blocks: &[Block]) -> Option<&Block> {
    let python =
        |block: &&Block| matches!(block.language.as_str(), "python" | "py" | "python3" | "ipython" | "ipython3");
    let unnamed = |block: &&Block| block.language.is_empty() && plausible(&block.text);
    let longest = |wanted: &dyn Fn(&&Block) -> bool| {
        blocks
            .iter()
            .filter(|block| wanted(block) && !block.text.trim().is_empty())
            .max_by_key(|block| block.text.len())
    };
    longest(&python).or_else(|| longest(&unnamed))
}

fn without_blocks(text: &str) -> String {
    let mut kept = String::new();
    let mut at = 0;
    for block in fence::blocks(text) {
        kept.push_str(&text[at..block.start]);
        at = block.end;
    }
    kept.push_str(&text[at..]);
    kept
}

/// Code without a fence: from its first statement on, when most of that reads like Python. Nothing says
/// where it ends, so it counts as ended only when the whole answer is.
fn from_plain(said: &str) -> Option<(String, String, bool)> {
    if said.contains("```") {
        return None;
    }
    let mut at = 0;
    for line in said.split_inclusive('\n') {
        let begins = line.starts_with("import ") || (line.starts_with("from ") && line.contains(" import "));
        if begins && plausible(&said[at..]) {
            return Some((said[at..].to_owned(), said[..at].trim().to_owned(), false));
        }
        at += line.len();
    }
    plausible(said).then(|| (said.to_owned(), String::new(), false))
}

/// True when there is a statement and at least two thirds of the lines look like Python.
fn plausible(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let like_code = lines.iter().filter(|line| is_statement(line) || is_inner(line)).count();
    lines.iter().any(|line| is_statement(line)) && 3 * like_code >= 2 * lines.len()
}

fn is_inner(line: &str) -> bool {
    line.starts_with([' ', '\t', '#', ')', ']', '}', '@', '"', '\''])
}

fn is_statement(line: &str) -> bool {
    let line = line.trim_end();
    let opens_block =
        ["def ", "class ", "for ", "while ", "if ", "with ", "try:", "else:", "elif ", "except", "finally:", "async "];
    if line.starts_with("import ") || (line.starts_with("from ") && line.contains(" import ")) {
        return true;
    }
    if opens_block.iter().any(|word| line.starts_with(word))
        && line.split('#').next().unwrap_or_default().trim_end().ends_with(':')
    {
        return true;
    }
    let name = line
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | ',' | ' ')))
        .unwrap_or(line.len());
    let (name, rest) = line.split_at(name);
    let assigns = rest.starts_with('=') && !rest.starts_with("==") && !name.trim().is_empty();
    let calls = rest.starts_with('(') && !name.is_empty() && !name.contains(' ');
    assigns || calls
}

/// One line end at the end, no empty lines around, no common indentation.
fn tidy(code: &str) -> String {
    let lines: Vec<&str> = code.lines().map(str::trim_end).collect();
    let indent = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let common = lines.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    let text: Vec<&str> = lines.iter().map(|line| line.get(common..).unwrap_or_default()).collect();
    format!("{}\n", text.join("\n").trim_matches('\n'))
}

fn check(code: &str) -> Result<(), Reason> {
    let empty = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if code.lines().all(empty) {
        return Err("The code in the answer is empty.".to_owned());
    }
    if code.len() > MAX_JOB_CODE_BYTES {
        return Err(format!("The code is longer than {} KiB; it must be shorter.", MAX_JOB_CODE_BYTES / 1024));
    }
    if code.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\u{c}')) {
        return Err("The code has control characters in it.".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
