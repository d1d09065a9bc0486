//! Programs that end when they are told to, or with this process, however that ends.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Runs a program in a session of its own until a line comes, or nothing can come any more because whoever would write
/// it has gone; then kills all of it, and in the second case removes its folder too.
const KEEPER: &str = r#"
folder=$1; shift
setsid "$@" </dev/null >>"$folder/log" 2>&1 &
echo "$!"
read -r line
kill -KILL "-$!"; wait "$!"
ended=$?
# Its children die by themselves, and hold its ports until they have.
for _ in $(seq 250); do kill -0 "-$!" 2>/dev/null || break; sleep 0.02; done
[ -n "$line" ] || rm -rf "$folder"
exit "$ended"
"#;

/// A running program. Dropping it kills it, and everything it has started.
#[derive(Debug)]
pub struct Kept {
    keeper: Child,
    pid: u32,
}

impl Kept {
    /// Runs a program, which finds nothing in its environment but what is given; what it says goes to `log` in the
    /// folder.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(folder: &Path, words: &[&str], environment: &[(&str, String)]) -> io::Result<Self> {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(folder)
            .args(words)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            // What it leaves where it stands (a crash dump of Erlang) is its own, and no .env of ours is read.
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(folder.join("log"))?)
            // Ctrl-C on a terminal reaches us, and nobody whom we end ourselves.
            .process_group(0)
            .spawn()?;
        let mut said = String::new();
        if let Some(output) = keeper.stdout.take() {
            BufReader::new(output).read_line(&mut said)?;
        }
        let pid = said.trim().parse().map_err(|_| io::Error::other(format!("no process: '{said}'")))?;
        Ok(Self { keeper, pid })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the program has ended with success by itself. Kills it if it has not ended.
    pub fn ended_well(mut self) -> bool {
        let by_itself = !self.runs();
        self.end().is_some_and(|code| code == 0) && by_itself
    }

    /// Ends it, and answers its exit code; nothing where a signal ended it, or it was ended before.
    fn end(&mut self) -> Option<i32> {
        if let Some(mut line) = self.keeper.stdin.take() {
            // A keeper that is gone has killed it already.
            let _gone = line.write_all(b"end\n");
        }
        self.keeper.wait().ok()?.code()
    }

    /// Whether the program is still there.
    pub fn runs(&self) -> bool {
        // What has ended and was not waited for yet is a zombie; the state stands behind the name.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _code = self.end();
    }
}
