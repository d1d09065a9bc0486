//! Our own policy: what code may not even try in the box. Decisions over facts; pure.
//!
//! This is a filter that spares a run which cannot work and tells the model why. It is not the wall:
//! code that hides what it does gets past it, and then meets the jail.

mod files;
mod modules;

pub(super) use modules::Modules;

use super::facts::{Call, Facts, SyntaxFault, Use};
use common::execution::MAX_EXECUTION_CODE_BYTES;
use common::review::{Confidence, Finding, Severity};

/// What a rule says of one place, before it becomes a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Objection {
    rule: &'static str,
    severity: Severity,
    message: String,
}

impl Objection {
    /// Must not run.
    fn block(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, severity: Severity::High, message: message.into() }
    }

    /// May run, and will likely not do what is hoped for.
    fn warn(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, severity: Severity::Medium, message: message.into() }
    }

    /// May run.
    fn note(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, severity: Severity::Low, message: message.into() }
    }

    fn at(self, line: u32, column: u32) -> Finding {
        Finding {
            tool: "policy".to_owned(),
            rule: self.rule.to_owned(),
            severity: self.severity,
            confidence: Confidence::High,
            line: line.max(1),
            column: column.max(1),
            message: self.message,
            // The policy blocks by severity alone, so a reader can tell why.
            blocks: self.severity == Severity::High,
        }
    }
}

/// What makes code unreadable for every tool; checked before any of them.
pub(super) fn unreadable(code: &str) -> Option<Finding> {
    if code.trim_start_matches('\u{feff}').trim().is_empty() {
        return Some(Objection::block("empty-code", "There is no code.").at(1, 1));
    }
    if code.len() > MAX_EXECUTION_CODE_BYTES {
        let message = format!(
            "The code has {} bytes; {MAX_EXECUTION_CODE_BYTES} are accepted. Read large data from files in /box/in.",
            code.len()
        );
        return Some(Objection::block("code-too-long", message).at(1, 1));
    }
    let before = &code[..code.find('\0')?];
    let line_start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let lines = before.replace("\r\n", "\n").matches(['\n', '\r']).count();
    let message = "The code holds a NUL byte, which Python source cannot have. Write it as '\\x00' in a string.";
    let column = before[line_start..].chars().count() + 1;
    Some(Objection::block("nul-byte", message).at(saturate(lines + 1), saturate(column)))
}

fn saturate(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Python refuses to compile it.
pub(super) fn syntax_error(fault: &SyntaxFault) -> Finding {
    let message = format!("Python cannot read this: {}.", tidy(&fault.message));
    Objection::block("syntax-error", message).at(fault.line, fault.column)
}

/// It declares another encoding, under which it would read differently from what was reviewed.
pub(super) fn other_encoding(name: &str) -> Finding {
    let message = format!("The code declares the encoding {}; only UTF-8 is accepted.", quote(name));
    Objection::block("source-encoding", message).at(1, 1)
}

/// A tool cannot take it in.
pub(super) fn too_complex(why: &str) -> Finding {
    let message =
        format!("The code cannot be reviewed: {why}. Split it into smaller statements, or read the data from a file.");
    Objection::block("too-complex", message).at(1, 1)
}

/// Last names of the calls that the policy wants to be told about.
pub(super) fn watched_calls() -> Vec<&'static str> {
    let mut names = vec!["exec", "eval", "compile", "__import__", "import_module", "input"];
    names.extend(files::watched());
    names.extend(modules::watched());
    names.sort_unstable();
    names.dedup();
    names
}

/// All findings of the policy about code that could be read.
pub(super) fn findings(facts: &Facts, modules: &Modules) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut refused = Vec::new();
    for import in &facts.imports {
        if let Some(objection) = modules.import(import) {
            refused.push(import.module.as_str());
            findings.push(objection.at(import.line, import.column));
        }
    }
    for usage in &facts.uses {
        // What is wrong with the module was said at its import.
        if refused.iter().any(|module| modules::is_within(&usage.name, module)) {
            continue;
        }
        let objection = modules::usage(&usage.name).or_else(|| dynamic_use(usage));
        findings.extend(objection.map(|objection| objection.at(usage.line, usage.column)));
    }
    for call in &facts.calls {
        let objections = [dynamic_call(call), files::call(call), modules.needed_by(call), input_call(call)];
        findings.extend(objections.into_iter().flatten().map(|objection| objection.at(call.line, call.column)));
    }
    findings
}

const DYNAMIC: &[&str] = &["builtins.exec", "builtins.eval", "builtins.compile", "builtins.__import__"];

/// The makers of code handed around under another name, and the ways out of an object.
fn dynamic_use(usage: &Use) -> Option<Objection> {
    const CLIMBING: &[&str] = &["builtins.__subclasses__", "builtins.__globals__", "builtins.__builtins__"];
    let plain = usage.name.trim_start_matches("builtins.");
    if CLIMBING.contains(&usage.name.as_str()) {
        return Some(Objection::block("dynamic-code", format!("The code reaches into Python itself through {plain}.")));
    }
    (DYNAMIC.contains(&usage.name.as_str()) && !usage.called)
        .then(|| Objection::block("dynamic-code", format!("{plain} is passed on; write the code out instead.")))
}

/// Text run as code is never reviewed as code. Text that is only compiled, or names a module, may stand
/// in the source, where it can be read.
fn dynamic_call(call: &Call) -> Option<Objection> {
    let makes_code = |name: &&String| DYNAMIC.contains(&name.as_str()) || *name == "importlib.import_module";
    let name = call.names.iter().find(makes_code)?;
    let plain = name.trim_start_matches("builtins.");
    if matches!(plain, "exec" | "eval") {
        let message = format!("{plain} runs text as code; write the code out instead (ast.literal_eval reads values).");
        return Some(Objection::block("dynamic-code", message));
    }
    let known = call.arguments.first().is_some_and(|first| first.as_ref().is_some_and(|text| text.exact));
    (!known).then(|| {
        let message = format!("{plain} gets what is only known in the run, so it cannot be reviewed. Write it out.");
        Objection::block("dynamic-code", message)
    })
}

fn input_call(call: &Call) -> Option<Objection> {
    let asks = call.names.iter().any(|name| name == "builtins.input");
    asks.then(|| Objection::warn("no-input", "Nobody can answer input() in the sandbox; it fails at once."))
}

/// A text out of the code, quoted for a message: short, on one line, without control characters.
fn quote(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut quoted: String = text.chars().take(LONGEST).map(|c| if c.is_control() { '?' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        quoted.push('…');
    }
    format!("'{quoted}'")
}

/// A message of Python without control characters; it can quote the code.
fn tidy(message: &str) -> String {
    message.trim_end_matches('.').chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests;
