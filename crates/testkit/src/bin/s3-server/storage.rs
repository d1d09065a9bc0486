//! Objects and unfinished uploads in a folder: names are hashes, so that any key is possible beside any other.
//!
//! `buckets/B/H` holds the content of the key whose hash is `H`, `buckets/B/H.key` the key;
//! `uploads/U/N` is part `N` of an unfinished upload. Whole files are put in place at once.

use futures::StreamExt;
use s3s::crypto::{Checksum, Md5};
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput,
    DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, GetObjectInput, GetObjectOutput,
    HeadObjectInput, HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, Object, PutObjectInput,
    PutObjectOutput, StreamingBlob, Timestamp, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs;
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;

/// Least size of every part but the last, in bytes, as at AWS.
const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;
/// Most keys of one page.
const PAGE_KEYS: i32 = 1000;

/// The storage.
pub struct Storage {
    folder: PathBuf,
}

fn hash(key: &str) -> String {
    hex::encode(Sha256::digest(key))
}

fn broken(error: io::Error) -> S3Error {
    S3Error::internal_error(error)
}

/// A missing file as this error.
fn missing(what: S3Error) -> impl FnOnce(io::Error) -> S3Error {
    move |error| if error.kind() == io::ErrorKind::NotFound { what } else { broken(error) }
}

impl Storage {
    /// That of this folder, which is made when missing.
    pub fn open(folder: &Path) -> io::Result<Self> {
        for name in ["buckets", "uploads", "unfinished"] {
            std::fs::create_dir_all(folder.join(name))?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    fn bucket(&self, name: &str) -> S3Result<PathBuf> {
        let path = self.folder.join("buckets").join(name);
        if path.is_dir() { Ok(path) } else { Err(s3_error!(NoSuchBucket)) }
    }

    fn object(&self, bucket: &str, key: &str) -> S3Result<PathBuf> {
        Ok(self.bucket(bucket)?.join(hash(key)))
    }

    async fn upload(&self, id: &str) -> S3Result<PathBuf> {
        let path = self.folder.join("uploads").join(hash(id));
        if fs::try_exists(&path).await.map_err(broken)? { Ok(path) } else { Err(s3_error!(NoSuchUpload)) }
    }

    fn unfinished(&self) -> PathBuf {
        self.folder.join("unfinished").join(uuid::Uuid::new_v4().to_string())
    }

    /// Takes a whole body, or nothing of it, and answers its hash.
    async fn take(&self, body: Option<StreamingBlob>, place: &Path) -> S3Result<String> {
        let unfinished = self.unfinished();
        let taken = async {
            let mut file = fs::File::create(&unfinished).await.map_err(broken)?;
            let mut digest = Md5::new();
            let mut body = body.ok_or_else(|| s3_error!(IncompleteBody))?;
            while let Some(chunk) = body.next().await {
                let chunk = chunk.map_err(|error| S3Error::with_source(S3ErrorCode::IncompleteBody, error))?;
                digest.update(&chunk);
                file.write_all(&chunk).await.map_err(broken)?;
            }
            file.flush().await.map_err(broken)?;
            fs::rename(&unfinished, place).await.map_err(broken)?;
            Ok(hex::encode(digest.finalize()))
        };
        let taken = taken.await;
        if taken.is_err() {
            fs::remove_file(&unfinished).await.map_err(broken)?;
        }
        taken
    }

    /// Says which key its content belongs to. Without content that means nothing.
    async fn name(&self, object: &Path, key: &str) -> S3Result<()> {
        let unfinished = self.unfinished();
        fs::write(&unfinished, key).await.map_err(broken)?;
        fs::rename(unfinished, object.with_extension("key")).await.map_err(broken)
    }

    async fn remove(&self, bucket: &str, key: &str) -> S3Result<()> {
        match fs::remove_file(self.object(bucket, key)?).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(broken(error)),
            _ => Ok(()),
        }
    }

    /// Keys that begin so and come after that one, with their sizes, in order.
    async fn keys(&self, bucket: &str, prefix: &str, after: &str) -> S3Result<Vec<(String, std::fs::Metadata)>> {
        let mut found = Vec::new();
        let mut entries = fs::read_dir(self.bucket(bucket)?).await.map_err(broken)?;
        while let Some(entry) = entries.next_entry().await.map_err(broken)? {
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "key") {
                continue;
            }
            let Ok(meta) = fs::metadata(path.with_extension("")).await else { continue };
            let key = fs::read_to_string(&path).await.map_err(broken)?;
            if key.starts_with(prefix) && key.as_str() > after {
                found.push((key, meta));
            }
        }
        found.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        Ok(found)
    }
}

fn size(meta: &std::fs::Metadata) -> Option<i64> {
    i64::try_from(meta.len()).ok()
}

fn changed(meta: &std::fs::Metadata) -> Option<Timestamp> {
    meta.modified().ok().map(Timestamp::from)
}

#[async_trait::async_trait]
impl S3 for Storage {
    async fn create_bucket(&self, asked: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        match fs::create_dir(self.folder.join("buckets").join(asked.input.bucket)).await {
            Ok(()) => Ok(S3Response::new(CreateBucketOutput::default())),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(s3_error!(BucketAlreadyOwnedByYou)),
            Err(error) => Err(broken(error)),
        }
    }

    async fn put_object(&self, asked: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let PutObjectInput { bucket, key, body, .. } = asked.input;
        let object = self.object(&bucket, &key)?;
        self.name(&object, &key).await?;
        let tag = self.take(body, &object).await?;
        Ok(S3Response::new(PutObjectOutput { e_tag: Some(ETag::Strong(tag)), ..Default::default() }))
    }

    async fn head_object(&self, asked: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let object = self.object(&asked.input.bucket, &asked.input.key)?;
        let meta = fs::metadata(object).await.map_err(missing(s3_error!(NoSuchKey)))?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: size(&meta),
            last_modified: changed(&meta),
            ..Default::default()
        }))
    }

    async fn get_object(&self, asked: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        if asked.input.range.is_some() {
            return Err(s3_error!(NotImplemented));
        }
        let object = self.object(&asked.input.bucket, &asked.input.key)?;
        let file = fs::File::open(object).await.map_err(missing(s3_error!(NoSuchKey)))?;
        let meta = file.metadata().await.map_err(broken)?;
        Ok(S3Response::new(GetObjectOutput {
            content_length: size(&meta),
            last_modified: changed(&meta),
            body: Some(StreamingBlob::wrap(ReaderStream::with_capacity(file, 64 * 1024))),
            ..Default::default()
        }))
    }

    async fn list_objects_v2(&self, asked: S3Request<ListObjectsV2Input>) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = asked.input;
        if input.delimiter.is_some() {
            return Err(s3_error!(NotImplemented));
        }
        let prefix = input.prefix.unwrap_or_default();
        let after = input.continuation_token.clone().or(input.start_after).unwrap_or_default();
        let found = self.keys(&input.bucket, &prefix, &after).await?;
        let most = usize::try_from(input.max_keys.unwrap_or(PAGE_KEYS).min(PAGE_KEYS)).unwrap_or(0);
        let cut = found.len() > most;
        let page = &found[..most.min(found.len())];
        let object = |(key, meta): &(String, std::fs::Metadata)| Object {
            key: Some(key.clone()),
            size: size(meta),
            last_modified: changed(meta),
            ..Default::default()
        };
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(prefix),
            key_count: i32::try_from(page.len()).ok(),
            continuation_token: input.continuation_token,
            is_truncated: Some(cut),
            next_continuation_token: page.last().filter(|_| cut).map(|(key, _)| key.clone()),
            contents: Some(page.iter().map(object).collect()),
            ..Default::default()
        }))
    }

    async fn delete_object(&self, asked: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.remove(&asked.input.bucket, &asked.input.key).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(&self, asked: S3Request<DeleteObjectsInput>) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let mut deleted = Vec::new();
        for object in asked.input.delete.objects {
            self.remove(&asked.input.bucket, &object.key).await?;
            deleted.push(DeletedObject { key: Some(object.key), ..Default::default() });
        }
        Ok(S3Response::new(DeleteObjectsOutput { deleted: Some(deleted), ..Default::default() }))
    }

    async fn create_multipart_upload(
        &self,
        asked: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let CreateMultipartUploadInput { bucket, key, .. } = asked.input;
        self.bucket(&bucket)?;
        let id = uuid::Uuid::new_v4().to_string();
        fs::create_dir(self.folder.join("uploads").join(hash(&id))).await.map_err(broken)?;
        let upload_id = Some(id);
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            upload_id,
            ..Default::default()
        }))
    }

    async fn upload_part(&self, asked: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let UploadPartInput { body, upload_id, part_number, .. } = asked.input;
        let place = self.upload(&upload_id).await?.join(part_number.to_string());
        let tag = self.take(body, &place).await?;
        fs::write(place.with_extension("tag"), &tag).await.map_err(broken)?;
        Ok(S3Response::new(UploadPartOutput { e_tag: Some(ETag::Strong(tag)), ..Default::default() }))
    }

    async fn complete_multipart_upload(
        &self,
        asked: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let CompleteMultipartUploadInput { bucket, key, upload_id, multipart_upload, .. } = asked.input;
        let upload = self.upload(&upload_id).await?;
        let parts = multipart_upload.and_then(|named| named.parts).unwrap_or_default();
        let whole = self.unfinished();
        let mut file = fs::File::create(&whole).await.map_err(broken)?;
        for (index, part) in parts.iter().enumerate() {
            let place = upload.join(part.part_number.unwrap_or(0).to_string());
            let mut content = fs::File::open(&place).await.map_err(missing(s3_error!(InvalidPart)))?;
            let tag = fs::read_to_string(place.with_extension("tag")).await.map_err(missing(s3_error!(InvalidPart)))?;
            if part.e_tag != Some(ETag::Strong(tag)) {
                return Err(s3_error!(InvalidPart));
            }
            let bytes = tokio::io::copy(&mut content, &mut file).await.map_err(broken)?;
            if bytes < MIN_PART_BYTES && index + 1 < parts.len() {
                return Err(s3_error!(EntityTooSmall));
            }
        }
        file.flush().await.map_err(broken)?;
        let object = self.object(&bucket, &key)?;
        self.name(&object, &key).await?;
        fs::rename(whole, object).await.map_err(broken)?;
        fs::remove_dir_all(upload).await.map_err(broken)?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            ..Default::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        asked: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        fs::remove_dir_all(self.upload(&asked.input.upload_id).await?).await.map_err(broken)?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}
