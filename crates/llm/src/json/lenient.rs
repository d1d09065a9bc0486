//! A reader of what is nearly JSON. See the module above for what it takes.

use serde_json::{Map, Number, Value};

/// Deepest nesting.
const DEPTH: usize = 64;

/// A value that was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) value: Value,
    /// Where it ends, in bytes.
    pub(super) end: usize,
    /// False where brackets were missing at the end of the text.
    pub(super) closed: bool,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The text ends within it.
    CutOff,
    /// It cannot be read from there on. `begun` says that a whole member was read before, so that it is meant to be JSON.
    Broken { at: usize, what: &'static str, begun: bool },
}

/// The value that starts at this byte.
pub(super) fn value(text: &str, at: usize) -> Result<Read, Trouble> {
    let mut reader = Reader { text, at, depth: 0, closed: true, members: 0 };
    let value = reader.value()?;
    Ok(Read { value, end: reader.at, closed: reader.closed })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    closed: bool,
    members: usize,
}

/// What a string is: what may follow a name is not what may follow a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Name,
    Value,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// The next character; none at the end and at the fence that ends a block.
    fn peek(&self) -> Option<char> {
        if self.rest().starts_with("```") { None } else { self.rest().chars().next() }
    }

    fn take(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn broken<T>(&self, what: &'static str) -> Result<T, Trouble> {
        Err(Trouble::Broken { at: self.at, what, begun: self.members > 0 })
    }

    /// Past white space and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            let comment = if rest[blank..].starts_with("//") || rest[blank..].starts_with('#') {
                rest[blank..].find('\n').unwrap_or(rest.len() - blank)
            } else if rest[blank..].starts_with("/*") {
                rest[blank..].find("*/").map_or(rest.len() - blank, |end| end + 2)
            } else {
                0
            };
            self.at += blank + comment;
            if comment == 0 {
                return;
            }
        }
    }

    fn value(&mut self) -> Result<Value, Trouble> {
        self.skip();
        match self.peek() {
            None => Err(Trouble::CutOff),
            Some(open @ ('{' | '[')) => {
                if self.depth >= DEPTH {
                    return self.broken("it is nested too deep");
                }
                self.depth += 1;
                let value = if open == '{' { self.object() } else { self.list() };
                self.depth -= 1;
                value
            }
            Some(c) if closing(c).is_some() => self.string(Is::Value).map(Value::String),
            Some('-' | '+' | '.' | '0'..='9') => self.number(),
            Some(_) => self.word(),
        }
    }

    fn object(&mut self) -> Result<Value, Trouble> {
        self.at += 1;
        let mut members = Map::new();
        loop {
            self.skip();
            match self.peek() {
                None => return Err(Trouble::CutOff),
                Some('}') => break,
                Some(',') => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {}
            }
            let name = self.name()?;
            self.skip();
            match self.peek() {
                None => return Err(Trouble::CutOff),
                Some(':') => self.at += 1,
                Some(_) => return self.broken("a colon is missing after a name"),
            }
            let value = self.value()?;
            members.insert(name, value);
            self.members += 1;
            if self.after_member('}')? {
                return Ok(Value::Object(members));
            }
        }
        self.at += 1;
        Ok(Value::Object(members))
    }

    fn list(&mut self) -> Result<Value, Trouble> {
        self.at += 1;
        let mut members = Vec::new();
        loop {
            self.skip();
            match self.peek() {
                None => return Err(Trouble::CutOff),
                Some(']') => break,
                // One comma too many at the end is a slip; one in the middle is a member that is not there.
                Some(',') => return self.broken("a member of a list is missing"),
                Some(_) => {}
            }
            members.push(self.value()?);
            self.members += 1;
            if self.after_member(']')? {
                return Ok(Value::Array(members));
            }
        }
        self.at += 1;
        Ok(Value::Array(members))
    }

    /// Past the comma after a member. True where the text ends there: the bracket is missing.
    fn after_member(&mut self, close: char) -> Result<bool, Trouble> {
        self.skip();
        match self.peek() {
            None => {
                self.closed = false;
                Ok(true)
            }
            Some(',') => {
                self.at += 1;
                Ok(false)
            }
            Some(c) if c == close || closing(c).is_some() => Ok(false),
            Some('}' | ']') => self.broken("the wrong bracket closes"),
            Some(_) => self.broken("a comma or a bracket is missing"),
        }
    }

    fn name(&mut self) -> Result<String, Trouble> {
        if self.peek().is_some_and(|c| closing(c).is_some()) {
            return self.string(Is::Name);
        }
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '$'))).unwrap_or(rest.len());
        if end == 0 {
            return self.broken("a name is missing");
        }
        let name = rest[..end].to_owned();
        self.at += end;
        Ok(name)
    }

    fn number(&mut self) -> Result<Value, Trouble> {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_' | '%')));
        // The next digit may be missing.
        let Some(end) = end else { return Err(Trouble::CutOff) };
        let digits = rest[..end].trim_start_matches('+');
        let exact = serde_json::from_str::<Number>(digits).ok();
        let plain = digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'));
        let float = || digits.parse::<f64>().ok().filter(|_| plain).and_then(Number::from_f64);
        let Some(number) = exact.or_else(float) else { return self.broken("it is no number") };
        self.at += end;
        Ok(Value::Number(number))
    }

    fn word(&mut self) -> Result<Value, Trouble> {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let value = match &rest[..end] {
            "true" | "True" => Value::Bool(true),
            "false" | "False" => Value::Bool(false),
            "null" | "None" | "NaN" | "undefined" => Value::Null,
            _ if end == rest.len() && self.depth > 0 && self.members > 0 => return Err(Trouble::CutOff),
            _ => return self.broken("a value without quotes"),
        };
        self.at += end;
        Ok(value)
    }

    fn string(&mut self, is: Is) -> Result<String, Trouble> {
        for triple in ["\"\"\"", "'''"] {
            if let Some(inner) = self.rest().strip_prefix(triple) {
                let end = inner.find(triple).ok_or(Trouble::CutOff)?;
                let text = inner[..end].to_owned();
                self.at += end + 6;
                return Ok(text);
            }
        }
        let Some(close) = self.take().and_then(closing) else { return self.broken("a quote is missing") };
        let mut text = String::new();
        loop {
            match self.take() {
                None => return Err(Trouble::CutOff),
                Some('\\') => self.escape(&mut text)?,
                Some(c) if c == close && self.ends(is) => return Ok(text),
                Some(c) => text.push(c),
            }
        }
    }

    /// Whether the quote before is the last of its string: only then it stands before what may follow a value. Names hold
    /// no quotes.
    fn ends(&self, is: Is) -> bool {
        if is == Is::Name {
            return true;
        }
        let rest = self.rest();
        let after = rest.trim_start();
        let on_a_new_line = rest[..rest.len() - after.len()].contains('\n');
        match after.chars().next() {
            None => true,
            Some(',' | '}' | ']' | '#') => true,
            Some('/') => after.starts_with("//") || after.starts_with("/*"),
            Some('`') if after.starts_with("```") => true,
            Some(c) => on_a_new_line && closing(c).is_some(),
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), Trouble> {
        match self.take() {
            None => return Err(Trouble::CutOff),
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('u') => {
                let first = self.hex()?;
                let low = if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
                    self.at += 2;
                    Some(self.hex()?)
                } else {
                    None
                };
                let units = [Some(first), low];
                text.extend(char::decode_utf16(units.into_iter().flatten()).map(|c| c.unwrap_or('\u{fffd}')));
            }
            Some('\n') => {}
            Some(c @ ('"' | '\'' | '`' | '\\' | '/')) => text.push(c),
            // Meant as it stands: patterns and paths.
            Some(c) => {
                text.push('\\');
                text.push(c);
            }
        }
        Ok(())
    }

    fn hex(&mut self) -> Result<u16, Trouble> {
        let Some(digits) = self.rest().get(..4) else {
            return if self.rest().len() < 4 { Err(Trouble::CutOff) } else { self.broken("four digits are missing") };
        };
        let Ok(unit) = u16::from_str_radix(digits, 16) else { return self.broken("four digits are missing") };
        self.at += 4;
        Ok(unit)
    }
}

/// The quote that ends what this one begins.
fn closing(c: char) -> Option<char> {
    match c {
        '"' | '\'' | '`' => Some(c),
        '\u{201c}' | '\u{201d}' => Some('\u{201d}'),
        '\u{2018}' | '\u{2019}' => Some('\u{2019}'),
        _ => None,
    }
}
