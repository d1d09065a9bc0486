//! The code that the built-in model writes.

use crate::{TOOLS, review};
use common::review::Verdict;
use critic::{Critic, Settings};

const TEMPLATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/llm/src/builtin/templates");

/// Protects the path without any key: nothing that the built-in model writes is ever blocked.
#[tokio::test]
async fn the_built_in_templates_are_not_blocked() {
    let mut settings = Settings::new(TOOLS);
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(TEMPLATES).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "py") {
            // Templates import shared parts by name; the finished code has them inside.
            settings.allowed_modules.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
            sources.push(path);
        }
    }
    if sources.is_empty() {
        eprintln!("skipped: there are no templates");
    }
    let critic = Critic::open(settings).await.expect("the review tools are installed");
    sources.sort();
    for path in sources {
        let code = std::fs::read_to_string(&path).expect("readable");
        let review = review(&critic, &code).await;
        eprintln!("{}: {}", path.file_name().unwrap_or_default().display(), review.verdict.as_str());
        assert_ne!(review.verdict, Verdict::Block, "{}: {:#?}", path.display(), review.findings);
        for finding in &review.findings {
            eprintln!("  {} {} line {}: {}", finding.tool, finding.rule, finding.line, finding.message);
        }
    }
}
