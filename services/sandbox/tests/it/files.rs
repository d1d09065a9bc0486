//! What code leaves in `/box/out`, taken from the real jail.

use crate::support::{Room, with_inputs};
use common::execution::{ExecutionResult, RunStatus};
use std::time::Instant;

fn rejected(result: &ExecutionResult) -> Vec<(&str, &str)> {
    result.rejected.iter().map(|file| (file.name.as_str(), file.reason.as_str())).collect()
}

/// Protects outputs: what is written comes back, typed by its bytes, wherever the run wrote it below out.
#[tokio::test]
async fn outputs_come_back_typed_and_hashed() {
    let room = Room::new().await;
    let code = "import os
os.makedirs('/box/out/sub')
open('/box/out/sub/table.csv', 'w').write('a,b\\n1,2\\n')
open('page.png', 'w').write('<html></html>')
open('/tmp/elsewhere', 'w').write('not delivered')
from PIL import Image; Image.new('RGB', (4, 4)).save('/box/out/p.dat', 'PNG')";
    let execution = room.execute(with_inputs(code, &[])).await;
    let seen: Vec<_> =
        execution.result.outputs.iter().map(|output| (output.name.as_str(), output.media_type.as_str())).collect();
    assert_eq!(seen, [("p.dat", "image/png"), ("page.png", "text/html"), ("sub/table.csv", "text/csv")]);
    assert_eq!(execution.contents[2], "a,b\n1,2\n");
    assert_eq!(execution.result.outputs[2].sha256, "492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3b7470");
    assert_eq!(execution.result.outputs[2].bytes, 8);
}

/// Protects the host's files from links that code plants, and the service from special files.
#[tokio::test]
async fn planted_links_and_special_files_are_refused() {
    let room = Room::new().await;
    let code = "import os, socket
out = '/box/out/'
os.symlink('/etc/passwd', out + 'passwd')
os.symlink('/proc/1/environ', out + 'environ')
os.symlink('/', out + 'root')
os.symlink('loop', out + 'loop')
os.mkfifo(out + 'fifo')
open(out + 'real', 'w').write('x')
os.link(out + 'real', out + 'second')
open(out + b'bad\\n\\xff'.decode('utf-8', 'surrogateescape'), 'w')
try: os.mknod(out + 'device', 0o600 | 0o020000, os.makedev(1, 5))
except PermissionError: print('no devices')
try: os.link('/usr/bin/env', out + 'hard')
except OSError: print('no links out')
with open(out + 'sparse', 'wb') as f: f.truncate(200 << 20)
try: open(out + 'huge', 'wb').truncate(1 << 40)
except OSError: print('no huge files'); os.unlink(out + 'huge')
os.chmod(out + 'real', 0)";
    let result = room.run(code).await;
    assert_eq!(result.stdout, "no devices\nno links out\nno huge files\n", "{}", result.stderr);
    let expected = [
        ("bad\\n\\xff", "bad_name"),
        ("environ", "symlink"),
        ("fifo", "special_file"),
        ("loop", "symlink"),
        ("passwd", "symlink"),
        ("root", "symlink"),
        ("second", "special_file"),
        ("sparse", "too_large"),
    ];
    assert_eq!(rejected(&result), expected);
    assert_eq!(result.outputs.iter().map(|output| output.name.as_str()).collect::<Vec<_>>(), ["real"]);
}

/// Protects answers and time: ten thousand files are a short list, quickly.
#[tokio::test]
async fn ten_thousand_files_are_bounded() {
    let room = Room::new().await;
    let begin = Instant::now();
    let result = room.run("for n in range(10_000): open(f'/box/out/{n:05}', 'w').close()").await;
    assert_eq!((result.status, result.outputs.len(), result.rejected.len()), (RunStatus::Ok, 64, 101));
    assert!(begin.elapsed().as_secs() < 10);
}

/// Protects the disk: what code can write is small and in memory; full is an error the code sees.
#[tokio::test]
async fn writing_ends_at_the_caps() {
    let room = Room::new().await;
    let code = "import os
def fill(folder):
    written = 0
    try:
        with open(folder + '/fill', 'wb', buffering=0) as f:
            while written < 1 << 31: written += f.write(b'x' * (1 << 20))
    except OSError as e: print(folder, written >> 20, e.strerror)
    os.unlink(folder + '/fill')
for folder in ('/box/out', '/tmp', '/dev/shm'): fill(folder)
try:
    for n in range(1_000_000): open(f'/box/out/{n}', 'w').close()
except OSError as e: print(n < 20_000, e.strerror)
";
    let printed = room.print(code).await;
    let full = "No space left on device";
    let expected = format!("/box/out 128 {full}\n/tmp 256 File too large\n/dev/shm 64 {full}\nTrue {full}\n");
    assert_eq!(printed, expected);
}

/// Protects inputs: they are there, whole, and cannot be changed.
#[tokio::test]
async fn inputs_are_readable_and_fixed() {
    let room = Room::new().await;
    let code = "import os
assert sorted(os.listdir('/box/in')) == ['data file.csv', 'image.png']
print(open('/box/in/data file.csv').read(), os.path.getsize('/box/in/image.png'))
for attempt in (lambda: open('/box/in/new', 'w'), lambda: open('/box/in/image.png', 'a'), lambda: os.unlink('/box/in/image.png'),
                lambda: os.chmod('/box/in', 0o777), lambda: open('/box/main.py', 'w')):
    try: attempt(); print('changed')
    except OSError: pass";
    let big = vec![7_u8; 3 << 20];
    let result = room.execute(with_inputs(code, &[("data file.csv", b"a,b"), ("image.png", &big)])).await.result;
    assert_eq!(result.stdout, format!("a,b {}\n", big.len()), "{}", result.stderr);
}
