use super::*;
use image::{ImageBuffer, Luma, LumaA, Rgb, Rgba};

/// Pictures of every pixel format a decoder can leave.
fn pictures() -> Vec<DynamicImage> {
    let wide = |x: u32, y: u32| (x * 6007 + y * 331) as u16;
    let narrow = |x: u32, y: u32| (x * 7 + y * 3) as u8;
    vec![
        ImageBuffer::from_fn(400, 9, |x, y| Luma([narrow(x, y)])).into(),
        ImageBuffer::from_fn(400, 9, |x, y| LumaA([narrow(x, y), narrow(y, x)])).into(),
        ImageBuffer::from_fn(400, 9, |x, y| Rgb([narrow(x, y), 5, narrow(y, x)])).into(),
        ImageBuffer::from_fn(400, 9, |x, y| Rgba([narrow(x, y), 5, 6, narrow(y, x)])).into(),
        ImageBuffer::from_fn(400, 9, |x, y| Luma([wide(x, y)])).into(),
        ImageBuffer::from_fn(400, 9, |x, y| LumaA([wide(x, y), wide(y, x)])).into(),
        ImageBuffer::from_fn(400, 9, |x, y| Rgb([wide(x, y), 5, wide(y, x)])).into(),
        ImageBuffer::from_fn(400, 9, |x, y| Rgba([wide(x, y), 5, 6, wide(y, x)])).into(),
    ]
}

/// Protects results and the cache of looks: encoding loses no bit, and the same picture always has the
/// same bytes.
#[test]
fn encoding_is_lossless_and_repeatable() {
    for picture in pictures() {
        let bytes = png(&picture).expect("encodes");
        assert_eq!(bytes, png(&picture).expect("encodes"));
        let read = image::load_from_memory(&bytes).expect("decodes");
        assert!(read == picture, "{:?}", picture.color());
    }
}

/// Protects browsers: thumbnails have 8 bits a channel and keep colour and alpha.
#[test]
fn thumbnails_are_plain() {
    for picture in pictures() {
        let read = image::load_from_memory(&thumbnail_png(&picture).expect("encodes")).expect("decodes");
        assert_eq!((read.width(), read.height()), (320, 7));
        assert_eq!(read.color().bytes_per_pixel(), read.color().channel_count(), "8 bits a channel");
        assert_eq!(read.color().has_color(), picture.color().has_color());
        assert_eq!(read.color().has_alpha(), picture.color().has_alpha());
    }
}
