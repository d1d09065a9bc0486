//! The `builtin` model: Python written by rules, for whoever has no model at hand.
//!
//! It owns the way from the look script's evidence to a readable script: choose a
//! reader for the kind of picture, fill in the picture's constants, join the
//! templates. It runs inside a turn of the agent, does no I/O, knows no clock and
//! is deterministic: the same evidence, prompt and failures give the same code.
//! It does not understand pictures or wishes beyond its rules, and says so.

mod assemble;
mod choose;
mod constants;
mod evidence;
mod intent;
mod literal;
mod style;
mod summary;
#[cfg(test)]
mod tests;

use assemble::Step;
use choose::{Choice, Reader, choose};
use common::execution::MAX_JOB_CODE_BYTES;
use evidence::Evidence;
use serde_json::Value;

pub use summary::summarise;

/// Where the jail lets a script write.
const OUT: &str = "/box/out/";

/// A picture in the jail and what the look script found in it.
pub struct Picture<'a> {
    /// Such as `/box/in/image.png`.
    pub image_path: &'a str,
    /// Such as `/box/in/evidence.json`.
    pub evidence_path: &'a str,
    /// The look script's JSON; anything malformed in it is treated as missing.
    pub evidence: &'a Value,
}

/// Code for the pictures at hand plus one or two plain sentences of what it will do.
pub struct Draft {
    /// A complete Python script.
    pub code: String,
    /// For the person, before the run.
    pub explanation: String,
}

/// Writes one script for all pictures. `failures` are the observations of earlier
/// attempts; each makes the choice one step simpler, down to a plain description.
pub fn write_code(pictures: &[Picture<'_>], prompt: &str, failures: &[String]) -> Draft {
    let mut choices: Vec<(Evidence, Choice)> = choices(pictures, prompt, failures.len());
    let style = style::style(prompt);
    let mut code = script(pictures, &choices, style);
    // Many pictures of many kinds need more code than a job may have: the last ones are described instead.
    while code.len() > MAX_JOB_CODE_BYTES {
        let last = choices.iter_mut().rev().find(|(_, choice)| choice.reader != Reader::Describe);
        let Some((_, choice)) = last else { break };
        *choice =
            Choice { reader: Reader::Describe, reason: Some("A script for all these pictures would be too long.") };
        code = script(pictures, &choices, style);
    }
    Draft { code, explanation: summary::explain(&choices, failures.len()) }
}

fn script(pictures: &[Picture<'_>], choices: &[(Evidence, Choice)], style: style::Style) -> String {
    let steps: Vec<Step> = pictures
        .iter()
        .zip(choices)
        .enumerate()
        .map(|(index, (picture, (evidence, choice)))| {
            let out = if pictures.len() == 1 { OUT.to_owned() } else { format!("{OUT}image_{}_", index + 1) };
            let constants = constants::of(picture, evidence, choice, &out, style);
            let is_prepared = constants::measured(evidence, choice.reader).is_some();
            let panels = match choice.reader {
                Reader::Panels => {
                    evidence.panels.iter().filter_map(|panel| choose::panel_reader(&panel.evidence).ok()).collect()
                }
                _ => vec![],
            };
            Step { reader: choice.reader, constants, panels, is_prepared }
        })
        .collect();
    if steps.is_empty() {
        return "\"\"\"Nothing to read: the job has no picture.\"\"\"\n\n\
                print(\"There is no picture to read.\")\n"
            .to_owned();
    }
    assemble::script(&steps)
}

/// A script that reads the numbers of an earlier result again by corrected axes: it takes the places where the values
/// were found from `/box/in/overlay.json` and the axes from `/box/in/evidence.json`, and looks at no pixel.
pub fn recalibrate() -> Draft {
    Draft {
        code: include_str!("templates/recalibrate.py").to_owned(),
        explanation: "The values keep their places on the picture and are read again by the corrected axes.".to_owned(),
    }
}

/// What was understood of each picture, and the reader chosen for it.
fn choices(pictures: &[Picture<'_>], prompt: &str, failures: usize) -> Vec<(Evidence, Choice)> {
    let wish = intent::wish(prompt);
    pictures
        .iter()
        .map(|picture| {
            let evidence = Evidence::read(picture.evidence);
            let choice = choose(&evidence, wish, failures);
            (evidence, choice)
        })
        .collect()
}
