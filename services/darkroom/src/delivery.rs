//! Writing results into a person's folder.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A folder that results are written to. Files of the same name are replaced; links are not followed.
#[derive(Debug)]
pub struct Delivery {
    folder: PathBuf,
    taken: BTreeSet<String>,
    had_files: bool,
}

impl Delivery {
    /// Makes the folder and proves that it can be written, before any work is done.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let had_files = std::fs::read_dir(folder)?.next().is_some();
        tempfile::tempfile_in(folder)?;
        Ok(Self { folder: std::path::absolute(folder)?, taken: BTreeSet::new(), had_files })
    }

    /// Whether there was something in the folder before.
    pub fn had_files(&self) -> bool {
        self.had_files
    }

    /// Writes a file and answers its path. The name is one the sandbox has checked: relative, without
    /// `..`; anything else is refused here once more.
    ///
    /// # Errors
    /// The name would leave the folder, or writing fails.
    pub fn write(&mut self, name: &str, content: &[u8]) -> io::Result<PathBuf> {
        let relative = Path::new(name);
        let plain = relative.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !plain || name.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "an output name that is not a plain relative path",
            ));
        }
        let path = self.folder.join(relative);
        let parent = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(parent)?;
        // A folder below that is a link could lead elsewhere.
        if !parent.canonicalize()?.starts_with(self.folder.canonicalize()?) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a link leads out of the output folder"));
        }
        let mut file = tempfile::NamedTempFile::new_in(parent)?;
        file.write_all(content)?;
        set_ordinary_mode(file.as_file())?;
        file.persist(&path).map_err(|error| error.error)?;
        self.taken.insert(name.to_owned());
        Ok(path)
    }

    /// Writes a file of our own under the name, or a similar one when an output has it already.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write_own(&mut self, stem: &str, extension: &str, content: &[u8]) -> io::Result<PathBuf> {
        let mut name = format!("{stem}.{extension}");
        let mut number = 1;
        while self.taken.contains(&name) {
            name = format!("{stem}-{number}.{extension}");
            number += 1;
        }
        self.write(&name, content)
    }
}

/// Temporary files are private; results are the person's ordinary files.
fn set_ordinary_mode(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the person's other files: no output name leads out of the folder, and our own files
    /// never replace an output.
    #[test]
    fn outputs_stay_in_their_folder() {
        let home = tempfile::tempdir().unwrap();
        let mut delivery = Delivery::open(&home.path().join("out")).unwrap();
        for name in ["../x", "/etc/x", "a/../../x", "", "."] {
            assert!(delivery.write(name, b"x").is_err(), "{name:?}");
        }
        std::os::unix::fs::symlink("/", home.path().join("out/link")).unwrap();
        assert!(delivery.write("link/tmp/x", b"x").is_err());
        assert!(delivery.write("a/code.py", b"1").unwrap().ends_with("out/a/code.py"));
        delivery.write("code.py", b"theirs").unwrap();
        let own = delivery.write_own("code", "py", b"ours").unwrap();
        assert!(own.ends_with("code-1.py"));
        assert_eq!(std::fs::read(home.path().join("out/code.py")).unwrap(), b"theirs");
    }
}
