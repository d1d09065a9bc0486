//! How a run ended, in plain words and with the line of the code, from what is known about it. Pure.
//!
//! The traceback is read from standard error, which the code could forge: it then lies about itself only.

use common::execution::{CodeError, CodeFrame, RunStatus};
use std::time::Duration;

/// What a traceback calls the submitted code.
const CODE: &str = "File \"/box/main.py\", line ";
/// Longest message passed on, in characters.
const MAX_MESSAGE: usize = 2000;
/// Most frames passed on; of a deep recursion both ends say it all.
const MAX_FRAMES: usize = 50;

/// What an explanation is made from.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// How it ended.
    pub status: RunStatus,
    /// Exit code, when it exited.
    pub exit_code: Option<i32>,
    /// Signal, when one ended it.
    pub signal: Option<i32>,
    /// Line at which it was stopped, when known.
    pub line: Option<u32>,
    /// Its memory limit in bytes.
    pub memory_bytes: u64,
    /// The time it was given.
    pub timeout: Duration,
    /// Bytes it might print.
    pub printed_bytes: u64,
    /// The exception that ended it.
    pub error: Option<&'a CodeError>,
}

/// One sentence without a full stop; `None` for a run that succeeded.
pub fn explanation(known: &Known<'_>) -> Option<String> {
    let at = |line: Option<u32>| line.map(|line| format!(", line {line}")).unwrap_or_default();
    let line = at(known.line);
    Some(match known.status {
        RunStatus::Ok => return None,
        RunStatus::Timeout => format!("stopped: {} time limit{line}", seconds(known.timeout)),
        RunStatus::OutOfMemory => format!("stopped: {} memory limit{line}", size(known.memory_bytes)),
        RunStatus::OutputLimit => format!("stopped: it printed more than {}{line}", size(known.printed_bytes)),
        RunStatus::Killed => "stopped: somebody ended it".to_owned(),
        RunStatus::Error => match (known.error, known.exit_code, known.signal) {
            (Some(error), Some(1), _) => format!("{}{}", error.kind, at(error.line)),
            (_, Some(code), _) => format!("ended with exit code {code}"),
            (_, None, Some(signal)) => format!("ended by signal {signal} ({})", signal_name(signal)),
            (_, None, None) => "ended without a word".to_owned(),
        },
    })
}

fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds.fract() == 0.0 { format!("{seconds:.0} s") } else { format!("{seconds:.1} s") }
}

fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 2] = [(1 << 30, "GiB"), (1 << 20, "MiB")];
    match UNITS.into_iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{} bytes", bytes),
    }
}

/// What a signal means to a person.
fn signal_name(signal: i32) -> &'static str {
    match signal {
        2 => "interrupted",
        4 => "an instruction the processor does not have",
        6 => "aborted by itself or a library",
        7 | 11 => "a crash inside a library: it touched memory that is not there",
        8 => "an arithmetic fault inside a library",
        9 => "killed",
        13 => "it wrote to a closed pipe",
        15 => "asked to end",
        24 => "out of CPU time",
        25 => "a file grew beyond 256 MiB",
        31 => "a system call that does not exist here",
        _ => "see signal(7)",
    }
}

/// The exception that ended the code, from the last traceback in what it printed on standard error.
pub fn traceback(stderr: &str) -> Option<CodeError> {
    let lines: Vec<&str> = stderr.lines().collect();
    let begin = lines.iter().rposition(|line| {
        *line == "Traceback (most recent call last):"
            || (line.starts_with("  ") && line.trim_start().starts_with(CODE) && is_syntax_error_head(line))
    })?;
    let begin = outermost(&lines, begin);
    let mut frames = Vec::new();
    let rest = lines[begin..].iter().enumerate().skip_while(|(_, line)| **line == "Traceback (most recent call last):");
    let mut verdict = None;
    for (index, line) in rest {
        if !line.starts_with(' ') {
            verdict = Some(begin + index);
            break;
        }
        if let Some(frame) = frame(line) {
            let source = lines.get(begin + index + 1).filter(|next| next.starts_with("    "));
            frames
                .push(CodeFrame { source: source.map(|source| source.trim().to_owned()).unwrap_or_default(), ..frame });
        }
    }
    let verdict = verdict?;
    let (kind, first) = lines[verdict].split_once(": ").unwrap_or((lines[verdict].trim_end_matches(':'), ""));
    // An exception's name, perhaps with its module; anything else is no traceback's end.
    if kind.is_empty() || kind.contains(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')) {
        return None;
    }
    let more = lines[verdict + 1..].iter().take_while(|line| !line.starts_with("During handling of"));
    let message: String = std::iter::once(first).chain(more.copied()).collect::<Vec<_>>().join("\n");
    let message = message.trim_end().chars().take(MAX_MESSAGE).collect();
    let line = frames.last().map(|frame: &CodeFrame| frame.line);
    if frames.len() > MAX_FRAMES {
        frames.drain(MAX_FRAMES / 2..frames.len() - MAX_FRAMES / 2);
    }
    Some(CodeError { kind: kind.to_owned(), message, line, frames })
}

/// A syntax error has no traceback line, only its place.
fn is_syntax_error_head(line: &str) -> bool {
    !line.contains(", in ")
}

/// Where the traceback that `begin` belongs to starts.
fn outermost(lines: &[&str], begin: usize) -> usize {
    if lines[begin].starts_with("Traceback") {
        return begin;
    }
    // The place of a syntax error may stand in a traceback, as that of `exec` does.
    let above = lines[..begin].iter().rposition(|line| !line.starts_with(' '));
    match above {
        Some(index) if lines[index] == "Traceback (most recent call last):" => index,
        _ => begin,
    }
}

fn frame(line: &str) -> Option<CodeFrame> {
    let rest = line.trim_start().strip_prefix(CODE)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let function = rest.split_once(", in ").map_or("<module>", |(_, name)| name).trim().to_owned();
    Some(CodeFrame { line: digits.parse().ok()?, function, source: String::new() })
}

#[cfg(test)]
mod tests;
