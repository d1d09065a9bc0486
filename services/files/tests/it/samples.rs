//! Small pictures made for the tests.

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use std::io::Cursor;

/// Text that stands in the metadata of [`rotated_jpeg`] and must never be served.
pub const SECRET: &[u8] = b"GPS 52.5163 13.3777";

/// A picture in which every corner differs.
pub fn picture(width: u32, height: u32) -> DynamicImage {
    let shade = |at: u32, of: u32| (at * 255 / of.max(1)) as u8;
    RgbImage::from_fn(width, height, |x, y| Rgb([shade(x, width), shade(y, height), 90])).into()
}

pub fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

pub fn png(width: u32, height: u32) -> Vec<u8> {
    encoded(&picture(width, height), ImageFormat::Png)
}

/// A GIF of two frames: red, then blue.
pub fn animated_gif() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    let frame = |colour| Frame::new(RgbaImage::from_pixel(20, 10, colour));
    encoder.encode_frames([frame(Rgba([255, 0, 0, 255])), frame(Rgba([0, 0, 255, 255]))]).expect("a GIF");
    drop(encoder);
    bytes
}

/// A JPEG stored 40 × 20, red on its left and blue on its right half, whose metadata says: turn it a
/// quarter clockwise. Upright it is 20 × 40 with red above blue.
pub fn rotated_jpeg() -> Vec<u8> {
    let stored = RgbImage::from_fn(40, 20, |x, _| if x < 20 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
    let mut plain = Vec::new();
    JpegEncoder::new_with_quality(&mut plain, 95).encode_image(&stored).expect("a JPEG");
    // One entry: tag 0x0112 (orientation), a short, one value: 6. Then the end of the list, and a secret.
    let tiff = [b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".as_slice(), SECRET].concat();
    let length = u16::try_from(2 + 6 + tiff.len()).expect("short").to_be_bytes();
    [&plain[..2], b"\xff\xe1", &length, b"Exif\0\0", &tiff, &plain[2..]].concat()
}
