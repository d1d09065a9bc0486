use super::*;
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{Frame, RgbImage, RgbaImage};

/// Protects results from half pictures: a JPEG without its end is told, wherever it was cut.
#[test]
fn cut_jpegs_are_told() {
    let mut whole = Vec::new();
    let image = RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8 * 3, y as u8 * 3, (x * y) as u8]));
    JpegEncoder::new(&mut whole).encode_image(&image).expect("a JPEG");
    assert!(jpeg_is_complete(&whole));
    for length in 0..whole.len() {
        assert!(!jpeg_is_complete(&whole[..length]), "cut at {length} of {}", whole.len());
    }
    let with_tail = [whole.as_slice(), b"trailing bytes of a camera"].concat();
    assert!(jpeg_is_complete(&with_tail));
}

/// Protects against the end marker of a thumbnail inside the metadata: it is not the picture's end.
#[test]
fn an_inner_end_does_not_count() {
    let cut = b"\xff\xd8\xff\xe1\x00\x08\xff\xd8\xff\xd9ab\xff\xda\x00\x02coded\xff\x00data";
    assert!(!jpeg_is_complete(cut));
    assert!(jpeg_is_complete(&[cut.as_slice(), b"\xff\xd0more\xff\xff\xd9"].concat()));
}

/// Protects the note about animations: one frame is none, two are one, and broken files never panic.
#[test]
fn gif_frames_are_counted() {
    let gif = |frames: usize| {
        let mut bytes = Vec::new();
        let mut encoder = GifEncoder::new(&mut bytes);
        encoder.encode_frames((0..frames).map(|_| Frame::new(RgbaImage::new(9, 7)))).expect("a GIF");
        drop(encoder);
        bytes
    };
    assert!(!gif_is_animated(&gif(1)));
    assert!(gif_is_animated(&gif(2)));
    let many = gif(3);
    for length in 0..many.len() {
        gif_is_animated(&many[..length]);
    }
}

/// Protects the notes about animations and pages of the other formats.
#[test]
fn other_containers_tell_of_more() {
    let webp = |flags: u8| [b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0".as_slice(), &[flags]].concat();
    assert!(webp_is_animated(&webp(0x12)) && !webp_is_animated(&webp(0x10)) && !webp_is_animated(b"RIFF"));

    let png = |chunks: &[&[u8; 4]]| {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        for kind in chunks {
            bytes.extend([&[0, 0, 0, 2], kind.as_slice(), b"xx", b"crc!"].concat());
        }
        bytes
    };
    assert!(png_is_animated(&png(&[b"IHDR", b"acTL", b"IDAT"])));
    assert!(!png_is_animated(&png(&[b"IHDR", b"IDAT", b"acTL"])));
    assert!(!png_is_animated(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR"));

    let tiff = |next: u8| [b"II*\0\x08\0\0\0\x01\0".as_slice(), &[0; 12], &[next, 0, 0, 0]].concat();
    assert!(tiff_has_more_pages(&tiff(26)) && !tiff_has_more_pages(&tiff(0)));
    assert!(!tiff_has_more_pages(b"II*\0\xff\xff\xff\xff") && !tiff_has_more_pages(b"MM\0*"));
}
