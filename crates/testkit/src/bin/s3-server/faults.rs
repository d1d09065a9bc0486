//! Failures on order: what stands in the file `fault` fails as many of the next requests.

use s3s::access::{S3Access, S3AccessContext};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Refuses whoever is not signed for, and whatever was ordered to fail.
pub struct Faults {
    file: PathBuf,
    turn: Mutex<()>,
}

impl Faults {
    /// Those ordered in this folder.
    pub fn of(folder: &Path) -> Self {
        Self { file: folder.join("fault"), turn: Mutex::new(()) }
    }

    /// The failure for this request. The file holds `COUNT STATUS CODE`; count is of the requests left to fail.
    fn next(&self) -> Option<S3Error> {
        let _turn = self.turn.lock().ok()?;
        let text = std::fs::read_to_string(&self.file).ok()?;
        let [count, status, code] = text.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
        let left = count.parse::<u32>().ok()?.checked_sub(1)?;
        std::fs::write(&self.file, format!("{left} {status} {code}")).ok()?;
        let mut error = S3Error::with_message(S3ErrorCode::from_bytes(code.as_bytes())?, "ordered by the test");
        error.set_status_code(status.parse().ok()?);
        Some(error)
    }
}

#[async_trait::async_trait]
impl S3Access for Faults {
    async fn check(&self, asked: &mut S3AccessContext<'_>) -> S3Result<()> {
        if asked.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "not signed"));
        }
        self.next().map_or(Ok(()), Err)
    }
}
