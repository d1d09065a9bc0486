use super::*;

/// Protects the network that the server stands in: every known way to write an address that is not the public internet's
/// is refused, whatever it looks like.
#[test]
fn hostile_addresses_are_refused() {
    let hostile = [
        // Loopback, in all its spellings.
        "https://127.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://127.255.255.254:8443/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://%31%32%37.0.0.1/",
        "https://１２７.0.0.1/",
        "https://127。0。0。1/",
        "https://[::1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        // Unspecified: reaches the machine itself.
        "https://0.0.0.0/",
        "https://0/",
        "https://[::]/",
        // IPv4 within IPv6: mapped, compatible, translated, 6to4, Teredo.
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::ffff:8.8.8.8]/",
        "https://[::127.0.0.1]/",
        "https://[::ffff:0:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b:1::a9fe:a9fe]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
        // Private, shared, link-local.
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://172.31.255.255/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://[fc00::1]/",
        "https://[fd12:3456::1]/",
        "https://[fe80::1]/",
        "https://[febf::1]/",
        "https://[fec0::1]/",
        // Metadata of clouds.
        "https://169.254.169.254/latest/meta-data/",
        "https://169.254.170.2/v2/credentials",
        "https://2852039166/",
        "https://100.100.100.200/",
        "https://168.63.129.16/",
        "https://192.0.0.192/",
        "https://[fd00:ec2::254]/",
        "https://[::ffff:169.254.169.254]/",
        // Multicast, reserved, broadcast, documentation, benchmarks.
        "https://224.0.0.1/",
        "https://239.255.255.255/",
        "https://240.0.0.1/",
        "https://255.255.255.255/",
        "https://192.0.2.1/",
        "https://198.18.0.1/",
        "https://198.51.100.7/",
        "https://203.0.113.9/",
        "https://192.88.99.1/",
        "https://[ff02::1]/",
        "https://[2001:db8::1]/",
        "https://[3fff::1]/",
        "https://[100::1]/",
        "https://[5f00::1]/",
        // Not what a webhook is.
        "http://example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "javascript:alert(1)",
        "https://user@example.org/",
        "https://user:password@example.org/",
        "https://@127.0.0.1/",
        "https:///",
        "https://",
        "//example.org/",
        "example.org",
        "",
    ];
    for url in hostile {
        assert!(Rules::default().url(url).is_err(), "{url}");
    }
    assert!(Rules::default().url(&format!("https://example.org/{}", "x".repeat(2048))).is_err());
}

/// Protects people whose receivers are where anybody's are.
#[test]
fn honest_addresses_are_taken() {
    let honest = [
        "https://example.org/hooks/darkroom?key=1",
        "https://example.org:8443/",
        "https://EXAMPLE.org./",
        "https://8.8.8.8/",
        "https://172.32.0.1/",
        "https://100.63.255.255/",
        "https://169.253.1.1/",
        "https://192.0.1.1/",
        "https://198.20.0.1/",
        "https://223.255.255.254/",
        "https://[2606:4700:4700::1111]/",
        "https://[2001:4860:4860::8888]/",
        "https://bücher.example/",
        // A name says nothing of where it leads: that is looked at when it is connected to.
        "https://localhost/",
    ];
    for url in honest {
        assert!(Rules::default().url(url).is_ok(), "{url}");
    }
}

/// Protects operators' choice: hosts they name may stand anywhere, others not, and plain HTTP is theirs to allow.
#[test]
fn operators_name_their_own_hosts() {
    let rules = Rules::new(true, " Hooks.Internal, 10.0.0.5 ,[fd00::7],");
    let rows = [
        ("http://hooks.internal/", true),
        ("https://HOOKS.internal.:8000/", true),
        ("http://10.0.0.5:9000/x", true),
        ("http://[fd00::7]/", true),
        ("http://10.0.0.6/", false),
        ("http://[fd00::8]/", false),
        ("http://example.org/", true),
        ("ftp://hooks.internal/", false),
        ("http://a:b@hooks.internal/", false),
    ];
    for (url, taken) in rows {
        assert_eq!(rules.url(url).is_ok(), taken, "{url}");
    }
    assert!(rules.names("hooks.internal") && !rules.names("x.hooks.internal") && !Rules::default().names(""));
}
