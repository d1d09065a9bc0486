//! What came of holding a result against the picture it was read from: numbers, not opinion.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One thing that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Measure {
    /// Its name: `kind`, `values`, `ticks`, `labels`, `legend`, `text`, `structure` (likeness of shapes), `colours`.
    pub name: String,
    /// 0 to 1.
    pub value: f64,
    /// From where on it is good, 0 to 1.
    pub aim: f64,
    /// What was found, in a sentence; empty where the number says it all.
    pub note: String,
}

/// How the values read from one picture lie on it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PictureValues {
    /// Which picture, from 0.
    pub picture: u32,
    /// Values delivered.
    pub total: u32,
    /// Of these, how many were found on the picture where they should be.
    pub trusted: u32,
    /// Middle distance between a value's place and the ink there, in pixels of the picture.
    pub median_residual_px: Option<f64>,
}

/// A result held against its pictures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Comparison {
    /// 0 to 1: how much of the picture the result shows.
    pub score: f64,
    /// True when there is nothing that another attempt should repair.
    pub good: bool,
    /// What was measured.
    pub measures: Vec<Measure>,
    /// What the code should do better, in sentences.
    pub code_report: Vec<String>,
    /// What the result should show otherwise, in sentences.
    pub visual_report: Vec<String>,
    /// How the values lie on the pictures.
    pub values: Vec<PictureValues>,
    /// Descriptions of output pictures for those who cannot see them, by the output's name.
    pub alt_texts: BTreeMap<String, String>,
}

/// Most differences that a model reports between the pictures and what was drawn.
pub const MOST_DIFFERENCES: usize = 8;

/// How bad a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceSeverity {
    /// Neither of the others.
    Minor,
    /// Something is missing or hard to read.
    Major,
    /// The picture says something false.
    Critical,
}

impl DifferenceSeverity {
    /// All, from the least.
    pub const ALL: [Self; 3] = [Self::Minor, Self::Major, Self::Critical];

    /// The stable text, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// A difference between the pictures and what was drawn, as a model says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Difference {
    /// What differs, in a sentence.
    pub what: String,
    /// Where in the picture; may be empty.
    #[serde(rename = "where")]
    pub place: String,
    /// How bad it is.
    pub severity: DifferenceSeverity,
}

/// How a vision model says that what was drawn differs from the pictures: an opinion beside what is measured, which never
/// decides what is delivered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Critique {
    /// Who said it.
    pub model: String,
    /// The differences, worst first, at most 8; none where the pictures agree.
    pub differences: Vec<Difference>,
}

/// One attempt whose result was measured, as the report shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Round {
    /// Which attempt at code, from 1.
    pub attempt: u32,
    /// 0 to 1: how much of the picture the result shows.
    pub score: f64,
    /// True when nothing was left to repair.
    pub good: bool,
    /// What was measured.
    pub measures: Vec<Measure>,
    /// What the code should do better.
    pub code_report: Vec<String>,
    /// What the result should show otherwise.
    pub visual_report: Vec<String>,
    /// What a vision model saw between the picture and what was drawn; absent where none was asked or none answered.
    pub critique: Option<Critique>,
    /// True for the attempt whose result is delivered.
    pub delivered: bool,
}

/// Proof for one picture: the values that were read, drawn back onto it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Proof {
    /// Which picture, from 0.
    pub picture: u32,
    /// How the values lie on it; absent where there are none.
    pub values: Option<PictureValues>,
    /// Name of the output that shows them on the picture.
    pub overlay_png: Option<String>,
    /// Name of the output that lists them with their places, residuals and the axes they were read by.
    pub overlay_json: Option<String>,
}
