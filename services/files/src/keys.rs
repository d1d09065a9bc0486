//! Where the bytes of an upload stand.

use blob::BlobKey;
use common::{FileId, OwnerId};

/// First segment of all keys of this service.
const ROOT: &str = "files";

/// The keys of one upload: `files/{owner}/{id}/…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileKeys {
    /// Prefix of all of them.
    pub prefix: BlobKey,
}

impl FileKeys {
    /// The keys of this upload.
    pub fn new(owner: &OwnerId, id: FileId) -> Self {
        let prefix = BlobKey::parse(&format!("{ROOT}/{owner}/{id}"));
        Self { prefix: prefix.expect("owners and ids are plain segments") }
    }

    /// The bytes as they were uploaded.
    pub fn original(&self) -> BlobKey {
        self.below("original")
    }

    /// The upright PNG without metadata.
    pub fn image(&self) -> BlobKey {
        self.below("image.png")
    }

    /// The thumbnail.
    pub fn thumbnail(&self) -> BlobKey {
        self.below("thumbnail.png")
    }

    fn below(&self, name: &str) -> BlobKey {
        self.prefix.join(name).expect("the names are short plain segments")
    }
}

/// The prefix of all uploads of all owners.
pub fn root() -> BlobKey {
    BlobKey::parse(ROOT).expect("a plain segment")
}

/// The prefix of all uploads of one owner.
pub fn owner_prefix(owner: &OwnerId) -> BlobKey {
    root().join(owner.as_str()).expect("an owner is a plain segment")
}

/// The upload a key belongs to, if it is one of ours.
pub fn upload_of(key: &BlobKey) -> Option<(OwnerId, FileId)> {
    let mut segments = key.segments();
    let (root, owner, id) = (segments.next()?, segments.next()?, segments.next()?);
    segments.next()?;
    (root == ROOT).then_some(())?;
    Some((OwnerId::parse(owner).ok()?, id.parse().ok()?))
}
