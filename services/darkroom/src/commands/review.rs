//! `darkroom review`: only the critic.

use super::{print_json, source_text};
use crate::cli;
use crate::exit::Exit;
use crate::printable::one_line;
use common::execution::MAX_EXECUTION_CODE_BYTES;
use common::review::{Review, Verdict};
use critic::Critic;
use runtime::Environment;

pub async fn review(options: cli::Review, environment: Environment) -> Exit {
    let code = match source_text(&options.file, MAX_EXECUTION_CODE_BYTES as u64) {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("{reason}");
            return Exit::Usage;
        }
    };
    let critic = match Critic::open_in(&environment).await {
        Ok(critic) => critic,
        Err(error) => {
            eprintln!("{error}");
            return Exit::NotReady;
        }
    };
    let review = match critic.review(&code).await {
        Ok(review) => review,
        Err(failure) => {
            eprintln!("{} {}", failure.detail, failure.advice);
            return Exit::NotReady;
        }
    };
    if options.json {
        print_json(&review);
    } else {
        print_text(&review);
    }
    if review.verdict == Verdict::Block { Exit::Failure } else { Exit::Success }
}

fn print_text(review: &Review) {
    for finding in &review.findings {
        let weight = if finding.blocks { "blocks" } else { "note" };
        println!(
            "{}:{}: {} {} ({weight}): {}",
            finding.line,
            finding.column,
            finding.tool,
            finding.rule,
            one_line(&finding.message, 300)
        );
    }
    println!("Verdict: {}.", review.verdict.as_str());
}
