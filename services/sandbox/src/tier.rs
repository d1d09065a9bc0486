//! Which libraries code will import: a guess from its text, so that it starts where they are imported
//! already. A wrong guess costs time, never correctness: every library can be imported everywhere.

/// Import tiers, in the supervisor's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The standard library.
    Bare,
    /// numpy, pandas and matplotlib.
    Plots,
    /// Those, OpenCV, scikit-image, scipy, the look script with its models, and the proof script.
    Vision,
}

/// Packages by tier, the heaviest first.
const PACKAGES: [(Tier, &[&str]); 2] = [
    (Tier::Vision, &["cv2", "skimage", "scipy", "look", "prove", "onnxruntime", "rapidocr"]),
    (Tier::Plots, &["numpy", "pandas", "matplotlib", "pylab", "seaborn", "PIL", "openpyxl"]),
];

/// Code beyond this many bytes is not looked at: imports stand at the beginning.
const LOOKED_AT: usize = 64 * 1024;

impl Tier {
    /// All tiers, in the supervisor's order.
    pub const ALL: [Self; 3] = [Self::Bare, Self::Plots, Self::Vision];

    /// Its number for the supervisor.
    pub fn number(self) -> u8 {
        match self {
            Self::Bare => 0,
            Self::Plots => 1,
            Self::Vision => 2,
        }
    }

    /// Its name for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Plots => "plots",
            Self::Vision => "vision",
        }
    }

    /// The lightest tier that has what the code seems to import.
    pub fn guess(code: &[u8]) -> Self {
        let text = String::from_utf8_lossy(&code[..code.len().min(LOOKED_AT)]);
        let packages: Vec<&str> = text.lines().flat_map(imported).collect();
        let has = |names: &[&str]| packages.iter().any(|package| names.contains(package));
        PACKAGES.iter().find(|(_, names)| has(names)).map_or(Self::Bare, |(tier, _)| *tier)
    }
}

/// Top-level packages that a line imports: `import a.b as c, d` and `from a.b import c`.
fn imported(line: &str) -> Vec<&str> {
    let top = |name: &'_ str| -> usize { name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len()) };
    let statements = line.split(';').map(str::trim);
    let mut packages = Vec::new();
    for statement in statements {
        if let Some(rest) = statement.strip_prefix("import ") {
            packages.extend(rest.split(',').map(str::trim).map(|name| &name[..top(name)]));
        } else if let Some(rest) = statement.strip_prefix("from ") {
            let name = rest.trim_start();
            packages.push(&name[..top(name)]);
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects speed: the usual ways to import lead to the tier that has paid for it.
    #[test]
    fn imports_are_guessed() {
        for (code, tier) in [
            ("print(1)", Tier::Bare),
            ("import json, math", Tier::Bare),
            ("import numpy as np", Tier::Plots),
            ("import os, pandas", Tier::Plots),
            ("from matplotlib import pyplot as plt", Tier::Plots),
            ("x = 1; import seaborn as sns", Tier::Plots),
            ("def f():\n    import cv2\n", Tier::Vision),
            ("import numpy\nfrom skimage.measure import label", Tier::Vision),
            ("import scipy.ndimage as ndi", Tier::Vision),
            ("import prove", Tier::Vision),
            ("# import cv2", Tier::Bare),
            ("important = 'numpy'", Tier::Bare),
            ("import numpyish", Tier::Bare),
            ("import é, ü.x", Tier::Bare),
        ] {
            assert_eq!(Tier::guess(code.as_bytes()), tier, "{code}");
        }
        assert_eq!(Tier::guess(b"\xff\xfe import"), Tier::Bare);
    }
}
