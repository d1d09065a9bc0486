//! Live progress of one job on standard error: a moving line on a terminal, plain lines otherwise.

use crate::printable::{one_line, printable};
use serde_json::Value;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Prints events as they come.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    moving: bool,
    /// The code and streams are shown too, not only one line a step.
    full: bool,
    doing: Option<(String, Instant)>,
}

impl Progress {
    /// Progress that begins now. `full` shows the code, the findings and the streams as well.
    pub fn new(full: bool) -> Self {
        Self { started: Instant::now(), moving: std::io::stderr().is_terminal(), full, doing: None }
    }

    /// How often [`Progress::tick`] wants to be called.
    pub const TICK: Duration = Duration::from_millis(120);

    /// A line outside the story of the job.
    pub fn note(&mut self, text: &str) {
        self.line(&one_line(text, 400));
    }

    /// Moves the moving line on.
    pub fn tick(&mut self) {
        if let (true, Some((what, since))) = (self.moving, &self.doing) {
            let marks = ['|', '/', '-', '\\'];
            let mark = marks[usize::try_from(self.started.elapsed().as_millis() / 120).unwrap_or(0) % marks.len()];
            eprint!("\r\u{1b}[2K {mark} {what} {:.1} s", since.elapsed().as_secs_f64());
            let _closed = std::io::stderr().flush();
        }
    }

    /// Tells an event of the job.
    pub fn event(&mut self, kind: &str, data: &Value) {
        match kind {
            "step_started" | "step_repeated" => {
                let what = match data["kind"].as_str().unwrap_or_default() {
                    "look" => "looking at the picture",
                    "think" => "thinking",
                    "review" => "reviewing the code",
                    _ => "running the code in the sandbox",
                };
                self.doing = Some((what.to_owned(), Instant::now()));
                self.tick();
            }
            "step_finished" => {
                let seconds = data["duration_ms"].as_f64().unwrap_or(0.0) / 1000.0;
                let (headline, body) = told(data["kind"].as_str().unwrap_or_default(), &data["detail"]);
                self.doing = None;
                self.line(&format!("{:>7.2} s  {headline}", seconds));
                if self.full {
                    self.body(&body);
                }
            }
            "job_finished" => self.clear(),
            _ => {}
        }
    }

    fn clear(&mut self) {
        self.doing = None;
        if self.moving {
            eprint!("\r\u{1b}[2K");
        }
    }

    fn line(&self, text: &str) {
        let clear = if self.moving { "\r\u{1b}[2K" } else { "" };
        eprintln!("{clear}{text}");
    }

    fn body(&self, text: &str) {
        for line in printable(text).trim_end().lines() {
            self.line(&format!("           | {line}"));
        }
    }
}

/// One line for what came of a step, and the text that belongs to it.
fn told(kind: &str, detail: &Value) -> (String, String) {
    if let Some(error) = detail["error"]["detail"].as_str() {
        return (format!("{kind} failed: {}", one_line(error, 300)), String::new());
    }
    let text = |key: &str| detail[key].as_str().unwrap_or_default();
    match kind {
        "look" => {
            let sure = detail["confidence"].as_f64().unwrap_or(0.0) * 100.0;
            let title = if text("title").is_empty() {
                String::new()
            } else {
                format!(", title \"{}\"", one_line(text("title"), 120))
            };
            (format!("seen: {} ({sure:.0}% sure){title}", text("image_kind")), String::new())
        }
        "think" => match text("action") {
            "write_code" => (
                format!("code by {}: {}", one_line(text("model"), 60), one_line(text("explanation"), 300)),
                text("code").to_owned(),
            ),
            "vision_notes" => (format!("looked at by {}", one_line(text("model"), 60)), text("text").to_owned()),
            "look_closer" => (format!("wants to look closer: {}", one_line(text("question"), 300)), String::new()),
            "unusable" => (format!("answer not usable: {}", one_line(text("reason"), 300)), String::new()),
            _ => (format!("summed up by {}", one_line(text("model"), 60)), String::new()),
        },
        "review" => {
            let findings = detail["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
            let lines: Vec<String> = findings
                .iter()
                .map(|finding| {
                    let part = |key: &str| finding[key].as_str().unwrap_or_default();
                    format!("line {}: {} {}: {}", finding["line"], part("tool"), part("rule"), part("message"))
                })
                .collect();
            (
                format!("review by ruff, bandit and policy: {} ({} findings)", text("verdict"), findings.len()),
                lines.join("\n"),
            )
        }
        "closer" => ("a part of the picture enlarged".to_owned(), text("read").to_owned()),
        "measure" => ("result held against the picture".to_owned(), String::new()),
        "compare" => compared(detail),
        _ => {
            let outputs = detail["outputs"].as_array().map(Vec::as_slice).unwrap_or_default();
            let names: Vec<&str> = outputs.iter().filter_map(|output| output["name"].as_str()).collect();
            let left = if names.is_empty() { "no files".to_owned() } else { one_line(&names.join(", "), 300) };
            let streams = [text("stdout"), text("stderr")].join("\n");
            (format!("run in the sandbox: {}, left {left}", text("status")), streams.trim().to_owned())
        }
    }
}

/// A score with its measures, and what should be better.
fn compared(detail: &Value) -> (String, String) {
    let list = |key: &str| detail[key].as_array().map(Vec::as_slice).unwrap_or_default();
    let percent = |value: &Value| format!("{:.0}%", 100.0 * value.as_f64().unwrap_or_default());
    let each: Vec<String> = list("measures")
        .iter()
        .map(|measure| format!("{} {}", measure["name"].as_str().unwrap_or_default(), percent(&measure["value"])))
        .collect();
    if each.is_empty() {
        return ("nothing to measure in this result".to_owned(), String::new());
    }
    let reports: Vec<&str> =
        list("code_report").iter().chain(list("visual_report")).filter_map(Value::as_str).collect();
    (format!("fits the picture to {} ({})", percent(&detail["score"]), each.join(", ")), reports.join("\n"))
}
