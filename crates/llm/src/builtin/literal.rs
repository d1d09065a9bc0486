//! Python literals: how data gets into generated code without becoming code.
//!
//! Text read from a picture may hold anything: quotes, line breaks, control
//! characters, marks that reverse the reading order. Everything that is not a
//! plain letter, digit or ordinary sign is written as an escape, so a literal
//! always ends where it seems to end, for Python and for the eye.

/// A line of generated code stays at most this wide where it can.
const WIDTH: usize = 92;

/// A Python value. Dictionaries keep the order they are written in, so the same
/// evidence always gives the same code.
#[derive(Clone, Debug, PartialEq)]
pub enum Py {
    None,
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Py>),
    Dict(Vec<(&'static str, Py)>),
}

impl Py {
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub fn optional_text(text: Option<&str>) -> Self {
        text.map_or(Self::None, Self::text)
    }

    /// A number with the given decimals: calibrations need more than positions.
    pub fn rounded(number: f64, decimals: i32) -> Self {
        let scale = 10f64.powi(decimals);
        let rounded = (number * scale).round() / scale;
        Self::Float(if rounded.is_finite() { rounded } else { number })
    }

    pub fn numbers(numbers: &[f64]) -> Self {
        Self::List(numbers.iter().map(|n| Self::rounded(*n, 2)).collect())
    }

    pub fn bytes(bytes: [u8; 3]) -> Self {
        Self::List(bytes.iter().map(|b| Self::Int(i64::from(*b))).collect())
    }

    /// The literal, broken over lines like a careful person would where it is long.
    /// `used` is how much of the first line is already taken.
    pub fn write(&self, indent: usize, used: usize) -> String {
        let flat = self.flat();
        if used + flat.len() <= WIDTH {
            return flat;
        }
        let pad = " ".repeat(indent + 4);
        let end = " ".repeat(indent);
        match self {
            Self::List(items) => {
                let lines: String =
                    items.iter().map(|item| format!("{pad}{},\n", item.write(indent + 4, indent + 5))).collect();
                format!("[\n{lines}{end}]")
            }
            Self::Dict(pairs) => {
                let lines: String = pairs
                    .iter()
                    .map(|(key, value)| {
                        let value = value.write(indent + 4, indent + 9 + key.len());
                        format!("{pad}\"{key}\": {value},\n")
                    })
                    .collect();
                format!("{{\n{lines}{end}}}")
            }
            _ => flat,
        }
    }

    fn flat(&self) -> String {
        match self {
            Self::None => "None".to_owned(),
            Self::Int(number) => number.to_string(),
            // Debug keeps the point and switches to an exponent where digits would run on.
            Self::Float(number) if number.is_finite() => format!("{number:?}"),
            Self::Float(_) => "None".to_owned(),
            Self::Text(text) => quote(text),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::flat).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Dict(pairs) => {
                let pairs: Vec<String> =
                    pairs.iter().map(|(key, value)| format!("\"{key}\": {}", value.flat())).collect();
                format!("{{{}}}", pairs.join(", "))
            }
        }
    }
}

/// A double-quoted Python string that evaluates to exactly `text`.
pub fn quote(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for character in text.chars() {
        match character {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\t' => literal.push_str("\\t"),
            ' '..='~' => literal.push(character),
            letter if letter.is_alphanumeric() || "°µ€£²³–×".contains(letter) => {
                literal.push(letter);
            }
            other => literal.push_str(&escape(u32::from(other))),
        }
    }
    literal.push('"');
    literal
}

fn escape(code: u32) -> String {
    match code {
        0..=0xFF => format!("\\x{code:02x}"),
        0x100..=0xFFFF => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    }
}
