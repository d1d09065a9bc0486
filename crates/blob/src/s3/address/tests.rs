//! Addresses: what is read from a URL, and that nothing of it is told.

use super::*;

/// Protects installations: the shapes in the documentation mean what it says, and keys may hold any character.
#[test]
fn urls_are_read() {
    let parsed = S3Address::parse("s3://darkroom:s%2F%2B%40%3Ax@minio:9000/darkroom?tls=false").unwrap();
    let S3Address { endpoint, region, bucket, prefix, access, secret } = &parsed;
    assert_eq!((&**endpoint, &**region, &**bucket), ("http://minio:9000", "us-east-1", "darkroom"));
    assert_eq!((&**prefix, &**access, &**secret), ("", "darkroom", "s/+@:x"));
    let url = "s3://A:B@s3.eu-central-1.amazonaws.com/my-bucket/one%20team/darkroom/?region=eu-central-1&tls=true";
    let parsed = S3Address::parse(url).unwrap();
    assert_eq!((&*parsed.endpoint, &*parsed.region), ("https://s3.eu-central-1.amazonaws.com", "eu-central-1"));
    assert_eq!((&*parsed.bucket, &*parsed.prefix), ("my-bucket", "one team/darkroom/"));
    for host in ["[::1]", "[::1]:9000", "127.0.0.1:9000", "store_1.internal"] {
        assert_eq!(S3Address::parse(&format!("s3://a:b@{host}/bucket")).unwrap().endpoint, format!("https://{host}"));
    }
}

/// Protects whoever writes a URL wrong: it is refused with the reason instead of being half understood.
#[test]
fn what_is_no_address_is_refused() {
    let long = format!("s3://a:b@h/bucket/{}", "x".repeat(100));
    for wrong in [
        "s3:/a:b@h/bucket",
        "s3://a:b@h",
        "s3://h/bucket",
        "s3://a@h/bucket",
        "s3://a:@h/bucket",
        "s3://:b@h/bucket",
        "s3://a:se/cret@h/bucket",
        "s3://a:b@/bucket",
        "s3://a:b@h:0/bucket",
        "s3://a:b@h:x/bucket",
        "s3://a:b@h x/bucket",
        "s3://a:b@[::1/bucket",
        "s3://a:b@h/",
        "s3://a:b@h/Bucket",
        "s3://a:b@h/bu",
        "s3://a:b@h/bucket//x",
        "s3://a:b@h/bucket/../x",
        "s3://a:b@h/bucket/%2e%2e/x",
        "s3://a:%ff@h/bucket",
        "s3://a%0ab:c@h/bucket",
        "s3://a:b@h/bucket?tls=no",
        "s3://a:b@h/bucket?region=",
        "s3://a:b@h/bucket?regoin=x",
        &long,
    ] {
        assert!(matches!(S3Address::parse(wrong), Err(ConnectError::Address(_))), "{wrong}");
    }
}

/// Protects the secret: neither the error about a URL nor a debug print repeats it.
#[test]
fn the_secret_is_not_told() {
    for wrong in ["s3://AKEY:hush/hush@h/bucket", "s3://AKEY:hush@h/B", "s3://AKEY:hush@h/bucket?hush=hush"] {
        let error = S3Address::parse(wrong).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("hush") && !told.contains("AKEY"), "{told}");
    }
    let told = format!("{:?}", S3Address::parse("s3://AKEY:hush@h/bucket").unwrap());
    assert!(told.contains("bucket") && !told.contains("hush") && !told.contains("AKEY"), "{told}");
}
