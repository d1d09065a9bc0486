//! The platform's own scripts for the sandbox: holding a result against its picture, and enlarging a part of a picture.
//! Which files they get, and which they leave. Pure.

use crate::doc::{Area, Attempt, Job, Measured, Run};
use common::execution::{OutputFile, RunStatus};
use common::picture;
use common::wire::{InvalidMessage, sandbox_v1};
use serde_json::json;

/// The enlarged part.
pub const CLOSER_IMAGE: &str = "closer.png";

/// Most outputs that are held against a picture: nine panels leave two tables each.
const MOST_OUTPUTS: usize = 32;

/// Largest output that is held against a picture, in bytes.
const MOST_BYTES: u64 = 32 << 20;

/// Most drawings that a model compares with their pictures.
const MOST_REDRAWN: usize = 4;

const MEASURE: &str = include_str!("measure/measure.py");
const CLOSER: &str = include_str!("measure/closer.py");

/// Media type of a figure's data, as the sandbox tells it.
const FIGURE: &str = "application/vnd.darkroom.figure+json";

/// Whether an attempt left anything that can be held against a picture: a figure, a picture, or data.
pub fn is_worth_it(attempt: &Attempt) -> bool {
    attempt.run.as_ref().is_some_and(|run| run.outputs.iter().any(|output| rank(output).is_some_and(|rank| rank < 3)))
}

/// Measures that are only taken of a drawing: where one of them is there, the attempt redrew its picture.
const OF_DRAWINGS: [&str; 5] = ["ticks", "labels", "legend", "structure", "colours"];

/// Blob keys of the pictures that redraw the originals; none where the result is no drawing or was not measured.
pub fn redrawn(attempt: &Attempt) -> Vec<String> {
    let measures = attempt.comparison.iter().flat_map(|comparison| &comparison.measures);
    if !measures.into_iter().any(|measure| OF_DRAWINGS.contains(&measure.name.as_str())) {
        return Vec::new();
    }
    let outputs = attempt.run.iter().flat_map(|run| &run.outputs);
    let pictures = outputs.filter(|output| output.media_type == "image/png" && output.bytes <= MOST_BYTES);
    pictures.take(MOST_REDRAWN).map(|output| output.path.clone()).collect()
}

/// What is taken first; nothing for what cannot be measured.
fn rank(output: &OutputFile) -> Option<u8> {
    let rank = match output.media_type.as_str() {
        FIGURE => 0,
        "image/png" | "image/jpeg" => 1,
        "text/csv" => 2,
        "application/json" | "text/plain" | "text/markdown" => 3,
        _ => return None,
    };
    (output.bytes <= MOST_BYTES).then_some(rank)
}

/// Outputs in the order in which they are taken, with the names they get in the room.
fn taken(run: &Run) -> Vec<(&OutputFile, String)> {
    let mut outputs: Vec<(u8, &OutputFile)> =
        run.outputs.iter().filter_map(|output| Some((rank(output)?, output))).collect();
    outputs.sort_by_key(|(rank, _)| *rank);
    outputs.truncate(MOST_OUTPUTS);
    let named = outputs.into_iter().enumerate();
    named.map(|(index, (_, output))| (output, format!("output_{}", index + 1))).collect()
}

/// The script that holds the last attempt's outputs against a picture, and its input files.
///
/// # Errors
/// The job has no such picture, nothing was seen of it, or nothing has run.
pub fn of_outputs(job: &Job, picture: usize) -> Result<(String, Vec<sandbox_v1::Input>), InvalidMessage> {
    let attempt = job.attempts().next_back().ok_or_else(|| InvalidMessage::field("code"))?;
    let run = attempt.run.as_ref().ok_or_else(|| InvalidMessage::field("run"))?;
    let taken = taken(run);
    let named = taken
        .iter()
        .map(|(output, file)| json!({ "name": output.name, "file": file, "media_type": output.media_type }));
    let what = json!({
        "picture": "image.png", "evidence": "evidence.json", "index": picture, "count": job.pictures.len(),
        "outputs": named.collect::<Vec<_>>(),
    });
    let mut inputs = picture_inputs(job, picture)?;
    for (output, file) in &taken {
        inputs.push(sandbox_v1::Input { name: file.clone(), blob_key: output.path.clone() });
    }
    Ok((with(MEASURE, &what), inputs))
}

/// The script that enlarges and reads a part of a picture, and its input files.
///
/// # Errors
/// The job has no such picture, or nothing was seen of it.
pub fn of_area(job: &Job, picture: usize, area: Area) -> Result<(String, Vec<sandbox_v1::Input>), InvalidMessage> {
    let what = json!([area.left, area.top, area.width, area.height]);
    let mut inputs = picture_inputs(job, picture)?;
    // Whoever asks for a part knows places from the evidence.
    if let Some(prepared) = job.seen.get(picture).and_then(Option::as_ref).and_then(|seen| seen.prepared.as_ref()) {
        inputs.push(sandbox_v1::Input { name: picture::prepared_name(0, 1), blob_key: prepared.blob_key.clone() });
    }
    Ok((with(CLOSER, &what), inputs))
}

/// The picture and what was seen of it, under the names they have when a job has one picture.
fn picture_inputs(job: &Job, picture: usize) -> Result<Vec<sandbox_v1::Input>, InvalidMessage> {
    let image = job.pictures.get(picture).ok_or_else(|| InvalidMessage::field("picture"))?;
    let seen = job.seen.get(picture).and_then(Option::as_ref).ok_or_else(|| InvalidMessage::field("seen"))?;
    Ok(vec![
        sandbox_v1::Input { name: picture::input_name(0, 1), blob_key: image.blob_key.clone() },
        sandbox_v1::Input { name: picture::evidence_name(0, 1), blob_key: seen.evidence_key.clone() },
    ])
}

/// Puts data into a script as a Python string that holds JSON: names from outside cannot become code.
fn with(script: &str, what: &serde_json::Value) -> String {
    // A JSON string is a Python string as well, once its few characters outside ASCII are escaped.
    let text = serde_json::Value::String(what.to_string()).to_string();
    script.replace("\"WHAT\"", &ascii(&text))
}

fn ascii(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() && c != '\u{7f}' {
            safe.push(c);
        } else {
            safe.push_str(&format!("\\U{:08x}", u32::from(c)));
        }
    }
    safe
}

/// What a finished measuring left; nothing where it did not come to its end.
pub fn files(picture: usize, run: &Run) -> Option<Measured> {
    let named = |name: &str| run.outputs.iter().find(|output| output.name == name).cloned();
    if run.status != RunStatus::Ok {
        return None;
    }
    Some(Measured {
        picture,
        measure_key: named("measure.json")?.path,
        overlay_png: named("overlay.png"),
        overlay_json: named("overlay.json"),
    })
}

/// What is delivered of an attempt: its outputs with their descriptions, then the platform's overlays under names that
/// no output has.
pub fn deliveries(attempt: &Attempt, pictures: usize) -> Vec<OutputFile> {
    let mut delivered: Vec<OutputFile> = attempt.run.as_ref().map(|run| run.outputs.clone()).unwrap_or_default();
    if let Some(comparison) = &attempt.comparison {
        for output in &mut delivered {
            output.alt = comparison.alt_texts.get(&output.name).cloned();
        }
    }
    for measured in &attempt.measured {
        for overlay in [&measured.overlay_png, &measured.overlay_json].into_iter().flatten() {
            let name = overlay_name(attempt, pictures, measured.picture, &overlay.name);
            let alt = (overlay.media_type == "image/png")
                .then(|| "The uploaded picture with every value that was read marked in its place.".to_owned());
            delivered.push(OutputFile { name, alt, ..overlay.clone() });
        }
    }
    delivered
}

/// The name under which an overlay is delivered.
pub fn overlay_name(attempt: &Attempt, pictures: usize, picture: usize, name: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let base = if pictures == 1 { stem.to_owned() } else { format!("{stem}_{}", picture + 1) };
    let outputs = attempt.run.as_ref().map(|run| run.outputs.as_slice()).unwrap_or_default();
    let free = |wanted: &String| outputs.iter().all(|output| output.name != *wanted);
    // Code may leave files with any name, but not with all of them.
    let names = (0..=outputs.len()).map(|n| match n {
        0 => format!("{base}.{extension}"),
        n => format!("{base} ({}).{extension}", n + 1),
    });
    names.into_iter().find(free).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests;
