//! Puts the built web app (`frontend/dist`) into the program, each file as it is and packed. Where it was not built the
//! program is made all the same and says so at `/`.

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A packed file is kept where it saves at least this much.
const WORTH_BYTES: usize = 128;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let frontend = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../frontend");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let dist = frontend.join("dist");
    if frontend.is_dir() {
        // Cargo takes a path that is not there as changed at every build; an empty folder can be watched.
        fs::create_dir_all(&dist)?;
        println!("cargo:rerun-if-changed={}", dist.display());
    }
    let mut names = Vec::new();
    if dist.join("index.html").is_file() {
        list(&dist, "", &mut names)?;
    }
    names.sort();
    let mut source = String::from("pub(crate) static FILES: &[File] = &[\n");
    for (number, name) in names.iter().enumerate() {
        let bytes = fs::read(dist.join(&name[1..]))?;
        // Copies: 'frontend/dist' may be built anew while the compiler reads.
        fs::write(out.join(format!("web-{number}")), &bytes)?;
        let packed = pack(&bytes)?;
        let gzip = if is_packed_already(name) || packed.len() + WORTH_BYTES > bytes.len() {
            "None".to_owned()
        } else {
            fs::write(out.join(format!("web-{number}.gz")), &packed)?;
            format!("Some(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/web-{number}.gz\")))")
        };
        let digest: String = Sha256::digest(&bytes)[..16].iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        writeln!(
            source,
            "    File {{ path: {name:?}, digest: {digest:?}, identity: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/web-{number}\")), gzip: {gzip} }},"
        )?;
    }
    source.push_str("];\n");
    fs::write(out.join("web_files.rs"), source)?;
    Ok(())
}

/// All files below the folder as paths from its root. Hidden ones are the build's own.
fn list(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| format!("{} is no text", name.display()))?;
        // Maps are for whoever debugs the sources; they are larger than everything else together.
        if name.starts_with('.') || name.ends_with(".map") {
            continue;
        }
        let path = format!("{prefix}/{name}");
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &path, names)?;
        } else {
            names.push(path);
        }
    }
    Ok(())
}

fn pack(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn is_packed_already(name: &str) -> bool {
    [".png", ".jpg", ".jpeg", ".webp", ".gif", ".woff2", ".woff", ".gz", ".zip"]
        .iter()
        .any(|ending| name.ends_with(ending))
}
