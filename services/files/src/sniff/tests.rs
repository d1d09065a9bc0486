use super::*;

/// Protects the upload: the first bytes alone decide, near misses and active content are refused.
#[test]
fn the_bytes_decide() {
    let mut bmp = *b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0";
    let cases: &[(&[u8], Option<ImageType>)] = &[
        (b"\x89PNG\r\n\x1a\n", Some(ImageType::Png)),
        (b"\x89PNG\n\x1a\n", None),
        (b"\xff\xd8\xff\xe0", Some(ImageType::Jpeg)),
        (b"\xff\xd8", None),
        (b"RIFF\x10\0\0\0WEBPVP8 ", Some(ImageType::Webp)),
        (b"RIFF\x10\0\0\0WAVEfmt ", None),
        (b"GIF87a", Some(ImageType::Gif)),
        (b"GIF89a=1;alert(1)", Some(ImageType::Gif)),
        (b"GIF88a", None),
        (&bmp.clone(), Some(ImageType::Bmp)),
        (b"BMW is a maker of cars", None),
        (b"II*\0\x08\0\0\0", Some(ImageType::Tiff)),
        (b"MM\0*\0\0\0\x08", Some(ImageType::Tiff)),
        (b"%PDF-1.7", None),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", None),
        (b"<!doctype html>", None),
        (b"PK\x03\x04", None),
        (b"", None),
    ];
    for (head, expected) in cases {
        assert_eq!(ImageType::of(head), *expected, "{:?}", String::from_utf8_lossy(head));
    }
    bmp[14] = 41;
    assert_eq!(ImageType::of(&bmp), None, "a header size no bitmap has");
}

/// Protects people: the refusal names what was really sent, where that is known.
#[test]
fn refusals_name_what_was_sent() {
    assert!(describe_other(b"%PDF-1.7\n").contains("application/pdf"));
    assert!(describe_other(b"just text").contains("not an image"));
}
