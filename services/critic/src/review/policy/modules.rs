//! Modules: which the sandbox has, which make no sense in it, and what to use instead.

use super::super::facts::{Call, Import};
use super::{Objection, quote};
use std::collections::HashSet;

/// The modules code can import in the sandbox.
#[derive(Debug)]
pub(in super::super) struct Modules {
    present: HashSet<String>,
}

/// Dotted names that reach for a network. Each stands for itself and everything below it.
const NETWORK: &[&str] = &[
    "aiohttp",
    "asyncio.open_connection",
    "asyncio.open_unix_connection",
    "asyncio.start_server",
    "asyncio.start_unix_server",
    "boto3",
    "botocore",
    "ftplib",
    "gdown",
    "grpc",
    "gspread",
    "http.client",
    "http.server",
    "httplib2",
    "httpx",
    "huggingface_hub",
    "imaplib",
    "nntplib",
    "paramiko",
    "pooch",
    "poplib",
    "psycopg2",
    "pycurl",
    "pymongo",
    "redis",
    "requests",
    "scipy.datasets",
    "seaborn.load_dataset",
    "skimage.data.download_all",
    "smtplib",
    "socket",
    "_socket",
    "socketserver",
    "ssl",
    "_ssl",
    "telnetlib",
    "urllib.request",
    "urllib.robotparser",
    "urllib3",
    "webbrowser",
    "websocket",
    "websockets",
    "wget",
    "wsgiref",
    "xmlrpc",
    "zmq",
];

/// Dotted names that start or steer other processes.
const PROCESSES: &[&str] = &[
    "_posixsubprocess",
    "asyncio.create_subprocess_exec",
    "asyncio.create_subprocess_shell",
    "asyncio.subprocess",
    "nt",
    "os.execl",
    "os.execle",
    "os.execlp",
    "os.execlpe",
    "os.execv",
    "os.execve",
    "os.execvp",
    "os.execvpe",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.killpg",
    "os.popen",
    "os.posix_spawn",
    "os.posix_spawnp",
    "os.spawnl",
    "os.spawnle",
    "os.spawnlp",
    "os.spawnlpe",
    "os.spawnv",
    "os.spawnve",
    "os.spawnvp",
    "os.spawnvpe",
    "os.startfile",
    "os.system",
    "pexpect",
    "platform.popen",
    "posix",
    "pty",
    "sh",
    "subprocess",
];

/// Dotted names that leave Python for machine code.
const NATIVE: &[&str] = &["_ctypes", "cffi", "ctypes", "numpy.ctypeslib", "numpy.f2py"];

/// Dotted names that want a screen.
const DISPLAY: &[&str] =
    &["cv2.imshow", "cv2.namedWindow", "cv2.selectROI", "cv2.waitKey", "PIL.ImageGrab", "tkinter", "turtle"];

/// What does the work of modules that models like to use and the sandbox lacks.
const INSTEAD: &[(&[&str], &str)] = &[
    (&["plotly", "bokeh", "altair", "pygal", "plotnine", "holoviews", "hvplot", "kaleido"], "matplotlib or seaborn"),
    (
        &["pytesseract", "easyocr", "paddleocr", "tesserocr", "keras_ocr", "doctr"],
        "rapidocr, or the evidence in /box/in",
    ),
    (&["polars", "dask", "modin", "vaex", "pyarrow", "datatable"], "pandas"),
    (&["torch", "torchvision", "tensorflow", "keras", "jax", "transformers"], "numpy, scipy, skimage or cv2"),
    (&["sklearn", "statsmodels", "xgboost", "lightgbm"], "numpy and scipy"),
    (&["xlsxwriter", "xlrd", "xlwt", "pyexcel", "pyxlsb", "docx", "pptx"], "openpyxl through pandas"),
    (&["mahotas", "SimpleITK", "imutils", "kornia", "albumentations", "pgmagick", "wand"], "skimage or cv2"),
    (&["tabulate", "rich", "prettytable", "IPython", "colorama", "termcolor"], "print"),
    (&["colorthief", "webcolors", "colormath"], "PIL and matplotlib.colors"),
    (&["sympy", "numexpr", "numba", "cupy", "cython"], "numpy and scipy"),
    (&["fitz", "pypdf", "PyPDF2", "pdfplumber", "pdf2image", "reportlab", "fpdf"], "matplotlib, which can save PDF"),
    (&["geopandas", "fiona", "cartopy", "folium"], "shapely and matplotlib"),
    (&["ujson", "orjson", "simplejson"], "json"),
    (&["toml", "tomli"], "tomllib"),
    (&["bs4", "lxml", "html5lib"], "html.parser or xml.etree"),
    (&["squarify", "wordcloud", "matplotlib_venn", "adjustText", "brokenaxes", "mplcursors"], "plain matplotlib"),
];

/// Methods of pandas that only work with a module besides it.
const NEEDED: &[(&str, &str)] = &[
    ("read_feather", "pyarrow"),
    ("read_hdf", "tables"),
    ("read_html", "lxml"),
    ("read_parquet", "pyarrow"),
    ("read_xml", "lxml"),
    ("to_feather", "pyarrow"),
    ("to_hdf", "tables"),
    ("to_latex", "jinja2"),
    ("to_markdown", "tabulate"),
    ("to_orc", "pyarrow"),
    ("to_parquet", "pyarrow"),
    ("to_xml", "lxml"),
];

/// True for `module` itself and everything below it.
pub(super) fn is_within(name: &str, module: &str) -> bool {
    name.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn any_within(name: &str, modules: &[&str]) -> bool {
    modules.iter().any(|module| is_within(name, module))
}

/// Names of calls that [`Modules::needed_by`] decides about.
pub(super) fn watched() -> impl Iterator<Item = &'static str> {
    NEEDED.iter().map(|(method, _)| *method)
}

/// What is wrong with using a dotted name, if anything.
pub(super) fn usage(name: &str) -> Option<Objection> {
    if any_within(name, NETWORK) {
        let message =
            format!("{} needs a network, and the sandbox has none. Work with the files in /box/in.", quote(name));
        return Some(Objection::block("network-use", message));
    }
    if any_within(name, PROCESSES) {
        let message = format!("{} is refused: the sandbox has no other programs. Do it in Python.", quote(name));
        return Some(Objection::block("other-program", message));
    }
    if any_within(name, NATIVE) {
        let message = format!("{} is refused: it leaves Python for machine code. Use numpy or cv2.", quote(name));
        return Some(Objection::block("native-code", message));
    }
    any_within(name, DISPLAY).then(|| {
        let message = format!("{} needs a screen, and the sandbox has none. Save to a file instead.", quote(name));
        Objection::warn("no-display", message)
    })
}

impl Modules {
    /// The standard library and the modules installed besides it.
    pub(in super::super) fn new(stdlib: &[String], allowed: &[String]) -> Self {
        Self { present: stdlib.iter().chain(allowed).cloned().collect() }
    }

    /// What is wrong with an import, if anything.
    pub(super) fn import(&self, import: &Import) -> Option<Objection> {
        let module = import.module.as_str();
        let full = match &import.name {
            Some(name) if name != "*" => format!("{module}.{name}"),
            _ => module.to_owned(),
        };
        if let Some(objection) = usage(&full) {
            return Some(objection);
        }
        if module.starts_with('.') {
            let message = "Relative imports do not work: the code is a single file, not part of a package.";
            return Some(Objection::block("missing-module", message));
        }
        let top = module.split('.').next().unwrap_or_default();
        if self.present.contains(top) {
            return None;
        }
        if import.guarded {
            let message = format!("The sandbox has no module {}; the code goes on without it.", quote(top));
            return Some(Objection::note("missing-module", message));
        }
        let advice = match INSTEAD.iter().find(|(modules, _)| modules.contains(&top)) {
            Some((_, instead)) => format!("Use {instead} instead."),
            None => "Use the standard library, numpy, pandas, matplotlib, scipy, skimage, cv2 or PIL.".to_owned(),
        };
        let message = format!("The sandbox has no module {}, and nothing can be installed. {advice}", quote(top));
        Some(Objection::block("missing-module", message))
    }

    /// What is wrong with a call that works only with another module installed.
    pub(super) fn needed_by(&self, call: &Call) -> Option<Objection> {
        let (method, module) = NEEDED.iter().find(|(method, _)| *method == call.last)?;
        (!self.present.contains(*module)).then(|| {
            let message = format!("{method} needs the module '{module}', which the sandbox lacks; it will fail.");
            Objection::warn("missing-module", message)
        })
    }
}
