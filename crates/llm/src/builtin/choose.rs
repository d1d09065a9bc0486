//! Which reader fits a picture: the kind the look script named, what the person
//! asked for, whether the evidence is enough for it, and what has failed before.

use super::evidence::{Axes, Axis, Evidence};
use super::intent::Wish;

/// One way of reading a picture; each has its own Python template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Table,
    /// The table without workbook and chart: fewer things that can go wrong.
    PlainTable,
    Bar,
    Line,
    Scatter,
    Pie,
    /// Several charts in one picture, each by its own reader.
    Panels,
    /// Boxes and arrows, drawn again.
    Diagram,
    Text,
    /// Flatten, threshold, split with a watershed, count.
    Objects,
    /// One threshold, no splitting.
    PlainObjects,
    /// Describe, and count where separate objects are plain to see.
    Photo,
    Describe,
}

impl Reader {
    /// The next simpler thing to try after a failure.
    fn simpler(self) -> Self {
        match self {
            Self::Table => Self::PlainTable,
            Self::Objects => Self::PlainObjects,
            _ => Self::Describe,
        }
    }

    /// What a person calls it, to follow "a" or "as".
    pub fn noun(self) -> &'static str {
        match self {
            Self::Table | Self::PlainTable => "table",
            Self::Bar => "bar chart",
            Self::Line => "line chart",
            Self::Scatter => "scatter plot",
            Self::Pie => "pie chart",
            Self::Panels => "picture of several charts",
            Self::Diagram => "diagram",
            Self::Text => "page of text",
            Self::Objects | Self::PlainObjects => "picture of objects to count",
            Self::Photo => "photo",
            Self::Describe => "picture to describe",
        }
    }
}

/// A reader, and why it is not the one the picture's kind would call for.
pub struct Choice {
    pub reader: Reader,
    /// A sentence of our own making, never text from the picture.
    pub reason: Option<&'static str>,
}

/// Chooses deterministically from evidence, wish and number of failures so far.
pub fn choose(evidence: &Evidence, wish: Wish, failures: usize) -> Choice {
    let (mut reader, mut reason) = by_kind(evidence, wish);
    for _ in 0..failures.min(3) {
        if reader != Reader::Describe {
            reader = reader.simpler();
            reason = Some("An earlier, more ambitious script failed on this picture.");
        }
    }
    Choice { reader, reason }
}

fn by_kind(evidence: &Evidence, wish: Wish) -> (Reader, Option<&'static str>) {
    let has_text = !evidence.words.is_empty();
    let is_chart = matches!(evidence.kind.as_str(), "bar" | "line" | "scatter" | "pie");
    if !is_chart {
        match wish {
            Wish::Table if evidence.has_table => return (Reader::Table, None),
            Wish::Text if has_text => return (Reader::Text, None),
            Wish::Read if has_text && !matches!(evidence.kind.as_str(), "photo" | "table" | "panels" | "diagram") => {
                return (Reader::Text, None);
            }
            Wish::Count if !matches!(evidence.kind.as_str(), "table" | "text" | "panels" | "diagram") => {
                return (Reader::Objects, None);
            }
            _ => {}
        }
    }
    match evidence.kind.as_str() {
        "table" if evidence.has_table => (Reader::Table, None),
        "table" if has_text => (Reader::Text, Some("It looks like a table, but no cells could be told apart.")),
        "bar" => chart(Reader::Bar, bars_lack(evidence)),
        "line" => chart(Reader::Line, line_lacks(evidence.axes.as_ref())),
        "scatter" => chart(Reader::Scatter, scatter_lacks(evidence.axes.as_ref())),
        "pie" => (Reader::Pie, None),
        "panels" if evidence.panels.iter().any(|panel| panel_reader(&panel.evidence).is_ok()) => (Reader::Panels, None),
        "panels" => (Reader::Describe, Some("It shows several charts, but none of them could be measured.")),
        "diagram" if evidence.has_diagram => (Reader::Diagram, None),
        "text" if has_text => (Reader::Text, None),
        "photo" | "other" => (Reader::Photo, None),
        _ => (Reader::Describe, None),
    }
}

/// The reader of one chart among several, or why there is none.
pub fn panel_reader(evidence: &Evidence) -> Result<Reader, &'static str> {
    match by_kind(evidence, Wish::Nothing) {
        (reader @ (Reader::Bar | Reader::Line | Reader::Scatter | Reader::Pie), None) => Ok(reader),
        (_, Some(reason)) => Err(reason),
        _ => Err("It is no chart that can be measured, so nothing was read from it."),
    }
}

fn chart(reader: Reader, lacking: Option<&'static str>) -> (Reader, Option<&'static str>) {
    lacking.map_or((reader, None), |reason| (Reader::Describe, Some(reason)))
}

const NO_FRAME: &str = "It looks like a chart, but its plotting area could not be found.";

fn bars_lack(evidence: &Evidence) -> Option<&'static str> {
    let Some(axes) = &evidence.axes else { return Some(NO_FRAME) };
    let calibrated = axes.x.fit.is_some() || axes.y.fit.is_some();
    (!calibrated).then_some("It looks like a bar chart, but no axis could be calibrated, so lengths have no values.")
}

fn line_lacks(axes: Option<&Axes>) -> Option<&'static str> {
    let Some(axes) = axes else { return Some(NO_FRAME) };
    let readable = axes.y.fit.is_some() && (axes.x.fit.is_some() || labelled(&axes.x) > 1);
    (!readable).then_some("It looks like a line chart, but its axes could not be calibrated.")
}

fn scatter_lacks(axes: Option<&Axes>) -> Option<&'static str> {
    let Some(axes) = axes else { return Some(NO_FRAME) };
    let readable = axes.x.fit.is_some() && axes.y.fit.is_some();
    (!readable).then_some("It looks like a scatter plot, but its axes could not be calibrated.")
}

fn labelled(axis: &Axis) -> usize {
    axis.ticks.iter().filter(|tick| !tick.text.is_empty()).count()
}
