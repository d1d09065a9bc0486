//! Bare Python as the peer of the sandbox.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The shortest program.
pub const PRINT: &str = "print(1)";
/// A usual program: imports, a frame, a plot.
pub const PLOT: &str = "import numpy as np\nimport pandas as pd\nimport matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt\nframe = pd.DataFrame({'x': np.arange(50), 'y': np.arange(50) ** 2})\nframe.plot(x='x', y='y')\nplt.savefig('plot.png')\n";

/// One run of bare Python.
pub fn bare(python: &Path, code: &str, folder: &Path) -> Duration {
    let begun = Instant::now();
    let status = Command::new(python).args(["-c", code]).current_dir(folder).stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "bare Python runs the code");
    begun.elapsed()
}
