//! The one place that reads the process's environment: variables, `.env`, where the program stands.

use crate::settings::{Settings, SettingsError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Settings and the places that follow from them.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The settings.
    pub settings: Settings,
    /// Python environment of the sandbox.
    pub python_env: PathBuf,
    /// Python environment with ruff, bandit and nsjail.
    pub tools_env: PathBuf,
    /// The supervisor of the sandbox: stands beside the program.
    pub supervisor: PathBuf,
    /// Where a server keeps its things, unless the command line says otherwise.
    pub data_dir: PathBuf,
    log_is_set: bool,
}

/// The environment cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// Settings are not accepted.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// `.env` has a line that is not `NAME=value`.
    #[error(".env, line {0}: expected NAME=value")]
    DotEnv(usize),
    /// The current folder or the program's own place is unknown.
    #[error("the current folder or the place of this program cannot be found")]
    Place(#[source] std::io::Error),
}

impl Environment {
    /// Reads variables, with those of `.env` in the current folder beneath them.
    ///
    /// # Errors
    /// See [`EnvironmentError`].
    pub fn read() -> Result<Self, EnvironmentError> {
        let current = std::env::current_dir().map_err(EnvironmentError::Place)?;
        let program = std::env::current_exe().map_err(EnvironmentError::Place)?;
        let mut variables = match std::fs::read_to_string(current.join(".env")) {
            Ok(text) => dot_env(&text)?,
            Err(_) => BTreeMap::new(),
        };
        variables.extend(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        );
        Self::from_variables(&variables, &current, &program)
    }

    /// The environment that follows from variables, the current folder and the program's place.
    ///
    /// # Errors
    /// Settings that are not accepted.
    pub fn from_variables(
        variables: &BTreeMap<String, String>,
        current: &Path,
        program: &Path,
    ) -> Result<Self, EnvironmentError> {
        let settings = Settings::from_variables(variables)?;
        // `bin/darkroom` finds `python` and `tools` beside `bin`.
        let beside = |name: &str| program.parent().and_then(Path::parent).unwrap_or(current).join(name);
        let absolute = |path: &PathBuf| current.join(path);
        Ok(Self {
            python_env: settings.python_env.as_ref().map_or_else(|| beside("python"), absolute),
            supervisor: program.with_file_name("darkroom-supervisor"),
            tools_env: settings.tools_env.as_ref().map_or_else(|| beside("tools"), absolute),
            data_dir: settings.data_dir.as_ref().map_or_else(|| current.join("data"), absolute),
            log_is_set: variables.contains_key("LOG"),
            settings,
        })
    }

    /// The log filter: what the person set, else `quiet`.
    pub fn log_or(&self, quiet: &str) -> String {
        if self.log_is_set { self.settings.log.clone() } else { quiet.to_owned() }
    }
}

/// Variables of a `.env` file: `NAME=value` lines, `#` comments, optional quotes around the value.
fn dot_env(text: &str) -> Result<BTreeMap<String, String>, EnvironmentError> {
    let mut variables = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or(EnvironmentError::DotEnv(index + 1))?;
        let value = value.trim();
        let unquoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
        variables.insert(name.trim().to_owned(), unquoted.unwrap_or(value).to_owned());
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects operators: `.env` reads as shells and compose read it, and a broken line is named.
    #[test]
    fn dot_env_files_are_read() {
        let variables = dot_env("# note\n\nLOG=debug\nCODE_MODEL_KEY=\"a=b\"\nX='y'\n").unwrap();
        let expected = [("CODE_MODEL_KEY", "a=b"), ("LOG", "debug"), ("X", "y")];
        assert_eq!(variables.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect::<Vec<_>>(), expected);
        assert!(matches!(dot_env("LOG=x\nbroken"), Err(EnvironmentError::DotEnv(2))));
    }

    /// Protects `make` and installed layouts alike: the Python environments are found beside the
    /// program's folder, wherever it is called from.
    #[test]
    fn python_environments_are_found_beside_the_program() {
        let read = |variables: &BTreeMap<String, String>| {
            Environment::from_variables(variables, Path::new("/somewhere"), Path::new("/opt/darkroom/bin/darkroom"))
                .unwrap()
        };
        let default = read(&BTreeMap::new());
        assert_eq!(default.python_env, Path::new("/opt/darkroom/python"));
        assert_eq!(default.data_dir, Path::new("/somewhere/data"));
        let set =
            read(&BTreeMap::from([("TOOLS_ENV".to_owned(), "t".to_owned()), ("DATA_DIR".to_owned(), "/d".to_owned())]));
        assert_eq!((set.tools_env.as_path(), set.data_dir.as_path()), (Path::new("/somewhere/t"), Path::new("/d")));
    }
}
