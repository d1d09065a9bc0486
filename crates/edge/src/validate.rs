//! What actix cannot read becomes a problem with a code: JSON bodies, queries, forms and path ids.

use crate::Problem;
use actix_web::dev::Payload;
use actix_web::error::{JsonPayloadError, PayloadError, QueryPayloadError, UrlencodedError};
use actix_web::web::{FormConfig, JsonConfig, PathConfig, PayloadConfig, QueryConfig, ServiceConfig};
use actix_web::{FromRequest, HttpRequest};
use common::{ErrorCode, ExecutionId, FileId, JobId};
use serde_json::error::Category;
use std::future::{Ready, ready};
use std::str::FromStr;

/// Longest text of a parser's complaint that is passed on, in characters. Complaints can quote the input.
const MAX_COMPLAINT: usize = 300;

/// Makes every built-in extractor answer with a problem, and limits bodies read as a whole to
/// `body_limit` bytes. Multipart uploads have their own limit.
pub fn configure(cfg: &mut ServiceConfig, body_limit: usize) {
    cfg.app_data(JsonConfig::default().limit(body_limit).error_handler(|error, _| json_problem(&error).into()))
        .app_data(QueryConfig::default().error_handler(|error, _| query_problem(&error).into()))
        .app_data(FormConfig::default().limit(body_limit).error_handler(|error, _| form_problem(&error).into()))
        .app_data(PathConfig::default().error_handler(|_, _| Problem::new(ErrorCode::NotFound).into()))
        .app_data(PayloadConfig::new(body_limit));
}

fn json_problem(error: &JsonPayloadError) -> Problem {
    match error {
        JsonPayloadError::OverflowKnownLength { limit, .. } | JsonPayloadError::Overflow { limit } => too_large(*limit),
        JsonPayloadError::ContentType => {
            let detail = "The request body must be sent with 'Content-Type: application/json'.";
            Problem::with_detail(ErrorCode::UnsupportedMediaType, detail)
        }
        JsonPayloadError::Deserialize(error) => invalid_json(error),
        JsonPayloadError::Payload(error) => payload_problem(error),
        other => Problem::internal("reading a JSON body", other),
    }
}

/// The problem for JSON text that cannot be read, saying where.
pub fn invalid_json(error: &serde_json::Error) -> Problem {
    let complaint = shorten(&error.to_string());
    let detail = match error.classify() {
        Category::Eof => format!("The JSON body ends too early: {complaint}."),
        Category::Data => format!("The JSON body does not have the expected shape: {complaint}."),
        Category::Syntax | Category::Io => format!("The body is not valid JSON: {complaint}."),
    };
    Problem::with_detail(ErrorCode::InvalidJson, detail)
}

/// As [`invalid_json`], for whoever has the bytes: those that are no text at all are named as that.
pub fn invalid_json_bytes(body: &[u8], error: &serde_json::Error) -> Problem {
    match std::str::from_utf8(body) {
        Ok(_) => invalid_json(error),
        Err(text) => {
            let detail = format!("The body is not UTF-8 text: its byte {} is wrong.", text.valid_up_to() + 1);
            Problem::with_detail(ErrorCode::InvalidJson, detail)
        }
    }
}

fn query_problem(error: &QueryPayloadError) -> Problem {
    let QueryPayloadError::Deserialize(cause) = error else { return Problem::new(ErrorCode::BadRequest) };
    let complaint = shorten(&cause.to_string());
    Problem::with_detail(ErrorCode::BadRequest, format!("The query string could not be read: {complaint}."))
}

fn form_problem(error: &UrlencodedError) -> Problem {
    match error {
        UrlencodedError::Overflow { limit, .. } => too_large(*limit),
        UrlencodedError::ContentType => Problem::new(ErrorCode::UnsupportedMediaType),
        UrlencodedError::Payload(error) => payload_problem(error),
        _ => Problem::with_detail(ErrorCode::BadRequest, "The form could not be read."),
    }
}

fn payload_problem(error: &PayloadError) -> Problem {
    match error {
        PayloadError::Overflow => Problem::new(ErrorCode::PayloadTooLarge),
        _ => Problem::with_detail(ErrorCode::BadRequest, "The request body was cut off or could not be decoded."),
    }
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("The request body is larger than the {limit} bytes accepted here.");
    Problem::with_detail(ErrorCode::PayloadTooLarge, detail)
}

fn shorten(complaint: &str) -> String {
    match complaint.char_indices().nth(MAX_COMPLAINT) {
        Some((end, _)) => format!("{}…", &complaint[..end]),
        None => complaint.to_owned(),
    }
}

/// An id out of a path or body. Text that is no id names nothing, so it gets the same answer as an id
/// that does not exist.
///
/// # Errors
/// A problem with `missing` if the text is not an id.
pub fn parse_id<T: FromStr>(text: &str, missing: ErrorCode) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::new(missing))
}

/// An id that appears in paths as `{id}`.
pub trait NamedId: FromStr {
    /// The code for an id that names nothing.
    const MISSING: ErrorCode;
}

impl NamedId for FileId {
    const MISSING: ErrorCode = ErrorCode::FileNotFound;
}

impl NamedId for JobId {
    const MISSING: ErrorCode = ErrorCode::JobNotFound;
}

impl NamedId for ExecutionId {
    const MISSING: ErrorCode = ErrorCode::NotFound;
}

/// Extracts the path segment `{id}` as a typed id; text that is no id answers as "no such thing".
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(pub T);

impl<T: NamedId> FromRequest for PathId<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("id").unwrap_or_default();
        ready(parse_id(text, T::MISSING).map(Self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects callers: the answer says where the JSON is wrong, and never grows with the input.
    #[test]
    fn json_complaints_say_where_and_stay_short() {
        let error = serde_json::from_str::<Vec<u8>>("[1,").expect_err("cut off");
        let problem = invalid_json(&error);
        assert_eq!(problem.code(), ErrorCode::InvalidJson);
        assert!(problem.to_string().contains("line 1 column 3"), "{problem}");

        let quoted = format!("\"{}\"", "ä".repeat(5000));
        let error = serde_json::from_str::<bool>(&quoted).expect_err("not a bool");
        assert!(invalid_json(&error).to_string().chars().count() < 500);
    }

    /// Protects privacy of ids: text that is no id is answered like an id that does not exist.
    #[test]
    fn text_that_is_no_id_is_not_found() {
        let problem = parse_id::<FileId>("../etc", ErrorCode::FileNotFound).expect_err("no id");
        assert_eq!(problem.code(), ErrorCode::FileNotFound);
    }
}
