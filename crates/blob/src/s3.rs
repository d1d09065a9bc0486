//! The S3 backend: objects in a bucket of MinIO, AWS or whatever else speaks S3, below a prefix of the URL's.
//!
//! - Bytes pass through our services, which know who may see them; no presigned links leave them.
//! - A put holds one part of 5 MiB in memory, and three while it is sent; a stream read holds what the network does.
//! - Calls are bounded in time, and repeated over one to three seconds when the connection fails or the store asks for
//!   time. What a stream's reader has seen is not repeated: the stream ends with an error.
//! - A put that fails or is dropped aborts what it began. What a killed process leaves is seen by nobody, but paid for:
//!   give the bucket a lifecycle rule that aborts incomplete uploads after a day (`AbortIncompleteMultipartUpload`; MinIO
//!   does so by itself).
//! - A put that answers `Unavailable` may still become visible, whole: its answer was lost, not the object.
//! - Keys of others below the prefix that cannot be ours are not listed; `delete_prefix` removes them.
//! - Path style, because every store takes it. Versions that a bucket keeps are the operator's.

mod address;
mod calls;
mod failure;
mod upload;

pub use address::S3Address;
pub use failure::S3Failure;

use crate::{BlobError, BlobInfo, BlobKey, BlobReader, BlobStore, ByteStream, ConnectError, ErrorKind};
use async_trait::async_trait;
use bytes::Bytes;
use calls::{PATIENCE, TRANSFER_PATIENCE, once, repeated};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use s3::bucket_ops::BucketConfiguration;
use s3::command::Command;
use s3::creds::Credentials;
use s3::error::S3Error;
use s3::request::Request;
use s3::request::tokio_backend::ReqwestRequest;
use s3::serde_types::ObjectIdentifier;
use s3::{Bucket, Region};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use upload::{PART_BYTES, TooManyParts, Upload};

/// Longest silence in the middle of an object that is read.
const SILENCE: Duration = Duration::from_secs(30);
/// Most keys that one request deletes, by the rules of S3.
const DELETE_KEYS: usize = 1000;
/// Looks at a bucket that is being made, by us or by a replica, before it is given up.
const LOOKS: u32 = 5;
/// The region whose name a new bucket must not carry, at AWS.
const NAMELESS_REGION: &str = "us-east-1";

/// Objects in a bucket.
#[derive(Clone)]
pub struct S3Store {
    bucket: Arc<Bucket>,
    prefix: Arc<str>,
}

impl fmt::Debug for S3Store {
    /// Without the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Store").field("bucket", &self.bucket.name).field("prefix", &self.prefix).finish()
    }
}

impl S3Store {
    /// Opens the store, and makes the bucket when it is missing.
    ///
    /// # Errors
    /// The store cannot be reached, refuses the credentials, or the bucket cannot be made.
    pub async fn open(address: S3Address) -> Result<Self, ConnectError> {
        let name = address.bucket.clone();
        let opened = async {
            let store = Self::at(address).map_err(S3Failure::new)?;
            store.ensure_bucket().await?;
            Ok(store)
        };
        opened.await.map_err(|source| ConnectError::Bucket { bucket: name, source })
    }

    /// The store at an address that nobody has spoken to yet.
    fn at(address: S3Address) -> Result<Self, S3Error> {
        // Repeated is only what this module repeats.
        s3::set_retries(0);
        let credentials = Credentials::new(Some(&address.access), Some(&address.secret), None, None, None)?;
        let region = Region::Custom { region: address.region, endpoint: address.endpoint };
        let bucket = Bucket::new(&address.bucket, region, credentials)?.with_path_style();
        // One that never applies: without any, the environment would choose one.
        let mut bucket = bucket.set_proxy(reqwest_of_s3::Proxy::custom(|_| None::<&str>))?;
        // Time is bounded here, call by call: this bound would also end long streams.
        bucket.set_request_timeout(None);
        Ok(Self { bucket: Arc::new(bucket), prefix: address.prefix.into() })
    }

    async fn ensure_bucket(&self) -> Result<(), S3Failure> {
        let mut look = 1;
        loop {
            // Of our prefix alone: more may not be allowed.
            let page = || once(PATIENCE, self.bucket.list_page(self.prefix.to_string(), None, None, None, Some(1)));
            match repeated(page).await {
                Err(failure) if failure.code() == "NoSuchBucket" && look < LOOKS => self.make_bucket().await?,
                answer => return answer.map(|_| ()),
            }
            tokio::time::sleep(Duration::from_millis(100) * look).await;
            look += 1;
        }
    }

    async fn make_bucket(&self) -> Result<(), S3Failure> {
        let region = self.bucket.region();
        let place = (region.to_string() != NAMELESS_REGION).then_some(region);
        let made = repeated(|| async {
            // Not the library's own call, which names that region too, and asks for rights that AWS has done away with.
            let config = BucketConfiguration::new(None, false, None, None, None, None, None, place.clone());
            let command = Command::CreateBucket { config };
            let call = async { ReqwestRequest::new(&self.bucket, "", command).await?.response().await };
            once(PATIENCE, call).await
        });
        match made.await {
            // By a replica, or by a call of ours whose answer was lost; whether we may use it shows next.
            Err(failure) if matches!(failure.code(), "BucketAlreadyOwnedByYou" | "BucketAlreadyExists") => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    fn path(&self, key: &BlobKey) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Asks for an object: its size and the stream of its bytes.
    async fn fetch(
        &self,
        key: &BlobKey,
    ) -> Result<(u64, impl Stream<Item = Result<Bytes, S3Failure>> + Send + 'static), S3Failure> {
        let path = self.path(key);
        // Not the library's own call, which does not tell the size.
        let call = async { ReqwestRequest::new(&self.bucket, &path, Command::GetObject).await?.response().await };
        let answer = once(PATIENCE, call).await?;
        let bytes = answer.content_length().ok_or_else(|| S3Failure::Protocol("it does not tell sizes".into()))?;
        let content = Box::pin(answer.bytes_stream());
        Ok((bytes, watched(content.map_err(|error| S3Failure::new(S3Error::Reqwest(error))))))
    }

    /// A whole object; none where it is larger than the limit.
    async fn whole(&self, key: &BlobKey, limit: u64) -> Result<Option<Bytes>, S3Failure> {
        let (bytes, content) = self.fetch(key).await?;
        if bytes > limit {
            return Ok(None);
        }
        let mut whole = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
        let mut content = std::pin::pin!(content);
        while let Some(chunk) = content.try_next().await? {
            whole.extend_from_slice(&chunk);
        }
        Ok(Some(whole.into()))
    }

    /// Paths below a prefix, as the store has them.
    async fn paths(&self, prefix: &BlobKey) -> Result<Vec<String>, S3Failure> {
        let below = format!("{}/", self.path(prefix));
        let (mut paths, mut next) = (Vec::new(), None::<String>);
        loop {
            let page = || once(PATIENCE, self.bucket.list_page(below.clone(), None, next.clone(), None, None));
            let (page, _) = repeated(page).await?;
            paths.extend(page.contents.into_iter().map(|object| object.key));
            match page.next_continuation_token {
                Some(token) if page.is_truncated => next = Some(token),
                _ => return Ok(paths),
            }
        }
    }

    async fn delete_paths(&self, paths: &[String]) -> Result<(), S3Failure> {
        repeated(|| async {
            let named: Vec<_> = paths.iter().map(ObjectIdentifier::new).collect();
            let answer = once(TRANSFER_PATIENCE, self.bucket.delete_objects(named)).await?;
            match answer.errors.into_iter().next() {
                Some(error) => Err(S3Failure::answer(200, error.code)),
                None => Ok(()),
            }
        })
        .await
    }
}

/// Ends a stream that has fallen silent.
fn watched(
    content: impl Stream<Item = Result<Bytes, S3Failure>> + Send + Unpin + 'static,
) -> impl Stream<Item = Result<Bytes, S3Failure>> + Send + 'static {
    stream::unfold(Some(content), async |content| {
        let mut content = content?;
        match tokio::time::timeout(SILENCE, content.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(chunk))) => Some((Ok(chunk), Some(content))),
            Ok(Some(Err(failure))) => Some((Err(failure), None)),
            Err(_) => Some((Err(S3Failure::Late(SILENCE)), None)),
        }
    })
}

#[async_trait]
impl BlobReader for S3Store {
    async fn head(&self, key: &BlobKey) -> Result<BlobInfo, BlobError> {
        let path = self.path(key);
        let asked = repeated(|| once(PATIENCE, self.bucket.head_object(&path))).await;
        let (known, _) = asked.map_err(|failure| failure.at(key))?;
        let bytes = known.content_length.and_then(|bytes| u64::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| S3Failure::Protocol("it does not tell sizes".into()).at(key))?;
        Ok(BlobInfo { bytes })
    }

    async fn get(&self, key: &BlobKey, limit: u64) -> Result<Bytes, BlobError> {
        let read = repeated(|| self.whole(key, limit)).await.map_err(|failure| failure.at(key))?;
        read.ok_or_else(|| BlobError::new(ErrorKind::TooLarge, key))
    }

    async fn get_stream(&self, key: &BlobKey) -> Result<(BlobInfo, ByteStream), BlobError> {
        let (bytes, content) = repeated(|| self.fetch(key)).await.map_err(|failure| failure.at(key))?;
        let key = key.clone();
        Ok((BlobInfo { bytes }, content.map_err(move |failure| failure.at(&key)).boxed()))
    }

    async fn list(&self, prefix: &BlobKey) -> Result<Vec<BlobKey>, BlobError> {
        let paths = self.paths(prefix).await.map_err(|failure| failure.at(prefix))?;
        let key = |path: &String| BlobKey::parse(path.strip_prefix(&*self.prefix)?).ok();
        let mut keys: Vec<BlobKey> = paths.iter().filter_map(key).collect();
        // S3 promises that order, but not every bucket of AWS keeps it.
        keys.sort_unstable();
        Ok(keys)
    }
}

#[async_trait]
impl BlobStore for S3Store {
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), BlobError> {
        self.put_stream(key, stream::once(async { Ok(bytes) }).boxed(), u64::MAX).await.map(|_| ())
    }

    async fn put_stream(&self, key: &BlobKey, stream: ByteStream, limit: u64) -> Result<u64, BlobError> {
        let mut upload = Upload::new(self.bucket.clone(), self.path(key));
        let put = fill(&mut upload, key, stream, limit).await;
        if put.is_err() {
            upload.abort().await;
        }
        put
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        let path = self.path(key);
        match repeated(|| once(PATIENCE, self.bucket.delete_object(&path))).await.map_err(|failure| failure.at(key)) {
            // Most stores do not tell a missing object apart, some do.
            Err(BlobError { kind: ErrorKind::NotFound, .. }) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn delete_prefix(&self, prefix: &BlobKey) -> Result<(), BlobError> {
        let paths = self.paths(prefix).await.map_err(|failure| failure.at(prefix))?;
        for some in paths.chunks(DELETE_KEYS) {
            self.delete_paths(some).await.map_err(|failure| failure.at(prefix))?;
        }
        Ok(())
    }

    async fn check(&self) -> Result<(), BlobError> {
        crate::check::write_read_delete(self).await
    }
}

/// Sends a stream part by part, completes the upload, and answers the size.
async fn fill(upload: &mut Upload, key: &BlobKey, mut stream: ByteStream, limit: u64) -> Result<u64, BlobError> {
    let too_large = |TooManyParts| BlobError::new(ErrorKind::TooLarge, key);
    let mut total = 0;
    let mut part: Vec<u8> = Vec::new();
    while let Some(chunk) = stream.next().await {
        let mut chunk = chunk.map_err(|error| BlobError::caused(ErrorKind::Source, key, error))?;
        total += chunk.len() as u64;
        if total > limit {
            return Err(BlobError::new(ErrorKind::TooLarge, key));
        }
        while !chunk.is_empty() {
            let fits = chunk.split_to(chunk.len().min(PART_BYTES - part.len()));
            part.extend_from_slice(&fits);
            if part.len() == PART_BYTES {
                upload.part(&part).await.map_err(|failure| failure.at(key))?.map_err(too_large)?;
                part.clear();
            }
        }
    }
    upload.complete(&part).await.map_err(|failure| failure.at(key))?.map_err(too_large)?;
    Ok(total)
}
