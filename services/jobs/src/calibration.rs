//! Correcting how an axis is read: points that a person placed become the axis of the evidence. Pure.

use common::{ErrorCode, Failure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Most points on one axis.
const MOST_POINTS: usize = 32;

/// A place on an axis and what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AxisPoint {
    /// Along the axis in pixels of the picture: from the left for x, from the top for y; 0 is the middle of the first pixel.
    pub pixel: f64,
    /// The value there.
    pub value: f64,
}

/// Body of `PATCH /api/v1/jobs/{id}/calibration`. An axis without points stays as it was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Calibration {
    /// Which picture of the job, from 0.
    pub picture: usize,
    /// Points on the x axis: none, or 2 to 32.
    #[schema(max_items = 32)]
    pub x: Vec<AxisPoint>,
    /// Points on the y axis: none, or 2 to 32.
    #[schema(max_items = 32)]
    pub y: Vec<AxisPoint>,
    /// `linear` or `log`; left out: as it was read.
    pub x_scale: Option<AxisScale>,
    /// `linear` or `log`; left out: as it was read.
    pub y_scale: Option<AxisScale>,
}

/// How values run along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AxisScale {
    /// Evenly.
    Linear,
    /// By powers of ten.
    Log,
}

/// The evidence as it is with the corrected axes.
///
/// # Errors
/// `invalid_field`: no axis was corrected, its points do not make an axis, or none was found in the picture.
pub fn correct(mut evidence: Value, correction: &Calibration) -> Result<Value, Failure> {
    if correction.x.is_empty() && correction.y.is_empty() {
        return Err(invalid("Give at least two points for 'x' or for 'y'."));
    }
    let axes = evidence.get_mut("axes").and_then(Value::as_object_mut);
    let axes = axes.ok_or_else(|| invalid("No axes were found in this picture, so there are none to correct."))?;
    for (name, points, scale) in [("x", &correction.x, correction.x_scale), ("y", &correction.y, correction.y_scale)] {
        if points.is_empty() {
            continue;
        }
        let axis = axes.get_mut(name).and_then(Value::as_object_mut);
        let axis = axis.ok_or_else(|| invalid(format!("No {name} axis was found in this picture.")))?;
        let scale = scale.unwrap_or(match axis.get("scale").and_then(Value::as_str) {
            Some("log") => AxisScale::Log,
            _ => AxisScale::Linear,
        });
        let (slope, intercept, residual) = fit(name, points, scale)?;
        let ticks: Vec<Value> = points
            .iter()
            .map(|point| {
                json!({
                    "text": point.value.to_string(), "value": point.value, "pixel": point.pixel,
                    "confidence": 1.0, "marked": true,
                })
            })
            .collect();
        axis.insert("scale".into(), json!(scale));
        axis.insert("ticks".into(), json!(ticks));
        axis.insert("fit".into(), json!({ "slope": slope, "intercept": intercept, "max_residual_px": residual }));
    }
    Ok(evidence)
}

/// Least squares through the points: value (or its decimal logarithm) = slope * pixel + intercept, and the largest
/// distance of a point from it in pixels.
fn fit(name: &str, points: &[AxisPoint], scale: AxisScale) -> Result<(f64, f64, f64), Failure> {
    if !(2..=MOST_POINTS).contains(&points.len()) {
        return Err(invalid(format!("'{name}' needs 2 to {MOST_POINTS} points.")));
    }
    let mut placed = Vec::with_capacity(points.len());
    for point in points {
        if !point.pixel.is_finite() || !point.value.is_finite() || point.pixel.abs() > 1e6 {
            return Err(invalid(format!("A point of '{name}' is no number.")));
        }
        let value = match scale {
            AxisScale::Linear => point.value,
            AxisScale::Log if point.value > 0.0 => point.value.log10(),
            AxisScale::Log => {
                return Err(invalid(format!("On a logarithmic axis the values of '{name}' are above 0.")));
            }
        };
        placed.push((point.pixel, value));
    }
    let count = placed.len() as f64;
    let middle = placed.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0 / count, sum.1 + point.1 / count));
    let spread: f64 = placed.iter().map(|point| (point.0 - middle.0).powi(2)).sum();
    let joint: f64 = placed.iter().map(|point| (point.0 - middle.0) * (point.1 - middle.1)).sum();
    let slope = joint / spread;
    if spread < 1.0 || !slope.is_normal() {
        return Err(invalid(format!("The points of '{name}' need different places and different values.")));
    }
    let intercept = middle.1 - slope * middle.0;
    let residual = placed.iter().map(|(pixel, value)| ((value - intercept) / slope - pixel).abs()).fold(0.0, f64::max);
    Ok((slope, intercept, residual))
}

fn invalid(detail: impl Into<String>) -> Failure {
    Failure::with_detail(ErrorCode::InvalidField, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(all: &[(f64, f64)]) -> Vec<AxisPoint> {
        all.iter().map(|&(pixel, value)| AxisPoint { pixel, value }).collect()
    }

    fn evidence() -> Value {
        let axis = |scale: &str| json!({ "label": "L", "scale": scale, "ticks": [], "fit": null });
        json!({ "axes": { "plot_box": [0, 0, 9, 9], "x": axis("category"), "y": axis("log") }, "kind": { "name": "bar" } })
    }

    /// Protects the numbers: two points make the axis they say, more are fitted, and only what was corrected changes.
    #[test]
    fn points_become_the_axis() {
        let linear = Calibration { x: points(&[(100.0, 10.0), (200.0, 20.0)]), ..Calibration::default() };
        let after = correct(evidence(), &linear).unwrap();
        let x = &after["axes"]["x"];
        assert_eq!((x["scale"].as_str(), x["label"].as_str()), (Some("linear"), Some("L")));
        assert!((x["fit"]["slope"].as_f64().unwrap() - 0.1).abs() < 1e-12);
        assert!(x["fit"]["intercept"].as_f64().unwrap().abs() < 1e-9);
        assert_eq!(x["ticks"].as_array().unwrap().len(), 2);
        assert_eq!(after["axes"]["y"], evidence()["axes"]["y"]);
        let log = Calibration { y: points(&[(300.0, 1.0), (200.0, 10.0), (98.0, 100.0)]), ..Calibration::default() };
        let fit = correct(evidence(), &log).unwrap()["axes"]["y"]["fit"].clone();
        assert!((fit["slope"].as_f64().unwrap() + 0.0099).abs() < 1e-4, "{fit}");
        assert!((0.3..1.0).contains(&fit["max_residual_px"].as_f64().unwrap()), "{fit}");
    }

    /// Protects the job: what makes no axis is refused with its reason before anything is stored.
    #[test]
    fn what_makes_no_axis_is_refused() {
        let x = |all: &[(f64, f64)]| Calibration { x: points(all), ..Calibration::default() };
        let rows = [
            (Calibration::default(), "two points"),
            (x(&[(1.0, 1.0)]), "2 to 32"),
            (x(&[(1.0, 1.0), (1.0, 2.0)]), "different places"),
            (x(&[(1.0, 5.0), (9.0, 5.0)]), "different values"),
            (x(&[(f64::NAN, 1.0), (2.0, 2.0)]), "no number"),
            (x(&[(0.0, 1.0), (f64::INFINITY, 2.0)]), "no number"),
            (Calibration { y: points(&[(1.0, 0.0), (9.0, 5.0)]), ..Calibration::default() }, "above 0"),
        ];
        for (correction, reason) in rows {
            let failure = correct(evidence(), &correction).unwrap_err();
            assert!(failure.code == ErrorCode::InvalidField && failure.detail.contains(reason), "{failure:?}");
        }
        let failure = correct(json!({ "axes": null }), &x(&[(1.0, 1.0), (2.0, 2.0)])).unwrap_err();
        assert!(failure.detail.contains("No axes were found"), "{failure:?}");
    }
}
