//! How answers are understood.

use super::*;

fn failed(status: u16, code: &str) -> S3Failure {
    let body =
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><AWSAccessKeyId>AKEY</AWSAccessKeyId></Error>");
    S3Failure::new(S3Error::HttpFailWithBody(status, body))
}

/// Protects callers, who branch on the kind alone, and stores under load: what passes is tried again, what does not is
/// told at once.
#[test]
fn answers_have_a_kind_and_may_pass_or_not() {
    for (status, code, kind, passes) in [
        (404, "NoSuchKey", ErrorKind::NotFound, false),
        (404, "", ErrorKind::NotFound, false),
        (404, "NoSuchBucket", ErrorKind::Unavailable, false),
        (404, "NoSuchUpload", ErrorKind::Unavailable, false),
        (403, "SignatureDoesNotMatch", ErrorKind::Unavailable, false),
        (403, "QuotaExceeded", ErrorKind::Full, false),
        (507, "XMinioStorageFull", ErrorKind::Full, false),
        (400, "XMinioAdminBucketQuotaExceeded", ErrorKind::Full, false),
        (400, "EntityTooLarge", ErrorKind::TooLarge, false),
        (400, "InvalidArgument", ErrorKind::Unavailable, false),
        (400, "RequestTimeout", ErrorKind::Unavailable, true),
        (409, "OperationAborted", ErrorKind::Unavailable, true),
        (429, "", ErrorKind::Unavailable, true),
        (500, "InternalError", ErrorKind::Unavailable, true),
        (501, "NotImplemented", ErrorKind::Unavailable, false),
        (503, "SlowDown", ErrorKind::Unavailable, true),
    ] {
        let failure = failed(status, code);
        assert_eq!((failure.kind(), failure.may_pass()), (kind, passes), "{status} {code}");
        assert_eq!(failure.code(), code);
    }
}

/// Protects logs: of an answer only its code is told, and only where it looks like one.
#[test]
fn nothing_of_an_answer_but_its_code_is_told() {
    let error = failed(403, "SignatureDoesNotMatch").at(&BlobKey::parse("k").unwrap());
    let told = format!("{error} {error:?} {}", error.source.as_ref().unwrap());
    assert!(told.contains("refuses these credentials") && told.contains("SignatureDoesNotMatch"), "{told}");
    assert!(!told.contains("AKEY"), "{told}");
    for odd in ["a b", "x\ny", &"x".repeat(65)] {
        assert_eq!(failed(403, odd).code(), "");
    }
    assert_eq!(code_in("<html>nothing of S3"), "");
}
