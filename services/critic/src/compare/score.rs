//! From measurements to a score and two reports. Pure.

use super::measured::{Measured, Overlay, Shown, Value};
use super::words;
use common::compare::{Comparison, Measure, PictureValues};

/// From this score on nothing needs repair, if values and kind are right, too.
const GOOD: f64 = 0.8;

/// Most sentences in a report, and most values named in one.
const MOST_SENTENCES: usize = 12;
const MOST_VALUES: usize = 6;

/// Kinds of pictures that are redrawn.
const CHARTS: [&str; 4] = ["bar", "line", "scatter", "pie"];

/// One picture with what was measured for it.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// Which picture, from 0.
    pub picture: u32,
    pub measured: Measured,
    pub overlay: Overlay,
}

/// What is measured, in the order in which it is shown: name, aim, and its weight in the score. Values count most: they
/// are what people come for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Values,
    Kind,
    Ticks,
    Labels,
    Legend,
    Structure,
    Colours,
}

impl What {
    const fn name(self) -> &'static str {
        match self {
            Self::Values => "values",
            Self::Kind => "kind",
            Self::Ticks => "ticks",
            Self::Labels => "labels",
            Self::Legend => "legend",
            Self::Structure => "structure",
            Self::Colours => "colours",
        }
    }

    const fn aim(self) -> f64 {
        match self {
            Self::Values => 0.9,
            Self::Kind => 1.0,
            Self::Ticks | Self::Labels | Self::Legend => 0.7,
            // Another style of the same chart is no fault.
            Self::Structure | Self::Colours => 0.3,
        }
    }

    /// Whoever asked for something may have asked for another chart: then only what must be true in any case counts.
    const fn weight(self, has_request: bool) -> f64 {
        match self {
            Self::Values => 4.0,
            Self::Kind if !has_request => 2.0,
            Self::Ticks if !has_request => 1.0,
            Self::Structure | Self::Colours if !has_request => 0.5,
            Self::Labels | Self::Legend => 1.0,
            Self::Kind | Self::Ticks | Self::Structure | Self::Colours => 0.0,
        }
    }
}

/// A measure of one picture.
struct Taken {
    what: What,
    value: f64,
    note: String,
}

/// Scores all pictures together: each measure is the mean over the pictures that have it.
pub fn compare(subjects: &[Subject], code: &str, has_request: bool) -> Comparison {
    let taken: Vec<Taken> = subjects.iter().flat_map(|subject| measures(subject, has_request)).collect();
    let mut all = Vec::new();
    let (mut sum, mut weights) = (0.0, 0.0);
    let mut good = true;
    for what in [What::Values, What::Kind, What::Ticks, What::Labels, What::Legend, What::Structure, What::Colours] {
        let of_kind: Vec<&Taken> = taken.iter().filter(|taken| taken.what == what).collect();
        if of_kind.is_empty() {
            continue;
        }
        let value = of_kind.iter().map(|taken| taken.value).sum::<f64>() / of_kind.len() as f64;
        let weight = what.weight(has_request);
        sum += weight * value;
        weights += weight;
        let must = matches!(what, What::Values) || (what == What::Kind && weight > 0.0);
        good &= !must || value >= what.aim();
        let notes: Vec<&str> =
            of_kind.iter().map(|taken| taken.note.as_str()).filter(|note| !note.is_empty()).collect();
        all.push(Measure { name: what.name().to_owned(), value, aim: what.aim(), note: notes.join(" ") });
    }
    let score = if weights > 0.0 { sum / weights } else { 0.0 };
    // Where nothing counts there are no grounds for another attempt.
    let good = weights == 0.0 || (good && score >= GOOD);
    Comparison {
        score,
        good,
        visual_report: visual_report(subjects, &taken, has_request),
        code_report: code_report(subjects, code),
        measures: all,
        values: subjects.iter().filter_map(values_of).collect(),
        alt_texts: subjects.iter().flat_map(|subject| subject.measured.alt_texts.clone()).collect(),
    }
}

fn values_of(subject: &Subject) -> Option<PictureValues> {
    let values = subject.measured.values.filter(|values| values.total > 0)?;
    Some(PictureValues {
        picture: subject.picture,
        total: values.total,
        trusted: values.trusted.min(values.total),
        median_residual_px: values.median_residual_px,
    })
}

fn measures(subject: &Subject, has_request: bool) -> Vec<Taken> {
    let Measured { input_kind, redraw, wanted, pixels, values, .. } = &subject.measured;
    let mut taken = Vec::new();
    if let Some(values) = values
        && values.total + values.missing > 0
    {
        let whole = f64::from(values.total + values.missing);
        let note = match (values.total - values.trusted.min(values.total), values.missing) {
            (0, 0) => String::new(),
            (doubtful, 0) => format!("{doubtful} of {} values do not lie where the picture shows them.", values.total),
            (0, missing) => format!("{missing} of the picture's values are not delivered."),
            (doubtful, missing) => format!(
                "{doubtful} of {} values do not lie where the picture shows them, and {missing} are not delivered.",
                values.total
            ),
        };
        taken.push(Taken { what: What::Values, value: f64::from(values.trusted) / whole, note });
    }
    if !CHARTS.contains(&input_kind.as_str()) {
        return taken;
    }
    let (Some(redraw), Some(wanted)) = (redraw, wanted) else {
        if !has_request {
            let note = format!("The picture is a {} chart, and no chart was drawn.", input_kind);
            taken.push(Taken { what: What::Kind, value: 0.0, note });
        }
        return taken;
    };
    taken.extend(kind(input_kind, redraw));
    taken.extend(ticks(wanted, redraw));
    taken.extend(labels(wanted, redraw));
    taken.extend(legend(wanted, redraw));
    let share = |what, value: Option<f64>| {
        let value = value.filter(|value| value.is_finite())?.clamp(0.0, 1.0);
        Some(Taken { what, value, note: String::new() })
    };
    let pixels = pixels.unwrap_or_default();
    taken.extend(share(What::Structure, pixels.ssim));
    taken.extend(share(What::Colours, pixels.colour_cosine));
    taken
}

fn kind(input_kind: &str, redraw: &Shown) -> Option<Taken> {
    let drawn = redraw.kind.as_deref()?;
    let same = drawn == input_kind;
    let note = if same {
        String::new()
    } else {
        format!("The picture is a {input_kind} chart; what was drawn is a {drawn} chart.")
    };
    Some(Taken { what: What::Kind, value: f64::from(u8::from(same)), note })
}

fn ticks(wanted: &Shown, redraw: &Shown) -> Option<Taken> {
    let each = [words::axis(&wanted.ticks.x, &redraw.ticks.x), words::axis(&wanted.ticks.y, &redraw.ticks.y)];
    let found: Vec<f64> = each.into_iter().flatten().collect();
    if found.is_empty() {
        return None;
    }
    let value = found.iter().sum::<f64>() / found.len() as f64;
    let poor: Vec<&str> = ["x", "y"]
        .into_iter()
        .zip(each)
        .filter(|(_, share)| share.is_some_and(|share| share < 0.7))
        .map(|(n, _)| n)
        .collect();
    let note = if poor.is_empty() {
        String::new()
    } else {
        format!("The {} axis does not run over what the picture's does.", poor.join(" and the "))
    };
    Some(Taken { what: What::Ticks, value, note })
}

fn labels(wanted: &Shown, redraw: &Shown) -> Option<Taken> {
    let pairs = [
        ("title", &wanted.title, &redraw.title),
        ("x axis label", &wanted.labels.x, &redraw.labels.x),
        ("y axis label", &wanted.labels.y, &redraw.labels.y),
    ];
    let mut found = Vec::new();
    let mut lost = Vec::new();
    for (name, wanted, shown) in pairs {
        let Some(wanted) = wanted else { continue };
        let Some(share) = words::share(wanted, shown.as_deref().unwrap_or_default()) else { continue };
        if share < 0.7 {
            lost.push(format!("the {name} {wanted:?}"));
        }
        found.push(share);
    }
    if found.is_empty() {
        return None;
    }
    let value = found.iter().sum::<f64>() / found.len() as f64;
    let note = if lost.is_empty() { String::new() } else { format!("Missing: {}.", lost.join(", ")) };
    Some(Taken { what: What::Labels, value, note })
}

fn legend(wanted: &Shown, redraw: &Shown) -> Option<Taken> {
    if wanted.legend.is_empty() {
        return None;
    }
    // Series may be named beside their lines or sectors instead.
    let mut shown = redraw.legend.clone();
    shown.extend(redraw.ticks.x.iter().chain(&redraw.ticks.y).cloned());
    let lost = words::missing(&wanted.legend, &shown);
    let value = 1.0 - lost.len() as f64 / wanted.legend.len() as f64;
    let note = if lost.is_empty() { String::new() } else { format!("The legend lacks {}.", quoted(&lost)) };
    Some(Taken { what: What::Legend, value, note })
}

fn quoted(names: &[&str]) -> String {
    let named: Vec<String> = names.iter().take(MOST_VALUES).map(|name| format!("{name:?}")).collect();
    named.join(", ")
}

fn visual_report(subjects: &[Subject], taken: &[Taken], has_request: bool) -> Vec<String> {
    let poor = |taken: &&Taken| {
        taken.what.weight(has_request) > 0.0 && taken.value < taken.what.aim() && !taken.note.is_empty()
    };
    let mut report: Vec<String> = taken.iter().filter(poor).map(|taken| taken.note.clone()).collect();
    for subject in subjects {
        let doubtful: Vec<&Value> = subject.overlay.values.iter().filter(|value| !value.trusted).collect();
        for value in doubtful.iter().take(MOST_VALUES) {
            report.push(doubt(value));
        }
        if doubtful.len() > MOST_VALUES {
            report.push(format!("{} more values are doubtful.", doubtful.len() - MOST_VALUES));
        }
        report.extend(subject.measured.notes.iter().cloned());
    }
    report.truncate(MOST_SENTENCES);
    report
}

fn doubt(value: &Value) -> String {
    let at = match &value.at {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let series = value.series.as_deref().filter(|series| !series.is_empty());
    let place = series.map_or_else(|| at.clone(), |series| format!("{series} at {at}"));
    format!("{place}: {}", if value.why.is_empty() { "not found on the picture." } else { &value.why })
}

fn code_report(subjects: &[Subject], code: &str) -> Vec<String> {
    let mut report = Vec::new();
    if !code.contains("/box/in") {
        report.push(
            "The script opens neither the picture nor what was measured in it: its numbers cannot come from there."
                .to_owned(),
        );
    }
    for subject in subjects {
        for sentence in &subject.measured.accessibility {
            if !report.contains(sentence) {
                report.push(sentence.clone());
            }
        }
    }
    report.truncate(MOST_SENTENCES);
    report
}

#[cfg(test)]
mod tests;
