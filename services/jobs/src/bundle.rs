//! Everything of a job as one zip: what is in it, under which names, written while it is sent.

use crate::doc::{Job, Millis};
use blob::{BlobKey, ByteStream, ErrorKind, SharedStore};
use bytes::Bytes;
use chrono::{DateTime, Datelike, Timelike, Utc};
use common::job::JobReport;
use common::picture::{Upload, input_name};
use common::{Failure, JobId};
use futures::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt, try_unfold};
use std::collections::HashSet;
use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// Longest segment of a path within a bundle, in bytes: what common file systems take, with room for a mark.
const MAX_SEGMENT_BYTES: usize = 200;

/// Names that Windows keeps for devices, whatever follows them after a dot.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "com", "lpt", "conin$", "conout$"];

/// One file of a bundle.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path within the bundle.
    path: String,
    content: Content,
    /// Whether packing makes it smaller; pictures and the like are packed already.
    packs: bool,
    /// Whether it is left out where it has been deleted meanwhile; anything else that is missing is a fault.
    may_be_gone: bool,
}

impl Entry {
    /// One that is known already.
    pub fn text(path: String, text: Vec<u8>) -> Self {
        Self { path, content: Content::Text(text), packs: true, may_be_gone: false }
    }

    /// The bytes of an upload, below the folder `files`.
    pub fn upload(upload: &Upload) -> Self {
        let path = safe_path(&format!("files/{}/{}", upload.file_id, upload.name.replace(['/', '\\'], "_")));
        Self { path, content: Content::Blob(upload.original_key.clone()), packs: false, may_be_gone: true }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Content {
    /// Known already.
    Text(Vec<u8>),
    /// Read while it is sent.
    Blob(String),
}

/// Name of the bundle for the save dialog.
pub fn file_name(id: JobId) -> String {
    format!("darkroom-{id}.zip")
}

/// What belongs into the bundle: the report, the code, its review and what it printed; the outputs; the pictures, upright
/// and without metadata as the code saw them. `report` names its outputs by their blob keys, `told` as clients read it.
///
/// # Errors
/// `internal` where the report cannot be written as JSON.
pub fn entries(job: &Job, report: &JobReport, told: &JobReport) -> Result<Vec<Entry>, Failure> {
    let mut paths = Paths::below(&format!("darkroom-{}", job.id));
    let mut entries = Vec::new();
    let mut text = |path: &str, content: Vec<u8>| {
        entries.push(Entry::text(paths.free(path), content));
    };
    text("report.json", json(told)?);
    if let Some(code) = &report.code {
        text("code.py", code.clone().into_bytes());
    }
    if let Some(review) = &report.review {
        text("review.json", json(review)?);
    }
    if let Some(run) = &report.run {
        text("stdout.txt", run.stdout.clone().into_bytes());
        text("stderr.txt", run.stderr.clone().into_bytes());
    }
    for output in &report.outputs {
        let packs = output.media_type.starts_with("text/") || output.media_type.contains("json");
        let path = paths.free(&format!("outputs/{}", output.name));
        entries.push(Entry { path, content: Content::Blob(output.path.clone()), packs, may_be_gone: false });
    }
    for (index, picture) in job.pictures.iter().enumerate() {
        let path = paths.free(&format!("pictures/{}", input_name(index, job.pictures.len())));
        let content = Content::Blob(picture.blob_key.clone());
        entries.push(Entry { path, content, packs: false, may_be_gone: true });
    }
    Ok(entries)
}

/// A value as JSON that people can read.
///
/// # Errors
/// `internal` where it cannot be written so.
pub fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec_pretty(value).map_err(|error| {
        tracing::error!(%error, "a report cannot be written as JSON");
        Failure::new(common::ErrorCode::Internal)
    })
}

/// Paths below one folder, each used once. Two that differ in case only are one on some machines.
struct Paths {
    folder: String,
    used: HashSet<String>,
}

impl Paths {
    fn below(folder: &str) -> Self {
        Self { folder: folder.to_owned(), used: HashSet::new() }
    }

    /// A safe path like the wanted one that no other file has.
    fn free(&mut self, wanted: &str) -> String {
        let safe = safe_path(wanted);
        let (folder, name) = safe.rsplit_once('/').map_or(("", safe.as_str()), |(folder, name)| (folder, name));
        let (stem, ending) = name.rsplit_once('.').map_or((name, ""), |(stem, ending)| (stem, ending));
        let mut path = safe.clone();
        let mut count = 1;
        while !self.used.insert(path.to_lowercase()) {
            count += 1;
            let numbered =
                if ending.is_empty() { format!("{stem}_{count}") } else { format!("{stem}_{count}.{ending}") };
            path = if folder.is_empty() { numbered } else { format!("{folder}/{numbered}") };
        }
        format!("{}/{path}", self.folder)
    }
}

/// The name as a path that every machine can unpack, and that shows what it is: it stays below its folder, and no
/// character hides, turns the reading direction or means something to a shell's file system.
fn safe_path(name: &str) -> String {
    let segments = name.split(['/', '\\']).filter(|segment| !segment.is_empty());
    let safe: Vec<String> = segments.map(safe_segment).collect();
    if safe.is_empty() { "_".to_owned() } else { safe.join("/") }
}

fn safe_segment(segment: &str) -> String {
    let mut safe = String::new();
    for letter in segment.chars().map(|letter| if is_plain(letter) { letter } else { '_' }) {
        if safe.len() + letter.len_utf8() > MAX_SEGMENT_BYTES {
            break;
        }
        safe.push(letter);
    }
    // Windows takes them off, so that two files would become one; '.' and '..' are made of nothing else.
    let kept = safe.trim_end_matches(['.', ' ']).len();
    let cut = safe.split_off(kept);
    safe.extend(cut.chars().map(|_| '_'));
    let stem = safe.split('.').next().unwrap_or_default().to_lowercase();
    if DEVICES.contains(&stem.trim_end_matches(|letter: char| letter.is_ascii_digit())) {
        safe.insert(0, '_');
    }
    safe
}

fn is_plain(letter: char) -> bool {
    let hides = matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !letter.is_control() && !hides && !"<>:\"|?*".contains(letter)
}

/// Where the zip is written to: taken out piece by piece while it grows.
#[derive(Clone, Default)]
struct Piece(Arc<Mutex<Vec<u8>>>);

impl Piece {
    fn take(&self) -> Bytes {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Piece {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Packing {
    zip: Option<ZipWriter<StreamWriter<Piece>>>,
    piece: Piece,
    groups: BoxStream<'static, io::Result<Vec<Entry>>>,
    entries: std::vec::IntoIter<Entry>,
    open: Option<ByteStream>,
    options: SimpleFileOptions,
    blob: SharedStore,
}

/// The zip as it is made. Never more than one piece of one file is in memory, whatever the files' size. A picture that was
/// deleted since is left out; any other failure breaks the stream, so that no half zip looks whole.
pub fn pack(entries: Vec<Entry>, at: Millis, blob: SharedStore) -> impl Stream<Item = io::Result<Bytes>> {
    pack_all(stream::iter([Ok(entries)]).boxed(), at, blob)
}

/// [`pack`], of files that are found while it is made: one group of them at a time is in memory.
pub fn pack_all(
    groups: BoxStream<'static, io::Result<Vec<Entry>>>,
    at: Millis,
    blob: SharedStore,
) -> impl Stream<Item = io::Result<Bytes>> {
    let piece = Piece::default();
    let zip = Some(ZipWriter::new_stream(piece.clone()));
    let options = SimpleFileOptions::default().last_modified_time(time(at)).unix_permissions(0o644);
    let start = Packing { zip, piece, groups, entries: Vec::new().into_iter(), open: None, options, blob };
    try_unfold(start, |mut packing| async move {
        while packing.zip.is_some() {
            packing.step().await?;
            let piece = packing.piece.take();
            if !piece.is_empty() {
                return Ok(Some((piece, packing)));
            }
        }
        Ok::<_, io::Error>(None)
    })
}

impl Packing {
    /// Writes the next piece of the open file, or begins the next file, or ends the zip.
    async fn step(&mut self) -> io::Result<()> {
        let Some(zip) = &mut self.zip else { return Ok(()) };
        if let Some(open) = &mut self.open {
            match open.try_next().await.map_err(io::Error::other)? {
                Some(bytes) => zip.write_all(&bytes)?,
                None => self.open = None,
            }
            return Ok(());
        }
        let Some(entry) = self.entries.next() else {
            if let Some(group) = self.groups.try_next().await? {
                self.entries = group.into_iter();
                return Ok(());
            }
            self.zip.take().map(ZipWriter::finish).transpose().map_err(io::Error::other)?;
            return Ok(());
        };
        let method = if entry.packs { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        let options = self.options.compression_method(method);
        match entry.content {
            Content::Text(text) => {
                zip.start_file(entry.path, options).map_err(io::Error::other)?;
                zip.write_all(&text)
            }
            Content::Blob(key) => {
                let key = BlobKey::parse(&key).map_err(io::Error::other)?;
                match self.blob.get_stream(&key).await {
                    Ok((_, content)) => {
                        zip.start_file(entry.path, options).map_err(io::Error::other)?;
                        self.open = Some(content);
                        Ok(())
                    }
                    Err(error) if error.kind == ErrorKind::NotFound && entry.may_be_gone => Ok(()),
                    Err(error) => Err(io::Error::other(error)),
                }
            }
        }
    }
}

/// Zips count from 1980, in steps of two seconds.
fn time(at: Millis) -> zip::DateTime {
    let time: DateTime<Utc> = DateTime::from_timestamp_millis(at).unwrap_or_default();
    let small = |part: u32| u8::try_from(part).unwrap_or_default();
    let year = u16::try_from(time.year()).unwrap_or_default();
    let (month, day) = (small(time.month()), small(time.day()));
    let (hour, minute, second) = (small(time.hour()), small(time.minute()), small(time.second()));
    zip::DateTime::from_date_and_time(year, month, day, hour, minute, second).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects whoever unpacks a bundle: no name climbs out, hides what it is, or stops a machine from unpacking it.
    #[test]
    fn names_are_safe_everywhere() {
        let rows = [
            ("values.csv", "values.csv"),
            ("a/b/c.png", "a/b/c.png"),
            ("größe 1.csv", "größe 1.csv"),
            ("../../etc/passwd", "__/__/etc/passwd"),
            ("/etc/passwd", "etc/passwd"),
            ("a\\..\\b", "a/__/b"),
            ("C:\\windows\\x", "C_/windows/x"),
            ("<img src=x onerror=alert(1)>.png", "_img src=x onerror=alert(1)_.png"),
            ("invoice\u{202e}gnp.exe", "invoice_gnp.exe"),
            ("a\u{200b}b\u{feff}", "a_b_"),
            ("line\nbreak\u{1b}[31m", "line_break_[31m"),
            ("con.txt", "_con.txt"),
            ("COM1", "_COM1"),
            ("console.txt", "console.txt"),
            ("end. .", "end___"),
            ("", "_"),
            ("//", "_"),
        ];
        for (name, expected) in rows {
            assert_eq!(safe_path(name), expected, "{name:?}");
        }
        assert_eq!(safe_path(&"é".repeat(300)).len(), MAX_SEGMENT_BYTES);
    }

    /// Protects files from each other: names that become the same, or differ in case only, stay two files.
    #[test]
    fn no_file_takes_anothers_place() {
        let mut paths = Paths::below("top");
        let names = ["outputs/a.csv", "outputs/A.csv", "outputs/a?csv", "outputs/a:csv", "outputs/a.csv"];
        let made = names.map(|name| paths.free(name));
        assert_eq!(
            made,
            [
                "top/outputs/a.csv",
                "top/outputs/A_2.csv",
                "top/outputs/a_csv",
                "top/outputs/a_csv_2",
                "top/outputs/a_3.csv"
            ]
        );
    }
}
