//! Objects on their way in: small ones at once, larger ones in parts that become an object together.

use super::calls::{PATIENCE, TRANSFER_PATIENCE, once, repeated};
use super::failure::S3Failure;
use s3::Bucket;
use s3::command::{Command, Multipart};
use s3::request::Request;
use s3::request::tokio_backend::ReqwestRequest;
use s3::serde_types::Part;
use std::sync::Arc;

/// Size of every part but the last: the least that S3 takes, because one of these is in memory for every put, and twice
/// more while it is sent.
pub const PART_BYTES: usize = 5 * 1024 * 1024;
/// Most parts of one upload, by the rules of S3; so the largest object has 48.8 GiB.
const MAX_PARTS: u32 = 10_000;
/// What all objects are to the store. Their real types are the services' business.
const CONTENT_TYPE: &str = "application/octet-stream";

/// An object in the making. Dropped before it is complete, what was begun is aborted behind the caller's back.
pub struct Upload {
    bucket: Arc<Bucket>,
    path: String,
    begun: Option<Begun>,
}

/// An upload that the store knows of.
struct Begun {
    id: String,
    parts: Vec<Part>,
}

/// An upload has more parts than S3 allows.
pub struct TooManyParts;

impl Upload {
    /// To this path. The store hears of it with the first part.
    pub fn new(bucket: Arc<Bucket>, path: String) -> Self {
        Self { bucket, path, begun: None }
    }

    /// Sends a part: all but the last have [`PART_BYTES`].
    pub async fn part(&mut self, content: &[u8]) -> Result<Result<(), TooManyParts>, S3Failure> {
        let begun = match &mut self.begun {
            Some(begun) => begun,
            none => none.insert(begin(&self.bucket, &self.path).await?),
        };
        let number = begun.parts.len() as u32 + 1;
        if number > MAX_PARTS {
            return Ok(Err(TooManyParts));
        }
        let tag = repeated(|| {
            let place = Multipart::new(number, &begun.id);
            once(TRANSFER_PATIENCE, send(&self.bucket, &self.path, content, Some(place)))
        })
        .await?;
        begun.parts.push(Part { part_number: number, etag: tag });
        Ok(Ok(()))
    }

    /// Makes the object of what was sent and of this rest.
    pub async fn complete(&mut self, rest: &[u8]) -> Result<Result<(), TooManyParts>, S3Failure> {
        if self.begun.is_none() {
            let call = || once(TRANSFER_PATIENCE, send(&self.bucket, &self.path, rest, None));
            return repeated(call).await.map(|_| Ok(()));
        }
        if !rest.is_empty()
            && let Err(too_many) = self.part(rest).await?
        {
            return Ok(Err(too_many));
        }
        if let Some(begun) = &self.begun {
            repeated(|| async {
                let call = self.bucket.complete_multipart_upload(&self.path, &begun.id, begun.parts.clone());
                once(TRANSFER_PATIENCE, call).await
            })
            .await?;
        }
        self.begun = None;
        Ok(Ok(()))
    }

    /// Has the store forget what was sent.
    pub async fn abort(mut self) {
        if let Some(begun) = &self.begun {
            abort(&self.bucket, &self.path, &begun.id).await;
        }
        // Only now: whoever drops this in the middle still has it aborted.
        self.begun = None;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(begun) = self.begun.take() else { return };
        // Outside of a runtime the process ends; then it is left to the bucket's lifecycle rule.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (bucket, path) = (self.bucket.clone(), std::mem::take(&mut self.path));
        runtime.spawn(async move { abort(&bucket, &path, &begun.id).await });
    }
}

/// Repeated it leaves an empty upload, which shows nowhere.
async fn begin(bucket: &Bucket, path: &str) -> Result<Begun, S3Failure> {
    let answer = repeated(|| once(PATIENCE, bucket.initiate_multipart_upload(path, CONTENT_TYPE))).await?;
    Ok(Begun { id: answer.upload_id, parts: Vec::new() })
}

/// Sends an object or a part of one, and answers its tag.
async fn send(
    bucket: &Bucket,
    path: &str,
    content: &[u8],
    multipart: Option<Multipart<'_>>,
) -> Result<String, s3::error::S3Error> {
    // Not the library's own call, which wants each part as a vector of its own.
    let command = Command::PutObject { content, content_type: CONTENT_TYPE, custom_headers: None, multipart };
    let answer = ReqwestRequest::new(bucket, path, command).await?.response().await?;
    let tag = answer.headers().get("etag").map(|tag| tag.to_str()).transpose()?;
    Ok(tag.unwrap_or_default().to_owned())
}

async fn abort(bucket: &Bucket, path: &str, id: &str) {
    match repeated(|| once(PATIENCE, bucket.abort_upload(path, id))).await {
        Ok(()) => {}
        // It became an object after all, or a repeated call had done it before.
        Err(failure) if failure.code() == "NoSuchUpload" => {}
        Err(failure) => {
            tracing::warn!(s3.failure = %failure, s3.path = path, "an unfinished upload is left to the bucket's rules");
        }
    }
}
