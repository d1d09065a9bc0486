//! What was measured, each line against its limit.

use std::fmt;

/// One figure.
struct Line {
    what: String,
    found: f64,
    limit: Limit,
    unit: &'static str,
    note: String,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    /// At most this.
    Most(f64),
    /// At least this.
    Least(f64),
    /// It is only told.
    None,
}

impl Limit {
    fn holds(self, found: f64) -> bool {
        match self {
            Self::Most(limit) => found <= limit,
            Self::Least(limit) => found >= limit,
            Self::None => true,
        }
    }
}

/// All figures of a run.
#[derive(Default)]
pub struct Table(Vec<Line>);

impl Table {
    /// Adds a figure, and prints it at once: a run takes minutes.
    pub fn add(&mut self, what: &str, found: f64, unit: &'static str, limit: Limit, note: impl Into<String>) {
        let line = Line { what: what.to_owned(), found, limit, unit, note: note.into() };
        println!("{line}");
        self.0.push(line);
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = match self.limit {
            Limit::Most(limit) => format!("at most {limit}"),
            Limit::Least(limit) => format!("at least {limit}"),
            Limit::None => String::new(),
        };
        let mark = match self.limit {
            Limit::None => "",
            limit if limit.holds(self.found) => "ok",
            _ => "MISSED",
        };
        let found = format!("{:.2} {}", self.found, self.unit);
        write!(f, "{:46} {found:>12}  {limit:14} {mark:6}  {}", self.what, self.note)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        let missed = self.0.iter().filter(|line| !line.limit.holds(line.found)).count();
        write!(f, "{} figures, {missed} missed", self.0.len())
    }
}
