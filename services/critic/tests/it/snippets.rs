//! The table of code and verdicts.

use crate::{critic, review};
use common::review::Verdict::{self, Block, Pass, Warn};
use critic::Critic;

/// Code, the verdict, and the findings that must be there as `rule@line:column` (column optional).
type Row<'a> = (&'a str, Verdict, &'a [&'a str]);

async fn check(critic: &Critic, rows: &[Row<'_>]) {
    let mut wrong = Vec::new();
    for (code, verdict, expected) in rows {
        let review = review(critic, code).await;
        let found: Vec<String> =
            review.findings.iter().map(|f| format!("{}@{}:{}", f.rule, f.line, f.column)).collect();
        let is_there = |want: &&&str| found.iter().any(|f| f == **want || f.starts_with(&format!("{want}:")));
        let missing: Vec<_> = expected.iter().filter(|want| !is_there(want)).collect();
        if review.verdict != *verdict || !missing.is_empty() {
            let shown: String = code.chars().take(80).collect();
            wrong.push(format!("{shown:?}: {:?}, missing {missing:?} in {:#?}", review.verdict, review.findings));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const CLEAN: &str = "\
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

OUT = Path('/box/out')
image = cv2.imread('/box/in/image.png')
means = image.reshape(-1, 3).mean(axis=0)
table = pd.DataFrame({'channel': ['b', 'g', 'r'], 'mean': np.round(means, 1)})
table.to_csv(OUT / 'means.csv', index=False)
figure, axes = plt.subplots()
axes.bar(table['channel'], table['mean'])
figure.savefig(f\"{OUT}/means.png\", dpi=120)
plt.show()
print(table.to_string())
";

/// Protects people from being stopped for nothing: good code passes without a word.
#[tokio::test]
async fn good_code_passes() {
    let rows: &[Row<'_>] = &[
        (CLEAN, Pass, &[]),
        ("print('hello')", Pass, &[]),
        ("# nothing but a comment\n", Pass, &[]),
        ("with open('notes.txt', 'w') as f:\n    f.write('x')\n", Pass, &[]),
        ("open('/box/out/a/b.txt', 'w').close()\n", Pass, &[]),
        ("open('/tmp/scratch', 'w').close()\n", Pass, &[]),
        ("import os\nos.makedirs('/box/out/charts', exist_ok=True)\n", Pass, &[]),
        ("größe = 3\nλ = größe * 2\nprint(λ, '日本語 🙂')\n", Pass, &[]),
        ("\u{feff}print('with a byte order mark')\n", Pass, &[]),
        ("x = 1\r\nif x:\r\n    print(x)\r\n", Pass, &[]),
        ("import random\nprint(random.random())\n", Pass, &[]),
        ("import urllib.parse\nprint(urllib.parse.quote('a b'))\n", Pass, &[]),
        ("import asyncio\nasyncio.run(asyncio.sleep(0))\n", Pass, &[]),
        ("import re\nprint(re.compile('a').match('a'))\n", Pass, &[]),
        ("import ast\nprint(ast.literal_eval('[1]'))\n", Pass, &[]),
        ("import sqlite3\ndb = sqlite3.connect(':memory:')\nprint(db)\n", Pass, &[]),
        ("def open_valve(model):\n    return model.eval()\nprint(open_valve)\n", Pass, &[]),
        ("import matplotlib.pyplot as plt\nplt.text(0, 0, 'see https://example.org or /etc/x')\n", Pass, &[]),
        ("# -*- coding: utf-8 -*-\nprint('é')\n", Pass, &[]),
        ("import hashlib\nprint(hashlib.sha256(b'x').hexdigest())\n", Pass, &[]),
    ];
    check(&critic().await, rows).await;
}

/// Protects runs from code that cannot start, and repair from vague words: the place is exact.
#[tokio::test]
async fn code_that_cannot_start_is_blocked() {
    let deep = format!("{}{}", "(".repeat(10_000), ")".repeat(10_000));
    let minus = format!("x = {}1", "-".repeat(100_000));
    let sum = format!("x = {}1", "1 + ".repeat(20_000));
    let attributes = format!("x = y{}", ".a".repeat(20_000));
    let nested: String = (0..101).map(|depth| format!("{}if 1:\n", " ".repeat(depth))).collect();
    let huge = format!("x = '{}'\n", "a".repeat(1024 * 1024));
    let many = "f(1, b)\n".repeat(60_000);
    let rows: &[Row<'_>] = &[
        ("", Block, &["empty-code@1:1"]),
        (" \n\n\t", Block, &["empty-code@1:1"]),
        ("x = 1\ny = '\0'\n", Block, &["nul-byte@2:6"]),
        (&huge, Block, &["code-too-long@1:1"]),
        ("x = 1\ndef f(:\n    pass\n", Block, &["syntax-error@2:7"]),
        ("é = 'é'; x = = 1\n", Block, &["syntax-error@1:14"]),
        ("print 'hello'\n", Block, &["syntax-error@1"]),
        ("if True:\n\tx = 1\n        y = 2\n", Block, &["syntax-error@3"]),
        ("return 1\n", Block, &["syntax-error@1:1"]),
        ("def f():\n    break\n", Block, &["syntax-error@2"]),
        ("await x\n", Block, &["syntax-error@1"]),
        ("%matplotlib inline\nprint(1)\n", Block, &["syntax-error@1:1"]),
        ("```python\nprint(1)\n```\n", Block, &["syntax-error@1"]),
        ("Here is the code:\nprint(1)\n", Block, &["syntax-error@1"]),
        ("print(undefined)\n", Block, &["F821@1:7"]),
        ("é = 'ééé'; print(missing)\n", Block, &["F821@1:18"]),
        ("x = 1\rprint(y)\r\nprint(z)\n", Block, &["F821@2:7", "F821@3:7"]),
        ("\u{feff}print(y)\n", Block, &["F821@1:7"]),
        ("print(y)  # noqa\n# ruff: noqa\n", Block, &["F821@1:7"]),
        ("# coding: latin-1\nprint(1)\n", Block, &["source-encoding@1:1"]),
        ("# coding: utf-7\n#+AAo-import os\n", Block, &["source-encoding@1:1"]),
        (&deep, Block, &["syntax-error@1:201"]),
        (&minus, Block, &["too-complex@1:1"]),
        (&sum, Block, &["too-complex@1:1"]),
        (&attributes, Block, &["too-complex@1:1"]),
        (&nested, Block, &["syntax-error@101"]),
        (&many, Block, &["too-complex@1:1"]),
    ];
    check(&critic().await, rows).await;
}

/// Protects people and the machine: what is dangerous or reaches out of the box is blocked, also under
/// another name.
#[tokio::test]
async fn dangers_are_blocked() {
    let rows: &[Row<'_>] = &[
        ("exec('x = 1')\n", Block, &["dynamic-code@1:1"]),
        ("print(eval('1 + 1'))\n", Block, &["dynamic-code@1:7"]),
        ("import sys\nexec(sys.argv[0])\n", Block, &["dynamic-code@2:1"]),
        ("import builtins\nbuiltins.exec('x')\n", Block, &["dynamic-code@2:1"]),
        ("run = eval\nprint(run('1'))\n", Block, &["dynamic-code@1:7"]),
        ("c = compile(input(), 'x', 'exec')\nprint(c)\n", Block, &["dynamic-code@1:5", "no-input@1:13"]),
        ("m = __import__('o' + 's' + chr(1))\nprint(m)\n", Block, &["dynamic-code@1:5"]),
        ("print(().__class__.__base__.__subclasses__())\n", Block, &["dynamic-code@1:7"]),
        ("import pickle\npickle.loads(b'x')  # nosec\n", Block, &["B301@2:1"]),
        ("import marshal\nmarshal.loads(b'x')\n", Block, &["B302@2"]),
        ("import pandas as pd\npd.read_pickle('x.pkl')\n", Block, &["B301@2"]),
        ("import yaml\nprint(yaml.load('a: 1'))\n", Block, &["B506@2"]),
        ("import os\nos.system('ls')\n", Block, &["other-program@2:1"]),
        ("from os import system as s\ns('x')\n", Block, &["other-program@1:1"]),
        ("from os import *\nsystem('x')\n", Block, &["other-program@2:1"]),
        ("import os\nrun = os.popen\nrun('x')\n", Block, &["other-program@2:7", "other-program@3:1"]),
        ("import os\nprint(f\"{os.system('x')}\")\n", Block, &["other-program@2"]),
        ("print(__import__('os').system('x'))\n", Block, &["other-program@1:7"]),
        ("import os\ngetattr(os, 'system')('x')\n", Block, &["other-program@2:1"]),
        ("import os\nos.execv('/bin/sh', ['sh'])\n", Block, &["other-program@2:1"]),
        ("import os\nos.fork()\n", Block, &["other-program@2:1"]),
        ("import subprocess\nsubprocess.run(input(), shell=True)\n", Block, &["other-program@1:1", "B602@2:1"]),
        ("from subprocess import run\nrun(['ls'])\n", Block, &["other-program@1:1"]),
        ("import ctypes\nprint(ctypes)\n", Block, &["native-code@1:1"]),
        ("import socket\ns = socket.socket()\n", Block, &["network-use@1:1"]),
        ("from urllib.request import urlopen\nurlopen('https://example.org')\n", Block, &["network-use@1:1"]),
        ("import urllib.request as u\nu.urlopen('file:///x')\n", Block, &["network-use@1:1"]),
        ("import importlib\nimportlib.import_module('requests')\n", Block, &["network-use@2:1"]),
        ("import requests\nrequests.get('http://x', timeout=1)\n", Block, &["network-use@1:1"]),
        ("import smtplib\nprint(smtplib)\n", Block, &["network-use@1:1"]),
        ("import pandas as pd\npd.read_csv('https://example.org/x.csv')\n", Block, &["network-use@2:1"]),
        ("import seaborn as sns\ndf = sns.load_dataset('iris')\n", Block, &["network-use@2:6"]),
        ("try:\n    import requests\nexcept ImportError:\n    pass\n", Block, &["network-use@2:5"]),
        ("x = '\u{202e}a'\n", Block, &["B613@1"]),
    ];
    check(&critic().await, rows).await;
}

/// Protects runs that cannot work in the box: modules it lacks and places that are not delivered.
#[tokio::test]
async fn what_the_box_lacks_is_blocked() {
    let rows: &[Row<'_>] = &[
        ("import torch\nprint(torch)\n", Block, &["missing-module@1:1"]),
        ("import plotly.express as px\nprint(px)\n", Block, &["missing-module@1:1"]),
        ("import json, sklearn\nprint(json, sklearn)\n", Block, &["missing-module@1:1"]),
        ("from . import helper\nprint(helper)\n", Block, &["missing-module@1:1"]),
        ("open('/etc/x', 'w')\n", Block, &["write-outside@1:1"]),
        ("open(mode='a', file='/home/user/x')\n", Block, &["write-outside@1:1"]),
        ("open('/box/in/image.png', 'r+b')\n", Block, &["write-outside@1:1"]),
        ("open('../../etc/x', 'w')\n", Block, &["write-outside@1:1"]),
        ("open('/box/out/../../srv/x', 'w')\n", Block, &["write-outside@1:1"]),
        ("name = 'x'\nopen(f'/data/{name}.csv', 'w')\n", Block, &["write-outside@2:1"]),
        ("from pathlib import Path\nPath('/srv/x').write_text('a')\n", Block, &["write-outside@2:1"]),
        ("from pathlib import Path\nD = Path('/mnt/data')\n(D / 'x').open('w')\n", Block, &["write-outside@3:1"]),
        ("import os\nopen(os.path.join('/mnt/data', 'x'), 'w')\n", Block, &["write-outside@2:1"]),
        ("import matplotlib.pyplot as plt\nplt.savefig('/mnt/data/c.png')\n", Block, &["write-outside@2:1"]),
        ("import pandas as pd\npd.DataFrame().to_csv('/data/x.csv')\n", Block, &["write-outside@2:1"]),
        ("import pandas as pd\npd.DataFrame().to_excel(excel_writer='/x.xlsx')\n", Block, &["write-outside@2:1"]),
        ("import cv2\ncv2.imwrite('/output/a.png', None)\n", Block, &["write-outside@2:1"]),
        ("import numpy as np\nnp.save('/a.npy', np.zeros(1))\n", Block, &["write-outside@2:1"]),
        ("from PIL import Image\nImage.new('RGB', (1, 1)).save('/x.png')\n", Block, &["write-outside@2:1"]),
        ("import shutil\nshutil.rmtree('/usr')\n", Block, &["write-outside@2:1"]),
        ("import shutil\nshutil.copy('a', '/usr/x')\n", Block, &["write-outside@2:1"]),
        ("import zipfile\nzipfile.ZipFile('/x.zip', 'w')\n", Block, &["write-outside@2:1"]),
        ("import os\nos.makedirs('/workspace/out')\n", Block, &["write-outside@2:1"]),
    ];
    check(&critic().await, rows).await;
}

/// Protects people from needless stops: what is only unwise or unused is shown and may run.
#[tokio::test]
async fn lesser_matters_only_warn() {
    let rows: &[Row<'_>] = &[
        ("import os\nprint(1)\n", Warn, &["F401@1:8"]),
        ("def f():\n    x = 1\n", Warn, &["F841@2:5"]),
        ("assert 1 + 1 == 2\n", Warn, &["B101@1:1"]),
        ("try:\n    print(1)\nexcept Exception:\n    pass\n", Warn, &["B110@3:1"]),
        ("import hashlib\nprint(hashlib.md5(b'x').hexdigest())\n", Warn, &["B324@2:7"]),
        ("import tempfile\nprint(tempfile.mktemp())\n", Warn, &["B306@2:7"]),
        ("print(open('/etc/hostname').read())\n", Warn, &["read-outside@1:7"]),
        ("import cv2\nimage = cv2.imread('image.png')\n", Warn, &["input-path@2:9"]),
        ("import cv2\ncv2.imshow('x', None)\n", Warn, &["no-display@2:1"]),
        ("name = input('name? ')\n", Warn, &["no-input@1:8"]),
        ("import os\nos.chdir('/tmp')\n", Warn, &["working-folder@2:1"]),
        ("try:\n    import torch\nexcept ImportError:\n    torch = None\n", Warn, &["missing-module@2:5"]),
        ("import pandas as pd\nprint(pd.DataFrame().to_markdown())\n", Warn, &["missing-module@2:7"]),
        ("import numpy as np\nprint(np.float(1))\n", Warn, &["NPY001@2:7"]),
        ("print('%d %d' % (1,))\n", Warn, &["F507@1:7"]),
        ("from math import *\nprint(sqrt(2))\n", Warn, &["F403@1:1", "F405@2:7"]),
        ("print(\"é\" and open(\"/etc/x\"))\n", Warn, &["read-outside@1:15"]),
    ];
    check(&critic().await, rows).await;
}

/// Protects repair: what is blocked comes first, once, and says what to do instead.
#[tokio::test]
async fn findings_help() {
    let critic = critic().await;
    let cases = [
        ("import os\nos.system('ls')\nimport sys\n", "other programs"),
        ("import plotly\nprint(plotly)\n", "matplotlib"),
        ("import pytesseract\nprint(pytesseract)\n", "rapidocr"),
        ("open('/mnt/data/x.csv', 'w')\n", "/box/out"),
        ("!pip install torch\n", "notebook"),
        ("import requests\nprint(requests)\n", "/box/in"),
    ];
    for (code, advice) in cases {
        let review = review(&critic, code).await;
        let worst = &review.findings[0];
        assert!(worst.blocks && worst.message.contains(advice), "{code:?}: {:#?}", review.findings);
        let same_line = review.findings.iter().filter(|f| f.line == worst.line && f.blocks).count();
        assert_eq!(same_line, 1, "{code:?}: {:#?}", review.findings);
    }
}

/// Protects the size of answers, and the verdict: of thousands of findings a hundred are shown, and the
/// one that blocks is among them.
#[tokio::test]
async fn thousands_of_findings_become_a_hundred() {
    let unused: String = (0..3000).map(|n| format!("import json as unused_{n}\n")).collect();
    let review = review(&critic().await, &format!("{unused}print(missing)\n")).await;
    assert_eq!(review.findings.len(), 100);
    assert_eq!((review.verdict, review.findings[0].rule.as_str(), review.findings[0].line), (Block, "F821", 3001));
}
