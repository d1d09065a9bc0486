//! Random trees as hostile code might leave them: what is delivered keeps to the rules, everything else is
//! named, and nothing outside is touched.

use super::*;
use crate::names;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init};
use rustix::fs::{CWD, mknodat};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// Longest that collecting one tree may take; a pipe that is waited for takes for ever.
const PATIENCE: Duration = Duration::from_secs(10);
/// What counts as touching a file.
const TOUCHED: WatchFlags =
    WatchFlags::OPEN.union(WatchFlags::ACCESS).union(WatchFlags::MODIFY).union(WatchFlags::DELETE);
/// What the files outside hold; no delivered file may.
const CANARY: &[u8] = b"not yours";

/// Something in a folder.
#[derive(Debug, Clone)]
enum Node {
    File {
        size: u64,
        mode: u32,
    },
    Link(Target),
    /// A second name of a file that the tree holds already.
    SecondName,
    Special(Special),
    Many(u16),
    /// Folders within folders, and a file in the innermost.
    Deep(usize),
    Folder(Vec<(Vec<u8>, Node)>),
}

#[derive(Debug, Clone, Copy)]
enum Special {
    Fifo,
    Socket,
    Device,
}

#[derive(Debug, Clone)]
enum Target {
    /// Below the folder outside.
    Outside(&'static str),
    Text(&'static str),
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let plain = prop::sample::select(vec!["a", "b", "chart.png", "data.csv", "ü", "a b"]);
    let odd = prop::sample::select(vec![
        "...",
        "..a",
        " ",
        "-rf",
        "CON",
        "a\\b",
        "..\\..\\x",
        "a\nb",
        "\r",
        "\u{1b}[2J",
        "%2e%2e",
        "~",
        "|sh",
        "\u{202e}gnp.exe",
        "\u{200b}",
        "\u{feff}x",
        "\u{2028}",
        "e\u{301}",
        "𝔘",
        "\u{fffd}",
    ]);
    let bytes = || prop::collection::vec(any::<u8>().prop_filter("a name", |byte| *byte != 0 && *byte != b'/'), 1..256);
    prop_oneof![
        4 => plain.prop_map(|text| text.as_bytes().to_vec()),
        2 => odd.prop_map(|text| text.as_bytes().to_vec()),
        1 => Just(LINE_FILE.as_bytes().to_vec()),
        1 => bytes(),
        1 => prop::sample::select(vec![199_usize, 200, 201, 255]).prop_map(|length| vec![b'n'; length]),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    let sizes = vec![0, 1, 4096, 9 << 20, 30 << 20, MAX_FILE_BYTES, MAX_FILE_BYTES + 1, 1 << 40, (1 << 50) - 1];
    let file = (prop::sample::select(sizes), prop::sample::select(vec![0o644, 0, 0o7777]));
    let targets = vec![
        Target::Outside("canary"),
        Target::Outside("pipe"),
        Target::Outside(""),
        Target::Outside("folder"),
        Target::Text("/etc/passwd"),
        Target::Text("/proc/self/environ"),
        Target::Text("/dev/zero"),
        Target::Text("../../../../etc"),
        Target::Text("."),
        Target::Text("a"),
        Target::Text("loop"),
    ];
    let special = prop::sample::select(vec![Special::Fifo, Special::Socket, Special::Device]);
    let leaf = prop_oneof![
        6 => file.prop_map(|(size, mode)| Node::File { size, mode }),
        3 => prop::sample::select(targets).prop_map(Node::Link),
        1 => Just(Node::SecondName),
        2 => special.prop_map(Node::Special),
        1 => (0_u16..120).prop_map(Node::Many),
        1 => (1_usize..14).prop_map(Node::Deep),
    ];
    let leaf = leaf.boxed();
    let folder = leaf
        .clone()
        .prop_recursive(5, 40, 6, |inner| prop::collection::vec((name(), inner), 0..6).prop_map(Node::Folder));
    prop_oneof![2 => leaf, 1 => folder]
}

/// A tree, a folder beside it that no link may lead to, and who sees what is touched in both.
struct Place {
    _folder: tempfile::TempDir,
    out: PathBuf,
    outside: PathBuf,
    watching: [OwnedFd; 2],
}

impl Place {
    fn new() -> Self {
        // In memory like a room's own files, where that is to be had: ten times as fast as a disk.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let (out, outside) = (folder.path().join("out"), folder.path().join("outside"));
        fs::create_dir_all(outside.join("folder")).unwrap();
        fs::create_dir(&out).unwrap();
        fs::write(outside.join("canary"), CANARY).unwrap();
        fs::write(outside.join("folder/canary"), CANARY).unwrap();
        mknodat(CWD, outside.join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        let watching = [(); 2].map(|()| init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap());
        Self { _folder: folder, out, outside, watching }
    }

    /// Begins to watch everything outside.
    fn watch_outside(&self) {
        add_watch(&self.watching[0], &self.outside, TOUCHED).unwrap();
        add_watch(&self.watching[0], self.outside.join("folder"), TOUCHED).unwrap();
    }

    /// Begins to watch what stands directly in the tree.
    fn watch_tree(&self) {
        add_watch(&self.watching[1], &self.out, TOUCHED).unwrap();
    }

    /// Names of what was opened, read or changed since, outside and in the tree.
    fn touched(&self) -> [BTreeSet<PathBuf>; 2] {
        self.watching.each_ref().map(|events| {
            let mut space = [MaybeUninit::uninit(); 64 << 10];
            let mut reader = Reader::new(events, &mut space);
            let mut names = BTreeSet::new();
            while let Ok(event) = reader.next() {
                assert!(!event.events().contains(ReadFlags::QUEUE_OVERFLOW), "too much was opened to be followed");
                let name = event.file_name().map(|name| name.to_bytes()).unwrap_or_default();
                names.insert(PathBuf::from(OsStr::from_bytes(name)));
            }
            names
        })
    }

    fn handle(&self) -> OwnedFd {
        fs::File::open(&self.out).unwrap().into()
    }
}

/// Makes what can be made; names that are taken or refused by the file system are left out.
fn build(place: &Place, folder: &Path, entries: &[(Vec<u8>, Node)], files: &mut Vec<PathBuf>) {
    for (name, node) in entries {
        let path = folder.join(OsStr::from_bytes(name));
        if name == b"." || name == b".." || path.symlink_metadata().is_ok() {
            continue;
        }
        match node {
            Node::File { size, mode } => {
                let Ok(file) = fs::File::create_new(&path) else { continue };
                // Larger than this file system knows: it stays empty.
                let _large = file.set_len(*size);
                let _short = file.write_at(b"own", 0).map(|_| file.set_len(*size));
                file.set_permissions(fs::Permissions::from_mode(*mode)).unwrap();
                files.push(path);
            }
            Node::Link(Target::Outside(to)) => symlink(place.outside.join(to), &path).unwrap_or_default(),
            Node::Link(Target::Text(to)) => symlink(to, &path).unwrap_or_default(),
            Node::SecondName => {
                let _none = files.last().map(|first| fs::hard_link(first, &path));
            }
            Node::Special(Special::Fifo) => mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap_or_default(),
            Node::Special(Special::Socket) => mknodat(CWD, &path, FileType::Socket, Mode::RWXU, 0).unwrap_or_default(),
            Node::Special(Special::Device) => {
                // Only root may, and in a room nobody may.
                let terminal = rustix::fs::makedev(5, 0);
                mknodat(CWD, &path, FileType::CharacterDevice, Mode::RWXU, terminal).unwrap_or_default();
            }
            Node::Many(count) => {
                if fs::create_dir(&path).is_ok() {
                    (0..*count).for_each(|n| fs::write(path.join(n.to_string()), b"own").unwrap_or_default());
                }
            }
            Node::Deep(depth) => {
                let inner = path.join("d/".repeat(*depth));
                if fs::create_dir_all(&inner).is_ok() {
                    fs::write(inner.join("file"), b"own").unwrap_or_default();
                }
            }
            Node::Folder(inner) => {
                if fs::create_dir(&path).is_ok() {
                    build(place, &path, inner, files);
                }
            }
        }
    }
}

/// What has to be told of: everything but folders, and the folders that are too deep to be entered.
fn to_be_told(folder: &Path, depth: usize) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let count = |entry: fs::DirEntry| match entry.file_type().unwrap().is_dir() && depth < MAX_DEPTH {
        true => to_be_told(&entry.path(), depth + 1),
        false => 1,
    };
    entries.map(count).sum()
}

/// As the supervisor does it, within bounded time.
fn collected(place: &Place) -> (Option<u32>, Harvest) {
    let (sender, receiver) = mpsc::channel();
    let out = place.handle();
    std::thread::spawn(move || sender.send((take_line(&out), collect(&out))));
    receiver.recv_timeout(PATIENCE).expect("it neither waits nor panics")
}

/// Checks a harvest against the tree as the file system itself tells it.
fn check(place: &Place, harvest: &Harvest) {
    let told = harvest.files.len() + harvest.rejected.len() + harvest.more.map_or(0, |(count, _)| count as usize);
    assert_eq!(told, to_be_told(&place.out, 1), "everything is delivered or told of, once");
    let total: u64 = harvest.files.iter().map(|found| found.size).sum();
    assert!(harvest.files.len() <= MAX_FILES && total <= MAX_TOTAL_BYTES && harvest.rejected.len() <= MAX_REJECTED);
    assert!(harvest.more.is_none() || harvest.rejected.len() == MAX_REJECTED);
    assert!(harvest.files.is_sorted_by(|a, b| a.name < b.name) && harvest.rejected.is_sorted_by(|a, b| a.0 < b.0));
    let mut inodes = BTreeSet::new();
    for found in &harvest.files {
        assert_eq!(names::checked(found.name.as_bytes()), Some(found.name.as_str()));
        assert!(found.name.split('/').count() <= MAX_DEPTH && found.size <= MAX_FILE_BYTES);
        let (stat, named) = (fstat(&found.file).unwrap(), place.out.join(&found.name).symlink_metadata().unwrap());
        assert_eq!((stat.st_dev, stat.st_ino), (named.dev(), named.ino()), "{}", found.name);
        assert!(named.is_file() && named.len() == found.size && inodes.insert(named.ino()), "{}", found.name);
        let access = rustix::fs::fcntl_getfl(&found.file).unwrap();
        assert!(!access.intersects(OFlags::WRONLY | OFlags::RDWR), "{}", found.name);
        let mut begin = [0; CANARY.len()];
        let length = rustix::io::pread(&found.file, &mut begin, 0).unwrap();
        assert_ne!(&begin[..length], CANARY);
    }
    for (path, reason) in &harvest.rejected {
        let named = place.out.join(OsStr::from_bytes(path)).symlink_metadata().unwrap();
        let (kind, size) = (named.file_type(), named.len());
        let is_deserved = match reason {
            Reason::Symlink => kind.is_symlink(),
            Reason::SpecialFile => !kind.is_file() || named.nlink() > 1 || named.mode() & 0o400 == 0,
            Reason::TooLarge => kind.is_file() && size > MAX_FILE_BYTES,
            Reason::TooMany => harvest.files.len() == MAX_FILES,
            Reason::TooDeep => kind.is_dir() && path.split(|byte| *byte == b'/').count() == MAX_DEPTH,
            Reason::BadName => kind.is_file() && names::checked(path).is_none(),
            Reason::TotalTooLarge => kind.is_file() && total + size > MAX_TOTAL_BYTES,
        };
        assert!(is_deserved, "{reason:?} of {}", names::escaped(path));
    }
}

proptest! {
    // The same trees every time, in a few seconds.
    #![proptest_config(ProptestConfig {
        cases: 250, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default()
    })]

    /// Protects the host and whoever receives outputs from any tree that code may leave: only whole regular
    /// files with safe names within the limits, each once; everything else told of with the true reason;
    /// nothing outside opened, no pipe or device either; the same again when asked again.
    #[test]
    fn any_tree_is_harvested_by_the_rules(tree in prop::collection::vec((name(), node()), 0..25)) {
        let place = Place::new();
        build(&place, &place.out, &tree, &mut Vec::new());
        let before = place.out.join(LINE_FILE).symlink_metadata().ok();
        place.watch_outside();
        place.watch_tree();
        let (line, harvest) = collected(&place);
        let [outside, inside] = place.touched();
        prop_assert_eq!(outside, BTreeSet::new());
        for name in inside {
            // The one file that may be taken away is known from before.
            let known = place.out.join(&name).symlink_metadata().or(before.as_ref().cloned().ok_or(()));
            prop_assert!(known.is_ok_and(|known| known.is_file() || known.is_dir()), "{name:?} was touched");
        }
        prop_assert!(line.is_none(), "no file of these holds a number");
        check(&place, &harvest);
        let (_, again) = collected(&place);
        let names = |harvest: &Harvest| harvest.files.iter().map(|found| found.name.clone()).collect::<Vec<_>>();
        prop_assert_eq!(names(&again), names(&harvest));
        prop_assert_eq!(again.rejected, harvest.rejected);
    }

    /// Protects the answer: whatever a name is, its shown form is short and changes nothing around it, and a
    /// name that passes stays below its folder.
    #[test]
    fn any_name_is_harmless(name in prop::collection::vec(any::<u8>(), 0..600)) {
        let shown = names::escaped(&name);
        let is_odd = |c: char| c.is_control() || c == '\u{202e}';
        prop_assert!(shown.chars().count() <= 201 && !shown.contains(is_odd));
        if let Some(name) = names::checked(&name) {
            let path = Path::new(name);
            prop_assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))));
            prop_assert_eq!(path.components().count(), name.split('/').count());
            prop_assert_eq!(shown, name);
        }
    }
}

/// Protects the host if a name means something else by the time it is opened, as it cannot while nobody lives:
/// a link, whether last or on the way, a pipe, a folder, another size, or a way out lead nowhere.
#[test]
fn a_name_that_means_something_else_opens_nothing() {
    let place = Place::new();
    fs::write(place.out.join("file"), CANARY).unwrap();
    fs::create_dir(place.out.join("sub")).unwrap();
    symlink(place.outside.join("canary"), place.out.join("link")).unwrap();
    symlink("../outside", place.out.join("way")).unwrap();
    symlink("/proc/self/root", place.out.join("root")).unwrap();
    mknodat(CWD, place.out.join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    place.watch_outside();
    let (out, size) = (place.handle(), CANARY.len() as u64);
    assert!(regular(&out, "file", size).is_ok());
    let absolute = place.outside.join("canary").display().to_string();
    for name in [
        "link",
        "way/canary",
        "way/folder/canary",
        "root/etc/passwd",
        "pipe",
        "sub",
        "",
        ".",
        "../outside/canary",
        &absolute,
    ] {
        for size in [0, size] {
            assert_eq!(regular(&out, name, size).err(), Some(Reason::SpecialFile), "{name}");
        }
    }
    assert_eq!(regular(&out, "file", size + 1).err(), Some(Reason::SpecialFile));
    for name in ["link", "way", "root"] {
        assert!(open(&out, name.as_bytes(), OFlags::DIRECTORY).is_err(), "{name}");
    }
    assert_eq!(place.touched()[0], BTreeSet::new());
}
