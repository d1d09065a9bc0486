use super::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn harvest(fill: impl FnOnce(&Path)) -> Harvest {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    collect(&fs::File::open(folder.path()).unwrap().into())
}

fn reasons(harvest: &Harvest) -> Vec<(&str, &str)> {
    harvest
        .rejected
        .iter()
        .map(|(name, reason)| (std::str::from_utf8(name).unwrap_or("not text"), reason.as_str()))
        .collect()
}

fn names(harvest: &Harvest) -> Vec<&str> {
    harvest.files.iter().map(|file| file.name.as_str()).collect()
}

/// Protects the host's files: no kind of link or special file is delivered, and each is named.
#[test]
fn only_regular_files_are_taken() {
    let got = harvest(|out| {
        fs::write(out.join("real.csv"), "a,b\n1,2\n").unwrap();
        symlink("/etc/passwd", out.join("link")).unwrap();
        symlink("/etc", out.join("folder-link")).unwrap();
        symlink("missing", out.join("dangling")).unwrap();
        fs::hard_link(out.join("real.csv"), out.join("second.csv")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, out.join("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        std::os::unix::net::UnixListener::bind(out.join("socket")).unwrap();
    });
    assert_eq!(names(&got), ["real.csv"]);
    assert_eq!(got.files[0].size, 8);
    let expected = [
        ("dangling", "symlink"),
        ("fifo", "special_file"),
        ("folder-link", "symlink"),
        ("link", "symlink"),
        ("second.csv", "special_file"),
        ("socket", "special_file"),
    ];
    assert_eq!(reasons(&got), expected);
}

/// Protects memory and disk: count, size and depth are capped before anything is read.
#[test]
fn caps_hold() {
    let got = harvest(|out| {
        let sparse = fs::File::create(out.join("sparse")).unwrap();
        sparse.set_len(1 << 40).unwrap();
        let deep = out.join("d/".repeat(MAX_DEPTH));
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("too-deep"), "x").unwrap();
        fs::write(out.join("d/".repeat(MAX_DEPTH - 1)).join("deep"), "x").unwrap();
        for n in 0..70 {
            fs::write(out.join(format!("f{n:02}")), "x").unwrap();
        }
    });
    assert_eq!(got.files.len(), MAX_FILES);
    assert_eq!(got.files[0].name, format!("{}deep", "d/".repeat(MAX_DEPTH - 1)));
    let reasons = reasons(&got);
    assert!(reasons.contains(&("sparse", "too_large")));
    assert!(reasons.contains(&("d/d/d/d/d/d/d/d", "too_deep")), "{reasons:?}");
    assert!(reasons.contains(&("f69", "too_many")));
}

/// Protects the total: files that fit one by one are refused once together they are too much.
#[test]
fn the_total_is_capped() {
    let got = harvest(|out| {
        for name in ["a", "b", "c"] {
            fs::File::create(out.join(name)).unwrap().set_len(30 << 20).unwrap();
        }
    });
    assert_eq!((names(&got), reasons(&got)), (vec!["a", "b"], vec![("c", "total_too_large")]));
}

/// Protects whoever uses names as paths: odd names are listed escaped, never delivered.
#[test]
fn odd_names_are_rejected() {
    use std::os::unix::ffi::OsStrExt;
    let got = harvest(|out| {
        for name in [&b"new\nline"[..], b"bytes\xff", b"back\\slash", b"fine"] {
            fs::write(out.join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
        }
    });
    assert_eq!(names(&got), ["fine"]);
    assert_eq!(reasons(&got), [("back\\slash", "bad_name"), ("not text", "bad_name"), ("new\nline", "bad_name")]);
}

/// Protects answers: ten thousand files cost little and make no endless list.
#[test]
fn very_many_files_stay_bounded() {
    let begin = std::time::Instant::now();
    let got = harvest(|out| (0..10_000).for_each(|n| fs::write(out.join(n.to_string()), "").unwrap()));
    assert_eq!((got.files.len(), got.rejected.len()), (MAX_FILES, MAX_REJECTED));
    let more = u32::try_from(10_000 - MAX_FILES - MAX_REJECTED).unwrap();
    assert_eq!(got.more, Some((more, Reason::TooMany)));
    assert!(begin.elapsed().as_secs() < 10);
}
