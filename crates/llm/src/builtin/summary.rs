//! What the person reads: plain sentences before the run (`explain`) and after it
//! (`summarise`). Both say that rules, not understanding, produced the result.

use super::choose::{Choice, Reader};
use super::evidence::Evidence;
use super::intent::{Wish, wish};
use super::style::style;
use super::{Picture, choices};

/// The run's own sentences are quoted up to here, in characters.
const LONGEST_STDOUT: usize = 2500;
/// More file names than this would be a list, not a sentence.
const MOST_NAMES: usize = 8;
/// The look script's doubts that are passed on.
const MOST_NOTES: usize = 5;

/// One or two sentences about a script that is about to run.
pub fn explain(choices: &[(Evidence, Choice)], failures: usize) -> String {
    let [(evidence, choice)] = choices else {
        let nouns: Vec<&str> = choices.iter().map(|(_, choice)| choice.reader.noun()).collect();
        return if nouns.is_empty() {
            "There is no picture to read.".to_owned()
        } else {
            format!("By fixed rules, I take the {} pictures as: {}.", nouns.len(), nouns.join(", "))
        };
    };
    let plan = plan(choice.reader);
    let seen = match choice.reader {
        Reader::Describe => choice.reason.unwrap_or("No reader of mine fits this picture.").to_owned(),
        reader => {
            let doubt = if evidence.confidence < 0.6 { ", though not surely" } else { "" };
            format!("By fixed rules, I take this as a {}{doubt}.", reader.noun())
        }
    };
    let again = if failures > 0 { "After the failed attempt I choose a simpler way. " } else { "" };
    format!("{again}{seen} The script {plan}.")
}

fn plan(reader: Reader) -> &'static str {
    match reader {
        Reader::Table => "writes the cells as printed to CSV and Excel and charts the numbers",
        Reader::PlainTable => "writes the cells as printed to CSV",
        Reader::Bar => "finds the bars by colour, measures them against the axis and redraws them",
        Reader::Line => "traces each line by colour, reads it against the axes and redraws it",
        Reader::Scatter => "finds the markers, reads them against the axes and redraws them",
        Reader::Pie => "measures the wedges by colour and redraws the shares",
        Reader::Panels => "reads each chart on its own and redraws all of them in their places",
        Reader::Diagram => "draws the boxes, arrows and texts again, straightened, and lists what is joined to what",
        Reader::Text => "puts the recognised text into reading order",
        Reader::Objects => "separates the objects from the ground, splits touching ones and counts",
        Reader::PlainObjects => "separates objects from the ground with one threshold and counts",
        Reader::Photo => "describes colours and brightness, and counts objects only if they stand apart",
        Reader::Describe => "describes what can be measured: size, colours, brightness, text",
    }
}

/// What the person reads at the end: what the run itself said, and an honest note on
/// what rules could not do with the request.
pub fn summarise(pictures: &[Picture<'_>], prompt: &str, stdout: &str, outputs: &[String]) -> String {
    let said = cleaned(stdout);
    let result = if said.is_empty() {
        match outputs {
            [] => "The run ended without a result.".to_owned(),
            names => format!("The run wrote {}.", name_list(names)),
        }
    } else {
        said
    };
    let choices = choices(pictures, prompt, 0);
    let notes: Vec<String> = choices
        .iter()
        .flat_map(|(evidence, _)| &evidence.notes)
        .take(MOST_NOTES)
        .map(|note| format!("\n- {}", cleaned(note)))
        .collect();
    let doubts = match notes.as_slice() {
        [] => String::new(),
        notes => format!("\n\nWhat was uncertain in reading the picture:{}", notes.concat()),
    };
    let kinds: Vec<String> = choices.iter().map(|(evidence, choice)| kind_noun(evidence, choice)).collect();
    let taken = match kinds.as_slice() {
        [] => String::new(),
        [kind] => format!(" and took the picture as a {kind}"),
        kinds => format!(" and took the pictures as: {}", kinds.join(", ")),
    };
    let readers: Vec<Reader> = choices.iter().map(|(_, choice)| choice.reader).collect();
    let limits = match (prompt.trim().is_empty(), understood(prompt, &readers)) {
        (true, _) => "No language model looked at it.".to_owned(),
        (false, wishes) if wishes.is_empty() => format!(
            "No language model looked at it, and nothing in your request is a wish that rules know. {KNOWN_WISHES}"
        ),
        (false, wishes) => format!(
            "No language model looked at it; of your request rules understood: {}. {KNOWN_WISHES}",
            wishes.join(", ")
        ),
    };
    format!(
        "{result}{doubts}\n\nThis was made by the built-in rule-based model: it chose a ready reader{taken}. {limits}"
    )
}

const KNOWN_WISHES: &str = "They know wishes to count, to read and for a table, and with charts for a range, a \
    logarithmic axis or a colour; everything else was left alone.";

/// The wishes in a request that these readers know. Whether the picture let them be followed the run itself says.
fn understood(prompt: &str, readers: &[Reader]) -> Vec<String> {
    let any = |of: fn(Reader) -> bool| readers.iter().copied().any(of);
    let is_chart = |reader| matches!(reader, Reader::Bar | Reader::Line | Reader::Scatter);
    let has_values =
        |reader| matches!(reader, Reader::Bar | Reader::Line | Reader::Scatter | Reader::Pie | Reader::Panels);
    let mut wishes = Vec::new();
    match wish(prompt) {
        Wish::Count if any(|reader| matches!(reader, Reader::Objects | Reader::PlainObjects | Reader::Diagram)) => {
            wishes.push("to count".to_owned())
        }
        Wish::Table if any(has_values) || any(|reader| matches!(reader, Reader::Table | Reader::PlainTable)) => {
            wishes.push("a table".to_owned())
        }
        Wish::Text | Wish::Read if any(|reader| reader == Reader::Text) => wishes.push("to read the text".to_owned()),
        Wish::Read if any(has_values) || any(|reader| matches!(reader, Reader::Table | Reader::PlainTable)) => {
            wishes.push("to read the values".to_owned())
        }
        _ => {}
    }
    if any(is_chart) {
        let style = style(prompt);
        wishes.extend(style.log.map(|log| if log { "a logarithmic axis" } else { "a linear axis" }.to_owned()));
        wishes.extend(style.colour.map(|_| "a colour".to_owned()));
        wishes.extend(style.from.map(|from| format!("from {from} on")));
        wishes.extend(style.to.map(|to| format!("up to {to}")));
    }
    wishes
}

fn kind_noun(evidence: &Evidence, choice: &Choice) -> String {
    match (choice.reader, evidence.kind.as_str()) {
        (Reader::Describe, "bar" | "line" | "scatter" | "pie") => {
            format!("{} chart it cannot measure", evidence.kind)
        }
        (reader, _) => reader.noun().to_owned(),
    }
}

/// The run's output as text: control characters dropped, bounded.
fn cleaned(stdout: &str) -> String {
    let clean: String = stdout.chars().filter(|c| *c == '\n' || !c.is_control()).collect::<String>();
    let clean = clean.trim();
    let mut said: String = clean.chars().take(LONGEST_STDOUT).collect();
    if said.len() < clean.len() {
        said.push('…');
    }
    said
}

fn name_list(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(MOST_NAMES).map(String::as_str).collect();
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
