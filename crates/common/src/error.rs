//! The closed table of error codes, and the one shape of a failure that may be shown to a person.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal, $title:literal, $advice:literal;)+) => {
        /// Every code a client can see. Codes are stable: programs branch on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)+ }

        impl ErrorCode {
            /// All codes, in the order of the table.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant,)+];

            /// The stable text of the code, for example `file_not_found`.
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$variant => $code,)+ }
            }

            /// The HTTP status this code is answered with.
            pub const fn status(self) -> u16 {
                match self { $(ErrorCode::$variant => $status,)+ }
            }

            /// One plain sentence: what happened.
            pub const fn title(self) -> &'static str {
                match self { $(ErrorCode::$variant => $title,)+ }
            }

            /// What the person can do next.
            pub const fn advice(self) -> &'static str {
                match self { $(ErrorCode::$variant => $advice,)+ }
            }
        }
    };
}

error_codes! {
    /// The request could not be understood.
    BadRequest = "bad_request", 400, "The request could not be understood.", "Compare it with the API description at /docs.";
    /// A JSON body could not be read.
    InvalidJson = "invalid_json", 400, "The request body is not the JSON that was expected.", "Compare the body with the API description at /docs.";
    /// No credentials, or wrong ones.
    Unauthorized = "unauthorized", 401, "This needs a valid token.", "Send the header 'Authorization: Bearer TOKEN'; 'darkroom token' prints the local token.";
    /// Known, but not allowed.
    Forbidden = "forbidden", 403, "This is not allowed for the credentials in use.", "Use credentials that may do this.";
    /// Known, but the credentials in use lack a scope, which the detail names.
    MissingScope = "missing_scope", 403, "The credentials in use lack a scope that this needs.", "Make an API key with the scope named in the detail, or sign in as a person.";
    /// Known, but not an owner of this installation.
    OwnerOnly = "owner_only", 403, "Only an owner of this installation may do this.", "Ask an owner.";
    /// Wrong e-mail address or password; which of them is not said.
    SignInRefused = "sign_in_refused", 401, "E-mail address or password is wrong.", "Try again; an owner can invite you anew.";
    /// This way of signing in is not that of this installation.
    SignInElsewhere = "sign_in_elsewhere", 409, "People sign in to this installation another way.", "Read at GET /api/v1/config how.";
    /// Too many tries to sign in or join.
    TooManyTries = "too_many_tries", 429, "There were too many tries.", "Try again after the time in the Retry-After header.";
    /// The invitation is wrong, used, taken back or too old.
    InvitationNotFound = "invitation_not_found", 404, "There is no such invitation, or it was used or has ended.", "Ask an owner for a new one.";
    /// Somebody has this e-mail address already.
    EmailTaken = "email_taken", 409, "Somebody with this e-mail address is here already.", "Sign in with it, or use another.";
    /// It would leave the installation without an owner.
    LastOwner = "last_owner", 409, "This would leave the installation without an owner.", "Make somebody else an owner first.";
    /// No such person.
    UserNotFound = "user_not_found", 404, "There is no such person.", "List them at GET /api/v1/users.";
    /// No such session of this person.
    SessionNotFound = "session_not_found", 404, "There is no such session.", "List your sessions at GET /api/v1/me/sessions.";
    /// No such API key of this person.
    KeyNotFound = "key_not_found", 404, "There is no such API key.", "List your keys at GET /api/v1/keys.";
    /// No such route.
    NotFound = "not_found", 404, "There is nothing at this address.", "Check the address against the API description at /docs.";
    /// No such file for this owner.
    FileNotFound = "file_not_found", 404, "There is no such file.", "List your files at GET /api/v1/files, or upload the image again.";
    /// No such job for this owner.
    JobNotFound = "job_not_found", 404, "There is no such job.", "List your jobs at GET /api/v1/jobs.";
    /// No such output of this job or execution.
    OutputNotFound = "output_not_found", 404, "There is no such output.", "The results of the job or execution list its outputs by name.";
    /// The method does not exist here.
    MethodNotAllowed = "method_not_allowed", 405, "This address does not answer that method.", "Check the method against the API description at /docs.";
    /// The job is in a state in which this cannot be done.
    JobStateConflict = "job_state_conflict", 409, "The job is in a state in which this cannot be done.", "Read the job again and act on its current state.";
    /// The same idempotency key with another request.
    IdempotencyConflict = "idempotency_conflict", 409, "This Idempotency-Key was used before with a different request.", "Use a new key for a new request.";
    /// The body is larger than allowed.
    PayloadTooLarge = "payload_too_large", 413, "The request is larger than this server accepts.", "Send less, or ask the operator to raise the limit.";
    /// The upload is larger than allowed.
    FileTooLarge = "file_too_large", 413, "The image file is larger than this server accepts.", "Save it smaller, or ask the operator to raise MAX_UPLOAD_BYTES.";
    /// The image has more pixels than allowed.
    TooManyPixels = "too_many_pixels", 413, "The image has more pixels than this server accepts.", "Scale it down, or ask the operator to raise MAX_IMAGE_PIXELS.";
    /// The upload holds no bytes.
    EmptyFile = "empty_file", 400, "The uploaded file is empty.", "Choose the image again and upload it once more.";
    /// The multipart body has no usable part `file`.
    MissingFile = "missing_file", 400, "The request carries no file.", "Send multipart/form-data with one part named 'file'.";
    /// The bytes are not of an accepted image type.
    UnsupportedMediaType = "unsupported_media_type", 415, "This kind of content is not accepted here.", "Images are accepted as PNG, JPEG, WebP, GIF, BMP or TIFF; request bodies as the API description says. Save a page of a PDF as an image first.";
    /// An image type, but it cannot be decoded.
    UndecodableImage = "undecodable_image", 422, "The image is damaged or cut off and cannot be decoded.", "Open and save it again in an image program, then upload the new file.";
    /// A field has a value that is not allowed.
    InvalidField = "invalid_field", 422, "A field has a value that is not allowed.", "Correct the field named in the detail.";
    /// The prompt is too long.
    PromptTooLong = "prompt_too_long", 422, "The prompt is longer than 16,384 bytes.", "Shorten it to what should be done with the picture.";
    /// The code is too long.
    CodeTooLong = "code_too_long", 422, "The code is longer than this server accepts.", "Shorten it, or move data into input files.";
    /// Rules play the role: there is no model.
    NoModel = "no_model", 409, "No model plays this role; the built-in rules do.", "Name a model for the role in the settings, such as CODE_MODEL_URL and CODE_MODEL_NAME.";
    /// A webhook may not be sent there.
    AddressRefused = "address_refused", 422, "Webhooks cannot be sent to this address.", "Use an https address on the public internet, or ask the operator to allow the host with WEBHOOK_HOSTS.";
    /// No mail server is set.
    MailOff = "mail_off", 409, "This server sends no mail.", "Use a webhook, or ask the operator to set SMTP_URL and MAIL_FROM.";
    /// The channel is not set, not confirmed or closed.
    ChannelOff = "channel_off", 409, "This way of being told is not switched on.", "Set it in the notification settings; an e-mail address has to be confirmed by its code.";
    /// The code does not confirm the address.
    WrongCode = "wrong_code", 422, "This is not the code that was sent to the address.", "Enter the code of the newest letter; to have another sent, remove the address and set it again.";
    /// Too many requests or no free slot.
    TooBusy = "too_busy", 429, "The server is busy with other work.", "Try again after the time in the Retry-After header.";
    /// The caller used what may be used in a time, or has as much open as may be.
    LimitReached = "limit_reached", 429, "You have used as much as you may use at the moment.", "Wait for the time in the Retry-After header, or ask who runs this server for more.";
    /// Something failed that is not the client's fault.
    Internal = "internal_error", 500, "Something went wrong on the server.", "Try again; if it stays, give the operator the request id.";
    /// A needed part is not ready.
    NotReady = "not_ready", 503, "A part of the system that this needs is not ready.", "Try again in a moment; 'darkroom doctor' tells the operator what is missing.";
    /// The proxy got no answer from the part that should have given one. Only the gateway says it, in the proxy's place:
    /// no service answers a request with 502 by itself, for a model that fails neither (424, below).
    ServiceUnreachable = "service_unreachable", 502, "The part of the system that this needs did not answer.", "Reading can be tried again. Before a change is sent again, look whether it was made; a job with the same Idempotency-Key is made once.";
    /// Storage is full or failing.
    StorageUnavailable = "storage_unavailable", 507, "The server cannot store anything at the moment.", "Nothing was kept; try again later. The operator should check the disk.";
    /// The jail cannot be had.
    JailUnavailable = "jail_unavailable", 503, "The sandbox cannot run code safely here.", "Run 'darkroom doctor' and follow its advice.";
    /// The model endpoint cannot be reached.
    ModelUnavailable = "model_unavailable", 424, "The model endpoint cannot be reached or keeps failing.", "Check the model URL and that its server is up, then retry the job.";
    /// The model endpoint refuses for lack of quota.
    ModelRateLimited = "model_rate_limited", 424, "The model endpoint refuses requests because of its rate limit.", "Wait a little and retry the job, or use another endpoint.";
    /// The model endpoint refuses the credentials or the request.
    ModelRefused = "model_refused", 424, "The model endpoint refuses the request.", "Check the model's name and key in the settings.";
    /// The model answered too slowly.
    ModelTimeout = "model_timeout", 424, "The model took too long to answer.", "Retry the job, or use a faster model.";
    /// The model's answers could not be used.
    ModelAnswerUnusable = "model_answer_unusable", 424, "The model's answers could not be used.", "Retry, use another model, or say more precisely what you want.";
    /// The critic blocked every attempt.
    ReviewBlocked = "review_blocked", 422, "The code was blocked by the review every time.", "Read the findings, then retry with another prompt or model.";
    /// The code failed every time.
    RunFailed = "run_failed", 422, "The code failed every time it was run.", "Read the error of the last run, then retry with another prompt or model.";
    /// The code ran out of time.
    RunTimeout = "run_timeout", 422, "The code did not finish within its time limit.", "Retry with a simpler request or a higher time limit.";
    /// The code ran out of memory.
    RunOutOfMemory = "run_out_of_memory", 422, "The code needed more memory than it may use.", "Retry with a smaller picture or a simpler request.";
    /// The code wrote too much.
    RunOutputLimit = "run_output_limit", 422, "The code wrote more output than it may.", "Retry with a request for fewer or smaller files.";
    /// The picture could not be analysed.
    LookFailed = "look_failed", 422, "The picture could not be analysed.", "Try a clearer or smaller picture.";
    /// The job took longer than allowed.
    JobTimeout = "job_timeout", 422, "The job took longer than it may.", "Retry with a simpler request.";
    /// Tokens, money or turns ran out before any result.
    BudgetReached = "budget_reached", 422, "The job used up what it may spend before it had a result.", "Allow more turns, tokens or money for the job, or use another model.";
    /// The person cancelled the job.
    JobCancelled = "job_cancelled", 409, "The job was cancelled.", "Retry it to start again.";
    /// A worker died or the command could not be handled.
    WorkerFailed = "worker_failed", 500, "A part of the system failed while working on this job.", "Retry the job; if it stays, give the operator the job id.";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for ErrorCode {
    type Err = UnknownErrorCode;

    fn from_str(text: &str) -> Result<Self, UnknownErrorCode> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text).ok_or(UnknownErrorCode)
    }
}

/// The text is not in the table of codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a known error code")]
pub struct UnknownErrorCode;

impl Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for ErrorCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

impl utoipa::ToSchema for ErrorCode {}

/// A failure that may be shown to a person: a code of the table and a sentence about this case.
///
/// The detail never carries internal text (paths, SQL, stack traces); that goes to the log where it
/// happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, utoipa::ToSchema)]
#[error("{code}: {detail}")]
pub struct Failure {
    /// The stable code.
    pub code: ErrorCode,
    /// What happened in this case, in one or two plain sentences.
    pub detail: String,
    /// What to do next.
    pub advice: String,
    /// After how many seconds it is worth another try, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
}

impl Failure {
    /// A failure with the table's own sentence as its detail.
    pub fn new(code: ErrorCode) -> Self {
        Self::with_detail(code, code.title())
    }

    /// A failure that says more about this case than the table can.
    pub fn with_detail(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), advice: code.advice().to_owned(), retry_after_seconds: None }
    }

    /// One that is over after so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects clients: codes are unique, machine-readable, have a real status, and come with advice.
    #[test]
    fn the_table_is_well_formed() {
        let mut seen = std::collections::BTreeSet::new();
        for code in ErrorCode::ALL {
            assert!(seen.insert(code.as_str()), "{code} appears twice");
            assert!(code.as_str().chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{code}");
            assert!((400..600).contains(&code.status()), "{code}");
            assert!(code.title().ends_with('.') && code.advice().ends_with('.'), "{code}");
            assert_eq!(code.as_str().parse(), Ok(*code));
        }
    }
}
