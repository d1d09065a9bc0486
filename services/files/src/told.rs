//! What is told of uploads.

use edge::Problem;
use observe::table::UPLOADS;

/// Counts an upload by what came of it.
pub fn uploaded<T>(outcome: &Result<T, Problem>) {
    let outcome = outcome.as_ref().map_or_else(|problem| problem.code().as_str(), |_| "stored");
    observe::counter!(UPLOADS, "outcome" => outcome).increment(1);
}
