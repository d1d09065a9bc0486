//! The code that the built-in model writes.

use crate::{critic, review};
use common::review::Verdict;
use std::path::Path;

const TEMPLATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/llm/src/builtin/templates");

/// A template with the shared parts and readers it imports by name put in front and each import once, as
/// the model joins them.
fn assemble(name: &str, seen: &mut Vec<String>) -> String {
    if seen.iter().any(|known| known == name) {
        return String::new();
    }
    seen.push(name.to_owned());
    let source = std::fs::read_to_string(Path::new(TEMPLATES).join(format!("{name}.py"))).expect("a template");
    let (mut parts, mut own) = (String::new(), String::new());
    for line in source.lines() {
        let imported = line.strip_prefix("from ").and_then(|rest| rest.split(' ').next());
        match imported.filter(|module| Path::new(TEMPLATES).join(format!("{module}.py")).is_file()) {
            Some(module) => parts.push_str(&assemble(module, seen)),
            None if line.starts_with("import ") && seen.iter().any(|known| known == line) => {}
            None => {
                seen.extend(line.starts_with("import ").then(|| line.to_owned()));
                own.extend([line, "\n"]);
            }
        }
    }
    parts + &own
}

/// Protects the path without any key: nothing that the built-in model writes is ever blocked.
#[tokio::test]
async fn the_built_in_templates_are_not_blocked() {
    let critic = critic().await;
    let files = std::fs::read_dir(TEMPLATES).expect("the templates").flatten();
    let mut names: Vec<String> =
        files.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".py")?.to_owned())).collect();
    names.sort();
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        let code = assemble(&name, &mut Vec::new());
        let review = review(&critic, &code).await;
        eprintln!("{name}: {} ({} lines)", review.verdict.as_str(), code.lines().count());
        assert_ne!(review.verdict, Verdict::Block, "{name}: {:#?}", review.findings);
        for finding in &review.findings {
            eprintln!("  {} {} line {}: {}", finding.tool, finding.rule, finding.line, finding.message);
        }
    }
}
