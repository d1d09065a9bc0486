//! What code prints.

use crate::support::Room;
use base64::Engine;
use common::execution::RunStatus;

/// Protects the streams: apart, complete, and lossless for any bytes.
#[tokio::test]
async fn streams_are_apart_and_lossless() {
    let room = Room::new().await;
    let result = room.run("import sys; print('out'); print('err', file=sys.stderr)").await;
    assert_eq!((result.stdout.as_str(), result.stderr.as_str(), result.truncated), ("out\n", "err\n", false));
    assert_eq!(result.stdout_base64, None);

    let result = room.run("import sys; sys.stdout.buffer.write(bytes(range(256)))").await;
    let exact = base64::prelude::BASE64_STANDARD.decode(result.stdout_base64.expect("bytes")).expect("base64");
    assert_eq!(exact, (0..=255).collect::<Vec<u8>>());
    assert!(result.stdout.contains('\u{fffd}'));

    let text = room.print("print('\\u2028 \\x00 ' + '{\"status\": \"ok\"}\\ndone 0')").await;
    assert_eq!(text, "\u{2028} \0 {\"status\": \"ok\"}\ndone 0\n");
}

/// Protects the service from floods: much output is cut and said so, endless output ends the run.
#[tokio::test]
async fn floods_are_cut_and_then_ended() {
    let room = Room::new().await;
    let result = room.run("import sys\nsys.stdout.write('x' * 3_000_000 + 'the end')").await;
    assert_eq!((result.status, result.truncated), (RunStatus::Ok, true));
    assert!(result.stdout.len() < 1_100_000 && result.stdout.ends_with("xthe end"));
    assert!(result.stdout.contains("bytes left out"));

    let flood = "import os\nwhile True: os.write(1, b'y' * 65536); os.write(2, b'z' * 65536)";
    let result = room.run(flood).await;
    assert_eq!((result.status, result.truncated), (RunStatus::OutputLimit, true));
    assert!(result.stdout.len() < 1_100_000 && result.stderr.len() < 1_100_000);
}
