//! Reading the evidence leniently: what is missing or malformed is simply not
//! there, so whoever writes code decides from what is left and never panics.

use serde_json::Value;

/// Longest piece of text carried into the code, in characters.
const LONGEST_TEXT: usize = 160;
/// Most ticks, series or labels carried into the code.
const MOST_ITEMS: usize = 120;

pub struct Tick {
    pub text: String,
    pub pixel: f64,
    /// Whether it has a value that agrees with the axis.
    pub fits: bool,
    /// How sure its reading is, 0 to 1.
    pub confidence: f64,
}

/// value = slope * pixel + intercept (of log10(value) on a log axis).
pub struct Fit {
    pub slope: f64,
    pub intercept: f64,
    pub residual_px: f64,
}

#[derive(Default)]
pub struct Axis {
    pub label: Option<String>,
    pub scale: Option<String>,
    pub ticks: Vec<Tick>,
    pub fit: Option<Fit>,
}

pub struct Axes {
    pub plot_box: [f64; 4],
    pub x: Axis,
    pub y: Axis,
}

pub struct LegendEntry {
    pub text: String,
    pub rgb: [u8; 3],
    pub area: Option<[f64; 4]>,
    /// The box of the colour sample.
    pub swatch: Option<[f64; 4]>,
}

pub struct Words {
    pub text: String,
    pub area: [f64; 4],
    pub role: String,
}

/// What the look script did to a damaged picture before it measured: all places are of the result.
pub struct Prepared {
    /// Takes a pixel of the file to one of the result, row by row.
    pub matrix: [f64; 9],
    /// Width and height of the result, pixels.
    pub size: [u16; 2],
    /// The colour beyond the rim of the file's picture.
    pub fill: [u8; 3],
    /// Coefficients of the surface of brightness that was evened out.
    pub light: Option<[f64; 5]>,
    /// How strongly noise was smoothed, and the plain colours that pixels near them were given.
    pub smoothed: Option<(f64, Vec<[u8; 3]>)>,
}

/// One chart of several in a picture; everything in its evidence is in pixels of its own part.
pub struct Panel {
    /// Left, top, width and height of its part, pixels.
    pub area: [f64; 4],
    /// Row and column, from 0.
    pub place: [u8; 2],
    pub evidence: Evidence,
}

/// The bar in a micrograph that tells how large things are.
pub struct ScaleBar {
    pub area: [f64; 4],
    pub text_area: [f64; 4],
    pub length_px: f64,
    /// What the bar stands for, in `unit`.
    pub value: f64,
    pub unit: String,
    /// Why it is not sure, if it is not.
    pub doubt: Option<String>,
}

/// What the look script saw, as far as it could be understood.
pub struct Evidence {
    pub kind: String,
    pub confidence: f64,
    pub prepared: Option<Prepared>,
    pub title: Option<String>,
    pub words: Vec<Words>,
    pub has_table: bool,
    pub axes: Option<Axes>,
    /// Centre (x, y) and radii (across, down) of a pie, pixels.
    pub disc: Option<[f64; 4]>,
    pub legend: Vec<LegendEntry>,
    /// What the look script itself was unsure of.
    pub notes: Vec<String>,
    /// The charts of a picture with several, in reading order.
    pub panels: Vec<Panel>,
    /// Whether boxes of a diagram were found.
    pub has_diagram: bool,
    pub scale_bar: Option<ScaleBar>,
}

/// Most panels of one picture that are read.
const MOST_PANELS: usize = 9;

impl Evidence {
    pub fn read(value: &Value) -> Self {
        let kind = value.pointer("/kind/name").and_then(Value::as_str);
        Self {
            kind: kind.unwrap_or("other").to_lowercase(),
            confidence: number(value.pointer("/kind/confidence")).unwrap_or(0.0),
            prepared: value.get("prepared").and_then(prepared),
            title: text(value.get("title")),
            words: list(value.get("text")).filter_map(words).collect(),
            has_table: has_table(value.get("table")),
            axes: value.get("axes").and_then(axes),
            disc: value.get("pie").and_then(disc),
            legend: list(value.get("legend")).filter_map(legend_entry).collect(),
            notes: list(value.get("notes")).filter_map(|note| text(Some(note))).collect(),
            panels: list(value.get("panels")).filter_map(panel).take(MOST_PANELS).collect(),
            has_diagram: list(value.pointer("/diagram/nodes")).next().is_some(),
            scale_bar: value.get("scale_bar").and_then(scale_bar),
        }
    }
}

fn panel(value: &Value) -> Option<Panel> {
    let place = |name| value.get(name).and_then(Value::as_u64).and_then(|n| u8::try_from(n).ok()).filter(|n| *n < 9);
    let inner = value.get("panels").is_none_or(Value::is_null);
    let area = area(value.get("box")).filter(|area| area.iter().all(|n| *n >= 0.0));
    Some(Panel {
        area: area.filter(|_| inner)?,
        place: [place("row")?, place("column")?],
        evidence: Evidence::read(value),
    })
}

fn scale_bar(value: &Value) -> Option<ScaleBar> {
    let positive = |name| number(value.get(name)).filter(|n| *n > 0.0);
    Some(ScaleBar {
        area: area(value.get("box"))?,
        text_area: area(value.get("text_box"))?,
        length_px: positive("length_px")?,
        value: positive("value")?,
        unit: text(value.get("unit"))?,
        doubt: text(value.get("doubt")),
    })
}

fn prepared(value: &Value) -> Option<Prepared> {
    let matrix: Vec<f64> =
        list(value.get("matrix")).flat_map(|row| list(Some(row))).filter_map(|n| number(Some(n))).collect();
    let size: Vec<u16> =
        list(value.get("size")).filter_map(Value::as_u64).filter_map(|side| u16::try_from(side).ok()).collect();
    let strength = number(value.get("strength")).filter(|strength| *strength > 0.0);
    Some(Prepared {
        matrix: matrix.try_into().ok()?,
        size: size.try_into().ok()?,
        fill: value.get("fill").and_then(|fill| rgb(Some(fill))).unwrap_or([255; 3]),
        light: numbers(value.get("light")),
        smoothed: strength
            .map(|strength| (strength, list(value.get("colours")).filter_map(|colour| rgb(Some(colour))).collect())),
    })
}

fn numbers<const N: usize>(value: Option<&Value>) -> Option<[f64; N]> {
    let numbers: Vec<f64> = list(value).filter_map(|n| number(Some(n))).collect();
    numbers.try_into().ok()
}

fn axes(value: &Value) -> Option<Axes> {
    let plot_box = area(value.get("plot_box"))?;
    if plot_box[2] < 20.0 || plot_box[3] < 20.0 {
        return None;
    }
    Some(Axes { plot_box, x: axis(value.get("x")), y: axis(value.get("y")) })
}

fn disc(value: &Value) -> Option<[f64; 4]> {
    let ([x, y], [across, down]) = (numbers(value.get("center"))?, numbers(value.get("radius"))?);
    area(Some(&Value::from(vec![x, y, across, down])))
}

fn axis(value: Option<&Value>) -> Axis {
    let Some(value) = value else { return Axis::default() };
    Axis {
        label: text(value.get("label")),
        scale: text(value.get("scale")),
        ticks: list(value.get("ticks")).filter_map(tick).collect(),
        fit: value.get("fit").and_then(fit),
    }
}

fn fit(value: &Value) -> Option<Fit> {
    let slope = number(value.get("slope")).filter(|slope| *slope != 0.0)?;
    let intercept = number(value.get("intercept"))?;
    let residual_px = number(value.get("max_residual_px")).unwrap_or(1.0).abs();
    Some(Fit { slope, intercept, residual_px })
}

fn tick(value: &Value) -> Option<Tick> {
    let pixel = number(value.get("pixel"))?;
    let text = text(value.get("text")).unwrap_or_default();
    let fits = number(value.get("value")).is_some();
    let confidence = number(value.get("confidence")).unwrap_or(1.0);
    Some(Tick { text, pixel, fits, confidence })
}

fn legend_entry(value: &Value) -> Option<LegendEntry> {
    let text = text(value.get("text"))?;
    let rgb = rgb(value.get("rgb"))?;
    Some(LegendEntry { text, rgb, area: area(value.get("box")), swatch: area(value.get("swatch")) })
}

fn words(value: &Value) -> Option<Words> {
    let text = text(value.get("text"))?;
    let role = value.get("role").and_then(Value::as_str).unwrap_or("other").to_owned();
    Some(Words { text, area: area(value.get("box"))?, role })
}

/// A table counts when at least two cells of it hold text.
fn has_table(value: Option<&Value>) -> bool {
    let rows = value.and_then(|table| table.get("cells"));
    let filled = list(rows).flat_map(|row| list(Some(row))).filter(|cell| text(cell.get("text")).is_some()).take(2);
    filled.count() == 2
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten().take(MOST_ITEMS)
}

fn number(value: Option<&Value>) -> Option<f64> {
    value.and_then(Value::as_f64).filter(|n| n.is_finite() && n.abs() < 1e100)
}

fn text(value: Option<&Value>) -> Option<String> {
    let text = value.and_then(Value::as_str)?.trim();
    (!text.is_empty()).then(|| text.chars().take(LONGEST_TEXT).collect())
}

fn area(value: Option<&Value>) -> Option<[f64; 4]> {
    let area: [f64; 4] = numbers(value)?;
    (area[2] > 0.0 && area[3] > 0.0 && area.iter().all(|n| n.abs() < 1e6)).then_some(area)
}

fn rgb(value: Option<&Value>) -> Option<[u8; 3]> {
    let bytes: Vec<u8> = list(value).filter_map(Value::as_u64).filter_map(|n| u8::try_from(n).ok()).collect();
    bytes.try_into().ok()
}
