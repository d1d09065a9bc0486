//! Files: which calls touch them, and which places they may touch.

use super::super::facts::{Call, Text};
use super::{Objection, quote};

/// Where a call takes its path from.
#[derive(Debug, Clone, Copy)]
enum At {
    /// A positional argument, or the same argument by one of its names.
    Argument(usize, &'static [&'static str]),
    /// What stands before the dot: `Path("x").write_text(…)`.
    Receiver,
}

/// What a call does to its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    /// As the mode says, which is this positional argument or `mode`.
    Mode(usize),
    /// Makes it the folder that relative names start from.
    Enter,
}

use Access::{Enter, Mode, Read, Write};
use At::{Argument, Receiver};

/// Functions, by their full name.
const FUNCTIONS: &[(&str, At, Access)] = &[
    ("PIL.Image.open", Argument(0, &["fp"]), Read),
    ("builtins.open", Argument(0, &["file"]), Mode(1)),
    ("bz2.open", Argument(0, &["filename"]), Mode(1)),
    ("codecs.open", Argument(0, &["filename"]), Mode(1)),
    ("gzip.open", Argument(0, &["filename"]), Mode(1)),
    ("io.open", Argument(0, &["file"]), Mode(1)),
    ("logging.FileHandler", Argument(0, &["filename"]), Write),
    ("lzma.open", Argument(0, &["filename"]), Mode(1)),
    ("numpy.load", Argument(0, &["file"]), Read),
    ("os.chdir", Argument(0, &["path"]), Enter),
    ("os.chmod", Argument(0, &["path"]), Write),
    ("os.link", Argument(1, &["dst"]), Write),
    ("os.listdir", Argument(0, &["path"]), Read),
    ("os.makedirs", Argument(0, &["name"]), Write),
    ("os.mkdir", Argument(0, &["path"]), Write),
    ("os.open", Argument(0, &["path"]), Read),
    ("os.remove", Argument(0, &["path"]), Write),
    ("os.removedirs", Argument(0, &["name"]), Write),
    ("os.rename", Argument(0, &["src"]), Write),
    ("os.rename", Argument(1, &["dst"]), Write),
    ("os.replace", Argument(0, &["src"]), Write),
    ("os.replace", Argument(1, &["dst"]), Write),
    ("os.rmdir", Argument(0, &["path"]), Write),
    ("os.symlink", Argument(1, &["dst"]), Write),
    ("os.truncate", Argument(0, &["path"]), Write),
    ("os.unlink", Argument(0, &["path"]), Write),
    ("os.walk", Argument(0, &["top"]), Read),
    ("shelve.open", Argument(0, &["filename"]), Write),
    ("shutil.copy", Argument(0, &["src"]), Read),
    ("shutil.copy", Argument(1, &["dst"]), Write),
    ("shutil.copy2", Argument(0, &["src"]), Read),
    ("shutil.copy2", Argument(1, &["dst"]), Write),
    ("shutil.copyfile", Argument(0, &["src"]), Read),
    ("shutil.copyfile", Argument(1, &["dst"]), Write),
    ("shutil.copytree", Argument(0, &["src"]), Read),
    ("shutil.copytree", Argument(1, &["dst"]), Write),
    ("shutil.make_archive", Argument(0, &["base_name"]), Write),
    ("shutil.move", Argument(0, &["src"]), Write),
    ("shutil.move", Argument(1, &["dst"]), Write),
    ("shutil.rmtree", Argument(0, &["path"]), Write),
    ("sqlite3.connect", Argument(0, &["database"]), Write),
    ("tarfile.open", Argument(0, &["name"]), Mode(1)),
    ("wave.open", Argument(0, &["f"]), Mode(1)),
    ("zipfile.ZipFile", Argument(0, &["file"]), Mode(1)),
];

/// Methods and functions by their last name, whatever stands before it.
const METHODS: &[(&str, At, Access)] = &[
    ("ExcelWriter", Argument(0, &["path"]), Write),
    ("VideoWriter", Argument(0, &["filename"]), Write),
    ("fromfile", Argument(0, &["file"]), Read),
    ("genfromtxt", Argument(0, &["fname"]), Read),
    ("imread", Argument(0, &["filename", "fname", "uri"]), Read),
    ("imsave", Argument(0, &["fname"]), Write),
    ("imwrite", Argument(0, &["filename", "uri"]), Write),
    ("load_workbook", Argument(0, &["filename"]), Read),
    ("loadmat", Argument(0, &["file_name"]), Read),
    ("loadtxt", Argument(0, &["fname"]), Read),
    ("mimsave", Argument(0, &["uri"]), Write),
    ("mimwrite", Argument(0, &["uri"]), Write),
    ("mkdir", Receiver, Write),
    ("open", Receiver, Mode(0)),
    ("read_bytes", Receiver, Read),
    ("read_csv", Argument(0, &["filepath_or_buffer"]), Read),
    ("read_excel", Argument(0, &["io"]), Read),
    ("read_json", Argument(0, &["path_or_buf"]), Read),
    ("read_table", Argument(0, &["filepath_or_buffer"]), Read),
    ("read_text", Receiver, Read),
    ("rmdir", Receiver, Write),
    ("save", Argument(0, &["file", "filename", "fp"]), Write),
    ("savefig", Argument(0, &["fname"]), Write),
    ("savemat", Argument(0, &["file_name"]), Write),
    ("savetxt", Argument(0, &["fname"]), Write),
    ("savez", Argument(0, &["file"]), Write),
    ("savez_compressed", Argument(0, &["file"]), Write),
    ("symlink_to", Receiver, Write),
    ("to_csv", Argument(0, &["path_or_buf"]), Write),
    ("to_excel", Argument(0, &["excel_writer"]), Write),
    ("to_html", Argument(0, &["buf"]), Write),
    ("to_json", Argument(0, &["path_or_buf"]), Write),
    ("to_latex", Argument(0, &["buf"]), Write),
    ("to_markdown", Argument(0, &["buf"]), Write),
    ("to_parquet", Argument(0, &["path"]), Write),
    ("to_pickle", Argument(0, &["path"]), Write),
    ("to_string", Argument(0, &["buf"]), Write),
    ("to_xml", Argument(0, &["path_or_buffer"]), Write),
    ("tofile", Argument(0, &["fid"]), Write),
    ("touch", Receiver, Write),
    ("unlink", Receiver, Write),
    ("write_bytes", Receiver, Write),
    ("write_html", Argument(0, &["file"]), Write),
    ("write_image", Argument(0, &["file"]), Write),
    ("write_text", Receiver, Write),
];

/// Last names of all these calls.
pub(super) fn watched() -> impl Iterator<Item = &'static str> {
    let functions = FUNCTIONS.iter().map(|(name, ..)| name.rsplit('.').next().unwrap_or(name));
    functions.chain(METHODS.iter().map(|(name, ..)| *name))
}

/// What is wrong with the files a call touches: the worst of it, if anything.
pub(super) fn call(call: &Call) -> Option<Objection> {
    let known = |row: &&(&str, At, Access)| call.names.iter().any(|name| name == row.0);
    let mut rows: Vec<_> = FUNCTIONS.iter().filter(known).collect();
    if rows.is_empty() {
        let last =
            |name: &str| call.last == name || call.names.iter().any(|full| full.rsplit('.').next() == Some(name));
        rows.extend(METHODS.iter().filter(|row| last(row.0)));
    }
    let objections =
        rows.into_iter().filter_map(|&(_, at, access)| object(path(call, at)?, resolve_mode(call, access)));
    objections.max_by_key(|objection| objection.severity)
}

fn path(call: &Call, at: At) -> Option<&Text> {
    match at {
        Receiver => call.receiver.as_ref(),
        Argument(index, names) => {
            let positional = call.arguments.get(index).and_then(Option::as_ref);
            positional.or_else(|| names.iter().find_map(|name| call.keywords.get(*name)))
        }
    }
}

fn resolve_mode(call: &Call, access: Access) -> Access {
    let Mode(index) = access else { return access };
    let mode = call.arguments.get(index).and_then(Option::as_ref).or_else(|| call.keywords.get("mode"));
    match mode {
        Some(mode) if mode.text.contains(['w', 'a', 'x', '+']) => Write,
        _ => Read,
    }
}

fn object(path: &Text, access: Access) -> Option<Objection> {
    if is_address(&path.text) {
        let message =
            format!("{} is on a network, and the sandbox has none. Work with the files in /box/in.", quote(&path.text));
        return Some(Objection::block("network-use", message));
    }
    let name = quote(&path.text);
    match (place(path), access) {
        (Place::Input, Write) => {
            let message = format!("Writes to {name}: /box/in is read-only. Write to /box/out.");
            Some(Objection::block("write-outside", message))
        }
        (Place::Outside, Write) => {
            let message = format!(
                "Writes to {name}: the sandbox keeps only /box/out, and /tmp for the run. Relative names start in /box/out."
            );
            Some(Objection::block("write-outside", message))
        }
        (Place::Outside, Read | Mode(_)) => {
            let message = format!("Reads {name}: the sandbox has the inputs in /box/in and little else.");
            Some(Objection::warn("read-outside", message))
        }
        (Place::Out, Read | Mode(_)) if is_input_name(path) => {
            let message = format!("Reads {name} from /box/out, where relative names start; the inputs are in /box/in.");
            Some(Objection::warn("input-path", message))
        }
        (Place::Outside | Place::Input | Place::Scratch, Enter) => {
            let message = format!("After a change to {name}, files with relative names are not delivered.");
            Some(Objection::warn("working-folder", message))
        }
        _ => None,
    }
}

/// Addresses that pandas and others would fetch.
fn is_address(path: &str) -> bool {
    ["http://", "https://", "ftp://", "s3://", "gs://"].iter().any(|scheme| path.starts_with(scheme))
}

/// A relative name that only makes sense in /box/in: the platform chooses the names of inputs.
fn is_input_name(path: &Text) -> bool {
    let stem = path.text.trim_start_matches("./");
    let stem = stem.strip_suffix(".png").or_else(|| stem.strip_suffix(".json")).unwrap_or_default();
    let numbered = |rest: &str| rest.is_empty() || rest.strip_prefix('_').is_some_and(|n| n.parse::<u8>().is_ok());
    path.exact && ["image", "evidence"].iter().any(|name| stem.strip_prefix(name).is_some_and(numbered))
}

/// Where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Out,
    Input,
    Scratch,
    Outside,
    /// Not known before the run, or a device that anything may use.
    Open,
}

/// The folder that relative names start from.
const HOME: &str = "/box/out";

const PLACES: &[(&str, Place)] = &[(HOME, Place::Out), ("/box/in", Place::Input), ("/tmp", Place::Scratch)];

const DEVICES: &[&str] = &["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/stdin"];

fn place(path: &Text) -> Place {
    if path.text == ":memory:" {
        return Place::Open;
    }
    let mut parts: Vec<&str> = Vec::new();
    let relative = !path.text.starts_with('/');
    let start = if relative { HOME } else { "" };
    for part in start.split('/').chain(path.text.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let mut whole = format!("/{}", parts.join("/"));
    // Whether the known beginning ends a folder's name or is in the middle of one matters.
    if !path.exact && path.text.ends_with('/') && parts.last().is_some() {
        whole.push('/');
    }
    if DEVICES.contains(&whole.as_str()) {
        return Place::Open;
    }
    for (folder, place) in PLACES {
        if whole.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return *place;
        }
    }
    let could_become = |folder: &str| format!("{folder}/").starts_with(&whole);
    if !path.exact && PLACES.iter().any(|(folder, _)| could_become(folder)) {
        return Place::Open;
    }
    Place::Outside
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the rule for paths: where each leads, also through `..` and when only its beginning is known.
    #[test]
    fn paths_lead_where_they_lead() {
        let cases = [
            ("chart.png", true, Place::Out),
            ("./a/b.csv", true, Place::Out),
            ("/box/out/chart.png", true, Place::Out),
            ("/box/out", true, Place::Out),
            ("/box/output/x", true, Place::Outside),
            ("../in/image.png", true, Place::Input),
            ("../x", true, Place::Outside),
            ("/box/out/../../etc/x", true, Place::Outside),
            ("/box/in/image.png", true, Place::Input),
            ("/tmp/x", true, Place::Scratch),
            ("/tmpx", true, Place::Outside),
            ("/dev/null", true, Place::Open),
            (":memory:", true, Place::Open),
            ("/", true, Place::Outside),
            ("/", false, Place::Open),
            ("/box/", false, Place::Open),
            ("/bo", false, Place::Open),
            ("/box/out", false, Place::Out),
            ("/etc/", false, Place::Outside),
            ("/home/user/", false, Place::Outside),
            ("chart_", false, Place::Out),
            ("//etc/passwd", true, Place::Outside),
        ];
        for (text, exact, expected) in cases {
            assert_eq!(place(&Text { text: text.to_owned(), exact }), expected, "{text} exact={exact}");
        }
    }
}
