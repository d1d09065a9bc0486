//! What models are told. The rules stand in `prompt/*.md`; here the data of a turn is put beside them.
//! Pure.

use crate::decide::Purpose;
use crate::evidence::Excerpt;
use crate::offer::{Action, Offer};
use crate::text::head;
use crate::turn::{Closer, Earlier, Past, Turn};
use common::compare::Critique;
use common::picture::{evidence_name, input_name, prepared_name};
use llm::{Message, Part};
use sha2::{Digest, Sha256};

/// Rules for writing code.
pub const CODE: &str = include_str!("../prompt/code.md");
/// What is said after an answer without usable code.
pub const REPAIR: &str = include_str!("../prompt/repair.md");
/// Rules for looking.
pub const VISION: &str = include_str!("../prompt/vision.md");
/// Rules for summing up.
pub const SUMMARY: &str = include_str!("../prompt/summary.md");

/// How a part of a picture is asked for; `{left}` is how often.
pub const LOOKS: &str = include_str!("../prompt/looks.md");
/// How the vision model is asked about a whole picture.
pub const ASK: &str = include_str!("../prompt/ask.md");
/// How the work is ended where there is a result.
pub const FINISH: &str = include_str!("../prompt/finish.md");
/// What is said of a picture that was made fit before it was measured; `{path}` is where that is, `{size}` its size in
/// pixels, `{original}` where the original is.
pub const PREPARED: &str = include_str!("../prompt/prepared.md");
/// What the tools do, one a line: `name: description`.
pub const TOOLS: &str = include_str!("../prompt/tools.md");
/// Rules for comparing what was drawn with the pictures.
pub const CRITIC: &str = include_str!("../prompt/critic.md");
/// What is said after an answer of the critic without a list.
pub const CRITIC_REPAIR: &str = include_str!("../prompt/critic_repair.md");
/// What is said of a result that could be better; `{score}` is 0 to 100.
pub const IMPROVE: &str = include_str!("../prompt/improve.md");
/// What is said where another script is wanted.
pub const VARIANT: &str = include_str!("../prompt/variant.md");
/// Rules for answering a question about a part of a picture.
pub const CLOSER: &str = include_str!("../prompt/closer.md");

/// How many of the last attempts are shown with their code; of earlier ones only what went wrong.
pub const ATTEMPTS_WITH_CODE: usize = 2;

/// All prompts by the names of their files.
const ALL: [(&str, &str); 14] = [
    ("code.md", CODE),
    ("repair.md", REPAIR),
    ("vision.md", VISION),
    ("summary.md", SUMMARY),
    ("looks.md", LOOKS),
    ("improve.md", IMPROVE),
    ("variant.md", VARIANT),
    ("closer.md", CLOSER),
    ("ask.md", ASK),
    ("finish.md", FINISH),
    ("tools.md", TOOLS),
    ("critic.md", CRITIC),
    ("critic_repair.md", CRITIC_REPAIR),
    ("prepared.md", PREPARED),
];

/// Version of the prompts in use: SHA-256 over all of them, shortened to 12 hex digits.
pub fn version() -> String {
    let mut hash = Sha256::new();
    for (_, text) in ALL {
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    }
    shortened(hash)
}

/// The name of a prompt's file, and its SHA-256, shortened to 12 hex digits.
pub fn named(text: &str) -> (&'static str, String) {
    let name = ALL.into_iter().find(|(_, known)| *known == text).map_or("", |(name, _)| name);
    (name, shortened(Sha256::new_with_prefix(text)))
}

fn shortened(hash: Sha256) -> String {
    let mut digits = hex::encode(hash.finalize());
    digits.truncate(12);
    digits
}

/// What a tool does, for models.
pub fn tool(name: &str) -> &'static str {
    let described = TOOLS.lines().filter_map(|line| line.split_once(": "));
    described.into_iter().find(|(known, _)| *known == name).map(|(_, what)| what).unwrap_or_default()
}

/// Puts data between two lines that it cannot contain itself, so that it can neither end its own quotation nor look like
/// another one: marks of any quotation within it are pulled apart (`< < <`).
pub fn fenced(label: &str, data: &str) -> String {
    format!("<<<{label}\n{}\n{label}>>>", without_marks(data.trim_end()))
}

/// Three angle brackets in a row are what marks begin and end with; here blanks stand between them.
fn without_marks(data: &str) -> String {
    let mut text = String::with_capacity(data.len());
    let mut row = 0;
    let mut last = None;
    let mut characters = data.chars().peekable();
    while let Some(c) = characters.next() {
        if !matches!(c, '<' | '>') {
            (row, last) = (0, None);
            text.push(c);
            continue;
        }
        row = if last == Some(c) { row + 1 } else { 1 };
        last = Some(c);
        if row > 2 || (row == 2 && characters.peek() == Some(&c)) {
            text.push(' ');
        }
        text.push(c);
    }
    text
}

/// The request as a model reads it.
pub fn request(turn: &Turn) -> String {
    let wish = if turn.prompt.trim().is_empty() {
        "The person said nothing more. Do what suits the picture best: recover its data and redraw it, count what can be \
         counted, or read its text; otherwise describe it with measurements."
    } else {
        turn.prompt.trim()
    };
    fenced("REQUEST", wish)
}

/// The pictures by name, with what was seen of them.
pub fn pictures(turn: &Turn, evidence: &[Excerpt]) -> String {
    let count = turn.pictures.len();
    let mut text = String::new();
    for (index, picture) in turn.pictures.iter().enumerate() {
        text.push_str(&format!(
            "Picture {}: /box/in/{} ({} x {} pixels), measured in /box/in/{}. It looks like: {} (confidence {:.2}).\n",
            index + 1,
            input_name(index, count),
            picture.width,
            picture.height,
            evidence_name(index, count),
            picture.kind.as_str(),
            picture.confidence,
        ));
        if let Some((width, height)) = picture.prepared {
            text.push_str(
                &PREPARED
                    .replace("{path}", &format!("/box/in/{}", prepared_name(index, count)))
                    .replace("{original}", &format!("/box/in/{}", input_name(index, count)))
                    .replace("{size}", &format!("{width} x {height}")),
            );
        }
        if !picture.title.is_empty() {
            text.push_str(&fenced("TITLE", &head(&picture.title, 500)));
            text.push('\n');
        }
        if let Some(evidence) = evidence.get(index) {
            text.push_str(&fenced("EVIDENCE", &evidence.text));
            text.push('\n');
        }
    }
    text
}

/// What a job goes on from, as a model reads it. `code` is the script that was delivered.
fn before(earlier: &Earlier, code: Option<&str>) -> String {
    let mut text = "This goes on from an earlier job. ".to_owned();
    let requests: Vec<&str> =
        earlier.requests.iter().map(|request| request.trim()).filter(|request| !request.is_empty()).collect();
    if !requests.is_empty() {
        text.push_str(&format!("Before, the person asked:\n{}\n", fenced("EARLIER", &requests.join("\n---\n"))));
    }
    if let Some(code) = code {
        text.push_str(&format!("This script was delivered:\n```python\n{}\n```\n", code.trim_end()));
    }
    if !earlier.summary.trim().is_empty() {
        text.push_str(&format!("This was said of its result:\n{}\n", fenced("RESULT", &earlier.summary)));
    }
    text.push_str("The request above says what should be different now. Keep everything else as it was.\n\n");
    text
}

/// What is read back from the store for a conversation.
#[derive(Debug, Default)]
pub struct Codes {
    /// Codes of the last attempts by their place in the transcript; one that could not be read is left out.
    pub attempts: Vec<(usize, String)>,
    /// The script of the job this one goes on from.
    pub earlier: Option<String>,
}

/// The conversation in which code is asked for.
pub fn code_conversation(
    turn: &Turn,
    evidence: &[Excerpt],
    codes: &Codes,
    purpose: Purpose,
    offer: &Offer,
) -> Vec<Message> {
    let mut opening = format!("{}\n\n", request(turn));
    if let Some(earlier) = &turn.earlier {
        opening.push_str(&before(earlier, codes.earlier.as_deref()));
    }
    opening.push_str(&pictures(turn, evidence));
    if let Some(notes) = turn.notes() {
        opening.push_str(&format!("Another model looked at the pictures and noted:\n{}\n", fenced("NOTES", notes)));
    }
    if evidence.iter().any(|excerpt| excerpt.cut) {
        opening.push_str("Of the evidence only an excerpt is shown; the file holds all of it, with the same fields.\n");
    }
    for past in &turn.past {
        if let Past::Closer(closer) = past {
            opening.push_str(&looked(closer));
        }
    }
    let first = !turn.past.iter().any(|past| matches!(past, Past::Attempt(_) | Past::Unusable(_)));
    if first && offer.has(Action::LookCloser) {
        opening.push_str(&LOOKS.replace("{left}", &turn.looks_left.to_string()));
        if offer.has(Action::AskVision) {
            opening.push_str(ASK);
        }
    }
    opening.push_str("Write the script.");
    let mut messages = vec![Message::user(opening)];
    let last = turn.past.iter().rposition(|past| matches!(past, Past::Attempt(_)));
    for (index, past) in turn.past.iter().enumerate() {
        let Some(said) = failure(past).map(repair).or_else(|| worked(past, last == Some(index), purpose)) else {
            continue;
        };
        let code = codes.attempts.iter().find(|(at, _)| *at == index).map(|(_, code)| code);
        messages.push(Message::assistant(match code {
            Some(code) => format!("```python\n{}\n```", code.trim_end()),
            None => "(an earlier answer, left out)".to_owned(),
        }));
        messages.push(Message::user(said));
    }
    if let (true, Some(Part::Text(text))) =
        (offer.has(Action::Finish), messages.last_mut().and_then(|message| message.parts.last_mut()))
    {
        text.push_str(&format!("\n{FINISH}"));
    }
    messages
}

fn repair(failure: String) -> String {
    format!(
        "{failure}\n\nFind the cause, then answer with the whole corrected script. If the approach itself does not work, \
         choose another."
    )
}

/// What came of a look at a part of a picture.
fn looked(closer: &Closer) -> String {
    let mut text =
        format!("You had a closer look at picture {}:\n{}\n", closer.picture + 1, fenced("QUESTION", &closer.question));
    if !closer.read.is_empty() {
        text.push_str(&format!("The platform read there:\n{}\n", fenced("READ", &closer.read)));
    }
    match &closer.answer {
        Some(answer) => text.push_str(&format!("Another model answered:\n{}\n", fenced("ANSWER", answer))),
        None => text.push_str("There is no model that could be asked about it.\n"),
    }
    text
}

/// What is said of an attempt that worked: its reports, and, for the last one, what is wanted now.
fn worked(past: &Past, is_last: bool, purpose: Purpose) -> Option<String> {
    let Past::Attempt(attempt) = past else { return None };
    let mut text = match (&attempt.comparison, is_last, purpose) {
        (_, true, Purpose::Variant) => return Some(VARIANT.to_owned()),
        (Some(comparison), _, _) => IMPROVE.replace("{score}", &format!("{:.0}", 100.0 * comparison.score)),
        (None, _, _) => return Some("The script worked.".to_owned()),
    };
    if let Some(comparison) = &attempt.comparison {
        for (label, report) in [("CODE-REPORT", &comparison.code_report), ("PICTURE-REPORT", &comparison.visual_report)]
        {
            if !report.is_empty() {
                text.push_str(&format!("{}\n", fenced(label, &report.join("\n"))));
            }
        }
        if let Some(critique) =
            attempt.critique.as_ref().filter(|critique| !comparison.good && !critique.differences.is_empty())
        {
            text.push_str(&criticised(critique));
        }
    }
    Some(text)
}

/// What a model sees between the picture and what was drawn.
fn criticised(critique: &Critique) -> String {
    let each = critique.differences.iter().map(|difference| {
        let place = if difference.place.is_empty() { String::new() } else { format!(" ({})", difference.place) };
        format!("{}: {}{place}", difference.severity.as_str(), difference.what)
    });
    let report = fenced("CRITIC-REPORT", &each.collect::<Vec<_>>().join("\n"));
    format!(
        "Another model compared the two pictures and noted the following. It measured nothing and may be wrong: where it \
         contradicts the reports above, they count.\n{report}\n"
    )
}

/// Drops what is oldest in the middle of a conversation until it has at most `limit` bytes; the opening and the last
/// exchange stay.
pub fn pruned(mut messages: Vec<Message>, limit: usize) -> Vec<Message> {
    let size = |messages: &[Message]| -> usize { messages.iter().map(Message::text_bytes).sum() };
    while messages.len() > 3 && size(&messages) > limit {
        // An answer and what was said of it go together.
        messages.drain(1..3);
    }
    messages
}

/// What went wrong in an earlier turn; `None` for what did not fail.
pub fn failure(past: &Past) -> Option<String> {
    let attempt = match past {
        Past::Notes(_) | Past::Closer(_) => return None,
        Past::Unusable(reason) => return Some(format!("That answer could not be used: {reason}")),
        Past::Attempt(attempt) => attempt,
    };
    let findings = |text: &mut String| {
        if !attempt.findings.trim().is_empty() {
            text.push_str(&format!("\nFindings of the review:\n{}", fenced("FINDINGS", &attempt.findings)));
        }
    };
    let Some(run) = &attempt.run else {
        let mut text = "The review blocked this script; it was not run.".to_owned();
        findings(&mut text);
        return Some(text);
    };
    use common::execution::RunStatus;
    let mut text = match run.status {
        RunStatus::Ok => return None,
        RunStatus::Error => match run.exit_code {
            Some(code) => format!("The script failed with exit code {code}."),
            None => "The script crashed.".to_owned(),
        },
        RunStatus::Timeout => "The script was stopped: it ran longer than allowed. Make it much faster.".to_owned(),
        RunStatus::OutOfMemory => "The script was stopped: it needed more memory than the 2 GiB it has.".to_owned(),
        RunStatus::OutputLimit => {
            "The script was stopped: it wrote far too much output. Print and save less.".to_owned()
        }
        RunStatus::Killed => "The script was stopped from outside.".to_owned(),
    };
    if !run.stderr.trim().is_empty() {
        text.push_str(&format!("\nThe end of its error output:\n{}", fenced("ERRORS", &run.stderr)));
    }
    if !run.stdout.trim().is_empty() {
        text.push_str(&format!("\nThe end of its output:\n{}", fenced("OUTPUT", &run.stdout)));
    }
    findings(&mut text);
    Some(text)
}

#[cfg(test)]
mod tests;
