//! The suite every blob backend passes. Call [`run_all`] with a source of empty stores.

use crate::{BlobError, BlobInfo, BlobKey, BlobStore, ByteStream, ErrorKind, SharedStore};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use std::time::Duration;

/// Size of an object that no backend moves in one piece, in bytes.
const LARGE_BYTES: usize = 9 * 1024 * 1024 + 7;

/// Runs the whole suite; `fresh` gives an empty store each time it is called.
///
/// # Panics
/// When the backend breaks the contract.
pub async fn run_all<F: AsyncFn() -> SharedStore>(fresh: F) {
    stores_and_replaces(&*fresh().await).await;
    missing_objects_are_told(&*fresh().await).await;
    limits_hold(&*fresh().await).await;
    streams_whole_objects(&*fresh().await).await;
    failed_puts_leave_nothing(&*fresh().await).await;
    dropped_puts_leave_nothing_partial(&*fresh().await).await;
    any_allowed_key_works(&*fresh().await).await;
    lists_below_a_prefix_in_order(&*fresh().await).await;
    deletes_what_was_named(&*fresh().await).await;
    readers_never_see_half_an_object(fresh().await).await;
    the_check_leaves_nothing(&*fresh().await).await;
}

fn key(text: &str) -> BlobKey {
    BlobKey::parse(text).expect("a valid key")
}

fn kind<T>(answer: Result<T, BlobError>) -> ErrorKind {
    answer.err().expect("an error").kind
}

fn chunks(sizes: &[usize]) -> ByteStream {
    let all: Vec<_> = sizes.iter().map(|&size| Ok(Bytes::from(vec![b'x'; size]))).collect();
    stream::iter(all).boxed()
}

async fn put(store: &dyn BlobStore, name: &str, content: &str) {
    store.put(&key(name), Bytes::from(content.to_owned())).await.expect("put");
}

async fn names(store: &dyn BlobStore, prefix: &str) -> Vec<String> {
    store.list(&key(prefix)).await.expect("list").iter().map(ToString::to_string).collect()
}

/// What was put is read back; putting again replaces; an empty object is an object.
async fn stores_and_replaces(store: &dyn BlobStore) {
    for content in ["first", "", "a longer third"] {
        put(store, "a/b", content).await;
        assert_eq!(store.get(&key("a/b"), 100).await.expect("get"), content);
        assert_eq!(store.head(&key("a/b")).await.expect("head"), BlobInfo { bytes: content.len() as u64 });
    }
    assert_eq!(names(store, "a").await, ["a/b"]);
}

/// A missing object is `NotFound`, also where other keys begin with or stand below it.
async fn missing_objects_are_told(store: &dyn BlobStore) {
    put(store, "a/b/c", "x").await;
    for name in ["a", "a/b", "a/b/c/d", "a/b/cc", "z"] {
        assert_eq!(kind(store.get(&key(name), 100).await), ErrorKind::NotFound, "{name}");
        assert_eq!(kind(store.head(&key(name)).await), ErrorKind::NotFound, "{name}");
        assert_eq!(kind(store.get_stream(&key(name)).await.map(|_| ())), ErrorKind::NotFound, "{name}");
    }
}

/// Objects of exactly the limit pass, larger ones are `TooLarge`, for reading and for streaming in.
async fn limits_hold(store: &dyn BlobStore) {
    put(store, "a", "12345").await;
    assert_eq!(store.get(&key("a"), 5).await.expect("get"), "12345");
    assert_eq!(kind(store.get(&key("a"), 4).await), ErrorKind::TooLarge);
    assert_eq!(store.put_stream(&key("b"), chunks(&[3, 0, 2]), 5).await.expect("put"), 5);
    assert_eq!(kind(store.put_stream(&key("c"), chunks(&[3, 3]), 5).await), ErrorKind::TooLarge);
    assert_eq!(kind(store.head(&key("c")).await), ErrorKind::NotFound);
}

/// A large object streams in and out unchanged; an empty stream is an empty object.
async fn streams_whole_objects(store: &dyn BlobStore) {
    let content: Bytes = (0..LARGE_BYTES).map(|n| (n * 31 % 251) as u8).collect::<Vec<_>>().into();
    let pieces: Vec<_> = content.chunks(100_003).map(|piece| Ok(content.slice_ref(piece))).collect();
    let written = store.put_stream(&key("big"), stream::iter(pieces).boxed(), u64::MAX).await.expect("put");
    assert_eq!(written, LARGE_BYTES as u64);
    let (info, body) = store.get_stream(&key("big")).await.expect("get");
    assert_eq!(info.bytes, LARGE_BYTES as u64);
    let read: Vec<Bytes> = body.try_collect().await.expect("whole stream");
    assert!(read.concat() == content, "the content changed on the way");
    assert_eq!(store.put_stream(&key("none"), chunks(&[]), 0).await.expect("put"), 0);
    assert_eq!(store.head(&key("none")).await.expect("head").bytes, 0);
}

/// A put that fails midway stores nothing, and an earlier object stays as it was.
async fn failed_puts_leave_nothing(store: &dyn BlobStore) {
    put(store, "old", "kept").await;
    let broken = || {
        let cut = BlobError { kind: ErrorKind::Unavailable, key: String::new(), source: None };
        stream::iter([Ok(Bytes::from_static(b"half")), Err(cut)]).boxed()
    };
    for name in ["old", "new"] {
        assert_eq!(kind(store.put_stream(&key(name), broken(), 100).await), ErrorKind::Source, "{name}");
        assert_eq!(kind(store.put_stream(&key(name), chunks(&[10]), 9).await), ErrorKind::TooLarge, "{name}");
    }
    assert_eq!(store.get(&key("old"), 100).await.expect("get"), "kept");
    assert_eq!(kind(store.head(&key("new")).await), ErrorKind::NotFound);
}

/// A put dropped while its source still runs stores nothing.
async fn dropped_puts_leave_nothing_partial(store: &dyn BlobStore) {
    let endless = chunks(&[1000]).chain(stream::pending()).boxed();
    let unfinished = key("unfinished");
    let put = store.put_stream(&unfinished, endless, u64::MAX);
    assert!(tokio::time::timeout(Duration::from_millis(100), put).await.is_err());
    assert_eq!(kind(store.head(&unfinished).await), ErrorKind::NotFound);
}

/// Names from people and from code work as segments.
async fn any_allowed_key_works(store: &dyn BlobStore) {
    let longest = "é".repeat(crate::MAX_SEGMENT_BYTES / 2);
    let long_key = [longest.as_str(); 4].join("/");
    let mut all = [".hidden", "...", "a b+c%20", "Größe 图表 🎉.csv", "~", "-rf", "*?<>|\"':", long_key.as_str()]
        .map(|name| format!("keys/{name}"));
    for name in &all {
        put(store, name, name).await;
    }
    for name in &all {
        assert_eq!(store.get(&key(name), 1000).await.expect("get"), name.as_str());
    }
    all.sort_unstable();
    assert_eq!(names(store, "keys").await, all);
}

/// Listing gives exactly what stands below the prefix, in order of bytes.
async fn lists_below_a_prefix_in_order(store: &dyn BlobStore) {
    for name in ["a/c/2", "a/b.x", "a/b/1", "ab/1", "a/b/0/9"] {
        put(store, name, name).await;
    }
    assert_eq!(names(store, "a").await, ["a/b.x", "a/b/0/9", "a/b/1", "a/c/2"]);
    assert_eq!(names(store, "a/b").await, ["a/b/0/9", "a/b/1"]);
    assert_eq!(names(store, "a/c/2").await, [""; 0], "an object does not stand below itself");
    assert_eq!(names(store, "nothing").await, [""; 0]);
}

/// Deleting removes exactly what was named, and what is missing is fine.
async fn deletes_what_was_named(store: &dyn BlobStore) {
    for name in ["a/b/1", "a/b/2/3", "a/bc", "a/d"] {
        put(store, name, name).await;
    }
    for name in ["a/d", "a/d", "never", "a/b", "a/bc/below"] {
        store.delete(&key(name)).await.expect("delete");
    }
    assert_eq!(names(store, "a").await, ["a/b/1", "a/b/2/3", "a/bc"]);
    for prefix in ["a/b", "a/b", "never", "a/bc"] {
        store.delete_prefix(&key(prefix)).await.expect("delete");
    }
    assert_eq!(names(store, "a").await, ["a/bc"], "an object does not stand below itself");
    put(store, "a/b/1", "again").await;
    assert_eq!(store.get(&key("a/b/1"), 100).await.expect("get"), "again");
}

/// While an object is replaced again and again, every reader sees one of its whole versions.
async fn readers_never_see_half_an_object(store: SharedStore) {
    let version = |n: usize| Bytes::from(vec![b'0' + (n % 10) as u8; 200_000 + n]);
    store.put(&key("v"), version(0)).await.expect("put");
    let writer = store.clone();
    let writing = tokio::spawn(async move {
        for n in 1..30 {
            writer.put(&key("v"), version(n)).await.expect("put");
        }
    });
    while !writing.is_finished() {
        let seen = store.get(&key("v"), u64::MAX).await.expect("get");
        assert_eq!(seen, version(seen.len() - 200_000));
    }
    writing.await.expect("the writer ends well");
}

/// A check proves the store works and leaves nothing behind.
async fn the_check_leaves_nothing(store: &dyn BlobStore) {
    store.check().await.expect("a working store");
    assert_eq!(names(store, "check").await, [""; 0]);
}
