//! The constants of one picture, as the Python dictionary its script begins with.

use super::Picture;
use super::choose::{Choice, Reader, panel_reader};
use super::evidence::{Axes, Axis, Evidence, Panel, Prepared};
use super::literal::Py;
use super::style::Style;

/// Tick labels read with less than this confidence are named as doubtful.
const SURE_READING: f64 = 0.8;

/// What a reader needs to know about the picture at hand, and nothing more.
/// `out` is where its files go: a folder, and a prefix when there are several pictures.
pub fn of(picture: &Picture<'_>, evidence: &Evidence, choice: &Choice, out: &str, style: Style) -> Py {
    let image = match measured(evidence, choice.reader) {
        Some(prepared) => image(picture.image_path, prepared),
        None => Py::text(picture.image_path),
    };
    let mut pairs = vec![("image", image), ("out", Py::text(out))];
    match choice.reader {
        Reader::Table | Reader::PlainTable => {
            pairs.push(("evidence", Py::text(picture.evidence_path)));
            pairs.push(("title", title(evidence)));
        }
        Reader::Text => pairs.push(("evidence", Py::text(picture.evidence_path))),
        reader @ (Reader::Bar | Reader::Line | Reader::Scatter | Reader::Pie) => {
            measurable(&mut pairs, evidence, reader, style);
        }
        Reader::Panels => {
            pairs.push(("title", title(evidence)));
            pairs.push(("grid", grid(evidence)));
            pairs.push(("panels", Py::List(evidence.panels.iter().map(|panel| of_panel(panel, style)).collect())));
        }
        Reader::Diagram => {
            pairs.push(("evidence", Py::text(picture.evidence_path)));
            pairs.push(("title", title(evidence)));
        }
        Reader::Objects | Reader::PlainObjects => pairs.push(("scale_bar", scale_bar(evidence))),
        Reader::Describe | Reader::Photo => {
            pairs.push(("scale_bar", scale_bar(evidence)));
            pairs.push(("evidence", Py::text(picture.evidence_path)));
            pairs.push(("reason", Py::optional_text(choice.reason)));
        }
    }
    Py::Dict(pairs)
}

/// What the readers of charts need beside the picture.
fn measurable(pairs: &mut Vec<(&'static str, Py)>, evidence: &Evidence, reader: Reader, style: Style) {
    pairs.push(("title", title(evidence)));
    if reader == Reader::Pie {
        pairs.push(("legend", legend(evidence)));
        pairs.push(("words", words_around(evidence)));
        pairs.push(("disc", evidence.disc.map_or(Py::None, |disc| Py::numbers(&disc))));
        return;
    }
    if let Some(axes) = &evidence.axes {
        chart(pairs, evidence, axes);
    }
    if let Some(wish) = style.constant() {
        pairs.push(("wish", wish));
    }
}

/// How many rows and columns the panels stand in.
fn grid(evidence: &Evidence) -> Py {
    let most = |way: usize| evidence.panels.iter().map(|panel| i64::from(panel.place[way]) + 1).max().unwrap_or(1);
    Py::List(vec![Py::Int(most(0)), Py::Int(most(1))])
}

fn of_panel(panel: &Panel, style: Style) -> Py {
    let whole = |numbers: &[f64]| Py::List(numbers.iter().map(|n| Py::Int(n.round() as i64)).collect());
    let mut pairs = vec![
        ("area", whole(&panel.area)),
        ("place", Py::List(panel.place.iter().map(|n| Py::Int(i64::from(*n))).collect())),
    ];
    match panel_reader(&panel.evidence) {
        Ok(reader) => {
            pairs.push(("kind", Py::text(&panel.evidence.kind)));
            measurable(&mut pairs, &panel.evidence, reader, style);
        }
        Err(reason) => {
            pairs.push(("kind", Py::text("other")));
            pairs.push(("title", title(&panel.evidence)));
            pairs.push(("reason", Py::text(reason)));
        }
    }
    Py::Dict(pairs)
}

/// The bar that tells sizes, with its place: it is no object.
fn scale_bar(evidence: &Evidence) -> Py {
    let Some(bar) = &evidence.scale_bar else { return Py::None };
    Py::Dict(vec![
        ("box", Py::numbers(&bar.area)),
        ("text_box", Py::numbers(&bar.text_area)),
        ("length_px", Py::rounded(bar.length_px, 2)),
        ("value", Py::Float(bar.value)),
        ("unit", Py::text(&bar.unit)),
        ("doubt", Py::optional_text(bar.doubt.as_deref())),
    ])
}

/// What was done to the picture, for readers that measure where the look script said things are.
/// Those that describe or count take the picture as it came.
pub fn measured(evidence: &Evidence, reader: Reader) -> Option<&Prepared> {
    let measures =
        matches!(reader, Reader::Bar | Reader::Line | Reader::Scatter | Reader::Pie | Reader::Panels | Reader::Diagram);
    evidence.prepared.as_ref().filter(|_| measures)
}

fn image(path: &str, prepared: &Prepared) -> Py {
    let (strength, colours) = match &prepared.smoothed {
        Some((strength, colours)) => (Py::Float(*strength), colours.iter().map(|colour| Py::bytes(*colour)).collect()),
        None => (Py::None, vec![]),
    };
    Py::Dict(vec![
        ("file", Py::text(path)),
        (
            "matrix",
            Py::List(
                prepared.matrix.chunks(3).map(|row| Py::List(row.iter().map(|n| Py::Float(*n)).collect())).collect(),
            ),
        ),
        ("size", Py::List(prepared.size.iter().map(|side| Py::Int(i64::from(*side))).collect())),
        ("fill", Py::bytes(prepared.fill)),
        ("light", prepared.light.map_or(Py::None, |light| Py::List(light.iter().map(|n| Py::Float(*n)).collect()))),
        ("strength", strength),
        ("colours", Py::List(colours)),
    ])
}

fn chart(pairs: &mut Vec<(&'static str, Py)>, evidence: &Evidence, axes: &Axes) {
    pairs.push(("plot_box", Py::numbers(&axes.plot_box)));
    pairs.push(("x_axis", axis(&axes.x)));
    pairs.push(("y_axis", axis(&axes.y)));
    pairs.push(("legend", legend(evidence)));
}

fn axis(axis: &Axis) -> Py {
    let ticks = axis.ticks.iter().map(|tick| Py::List(vec![Py::text(&tick.text), Py::rounded(tick.pixel, 2)]));
    let mut pairs =
        vec![("label", Py::optional_text(axis.label.as_deref())), ("scale", Py::optional_text(axis.scale.as_deref()))];
    if let Some(fit) = &axis.fit {
        pairs.push(("slope", Py::Float(fit.slope)));
        pairs.push(("intercept", Py::Float(fit.intercept)));
        pairs.push(("residual_px", Py::rounded(fit.residual_px, 2)));
        pairs.push(("fitted", fitted(axis)));
    }
    pairs.push(("ticks", Py::List(ticks.collect())));
    let unsure = axis.ticks.iter().filter(|tick| tick.confidence < SURE_READING && !tick.text.is_empty());
    pairs.push(("unsure", Py::List(unsure.map(|tick| Py::text(&tick.text)).collect())));
    Py::Dict(pairs)
}

/// How many ticks the calibration rests on.
fn fitted(axis: &Axis) -> Py {
    Py::Int(i64::try_from(axis.ticks.iter().filter(|tick| tick.fits).count()).unwrap_or(i64::MAX))
}

fn legend(evidence: &Evidence) -> Py {
    let entries = evidence.legend.iter().map(|entry| {
        let area = entry.area.map_or(Py::None, |area| Py::numbers(&area));
        let swatch = entry.swatch.map_or(Py::None, |area| Py::numbers(&area));
        Py::Dict(vec![
            ("name", Py::text(&entry.text)),
            ("rgb", Py::bytes(entry.rgb)),
            ("box", area),
            ("swatch", swatch),
        ])
    });
    Py::List(entries.collect())
}

/// Text that may name a wedge or give its share: everything but the title.
fn words_around(evidence: &Evidence) -> Py {
    let around = evidence.words.iter().filter(|words| words.role != "title");
    let pairs = around.map(|words| {
        let [x, y, width, height] = words.area;
        let centre = Py::numbers(&[x + width / 2.0, y + height / 2.0]);
        Py::List(vec![Py::text(&words.text), centre])
    });
    Py::List(pairs.collect())
}

fn title(evidence: &Evidence) -> Py {
    Py::optional_text(evidence.title.as_deref())
}
