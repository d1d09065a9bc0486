//! What the platform's script measured, as far as it is scored: `measure.json` and `overlay.json`. What is missing there is
//! missing here; a field of another shape makes the whole unreadable.

use serde::Deserialize;
use std::collections::BTreeMap;

/// One picture, measured.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Measured {
    /// Kind of the picture.
    pub input_kind: String,
    /// Output that was held against it.
    pub output: Option<String>,
    /// What the output shows.
    pub redraw: Option<Shown>,
    /// What the picture shows.
    pub wanted: Option<Shown>,
    /// Likeness of the pixels.
    pub pixels: Option<Pixels>,
    /// How the values lie on the picture.
    pub values: Option<Values>,
    /// What colour-blind people or those with weak eyes would miss, in sentences.
    pub accessibility: Vec<String>,
    /// Descriptions of output pictures.
    pub alt_texts: BTreeMap<String, String>,
    /// What could not be measured, and what no value explains, in sentences.
    pub notes: Vec<String>,
}

/// What a chart shows in words.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    /// Such as `bar`.
    pub kind: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Labels of its axes.
    pub labels: Labels,
    /// Texts of the ticks.
    pub ticks: Ticks,
    /// Names in the legend.
    pub legend: Vec<String>,
}

/// Labels of the axes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Labels {
    /// Of the x axis.
    pub x: Option<String>,
    /// Of the y axis.
    pub y: Option<String>,
}

/// Texts of the ticks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Ticks {
    /// Of the x axis.
    pub x: Vec<String>,
    /// Of the y axis.
    pub y: Vec<String>,
}

/// Likeness of the pixels, each 0 to 1.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Pixels {
    /// Structural similarity (Wang et al. 2004) in grey at 512 pixels width.
    pub ssim: Option<f64>,
    /// Cosine between the histograms of colours, without the background.
    pub colour_cosine: Option<f64>,
}

/// How the values lie on the picture.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Values {
    /// Delivered.
    pub total: u32,
    /// Found where they should be.
    pub trusted: u32,
    /// Seen on the picture, but not delivered.
    pub missing: u32,
    /// Middle distance in pixels.
    pub median_residual_px: Option<f64>,
}

/// The values with what is doubtful of each.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Overlay {
    /// All values.
    pub values: Vec<Value>,
}

/// One value.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Value {
    /// Its series; empty where there is one only.
    pub series: Option<String>,
    /// Its category or x, as it was delivered: text or number.
    pub at: serde_json::Value,
    /// Whether it was found where it should be.
    pub trusted: bool,
    /// Why not.
    pub why: String,
}
