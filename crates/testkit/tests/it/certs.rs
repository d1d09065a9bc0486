//! `deploy/tools/certs.sh`: the development certificate.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn certs(folder: &Path, domain: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/tools/certs.sh");
    let made = Command::new(script).arg(folder).env("DOMAIN", domain).output().expect("the script runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn openssl(folder: &Path, arguments: &str) -> String {
    let run = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().expect("openssl runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&run.stdout).into_owned()
}

/// Protects keys, which are their owner's alone, and trust: what is good stays, so that nobody has to trust a new
/// authority; a certificate that ends soon, was broken, or lacks a name is made anew by the same authority.
#[test]
fn certificates_are_kept_and_renewed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = &folder.path().join("made/here");
    let read = |name: &str| std::fs::read(folder.join(name)).expect("a file");
    certs(folder, "");
    for key in ["ca.key", "server.key"] {
        let mode = std::fs::metadata(folder.join(key)).expect("a key").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }
    let (authority, first) = (read("ca.pem"), read("server.pem"));
    certs(folder, "");
    assert_eq!(read("server.pem"), first);

    certs(folder, "darkroom.example");
    let named = read("server.pem");
    assert_ne!(named, first);
    let names = openssl(folder, "x509 -in server.pem -noout -ext subjectAltName");
    for name in ["DNS:localhost", "IP Address:127.0.0.1", "IP Address:0:0:0:0:0:0:0:1", "DNS:darkroom.example"] {
        assert!(names.contains(name), "{name}: {names}");
    }

    openssl(folder, "req -x509 -new -key server.key -subj /CN=old -days 29 -CA ca.pem -CAkey ca.key -out server.pem");
    let old = read("server.pem");
    certs(folder, "darkroom.example");
    assert_ne!(read("server.pem"), old);

    std::fs::write(folder.join("server.key"), "").expect("the key is broken");
    certs(folder, "darkroom.example");
    assert!(openssl(folder, "verify -CAfile ca.pem server.pem").contains("OK"));
    assert_eq!(read("ca.pem"), authority);
    let leftovers = std::fs::read_dir(folder).expect("the folder").filter_map(Result::ok);
    assert_eq!(leftovers.filter(|entry| entry.file_name().to_string_lossy().starts_with(".new")).count(), 0);
}
