use super::*;
use image::{ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};

const MAX: u64 = 1_000_000;

fn picture() -> DynamicImage {
    RgbImage::from_fn(60, 40, |x, y| Rgb([x as u8 * 4, y as u8 * 6, ((x * 7) ^ (y * 13)) as u8])).into()
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

const ALL: [ImageType; 6] =
    [ImageType::Png, ImageType::Jpeg, ImageType::Webp, ImageType::Gif, ImageType::Bmp, ImageType::Tiff];

/// Protects uploads: every accepted type is told by its bytes and decodes; lossless ones to every pixel.
#[test]
fn every_accepted_type_decodes() {
    for kind in ALL {
        let bytes = encoded(&picture(), kind.format());
        assert_eq!(ImageType::of(&bytes), Some(kind));
        let decoded = decode(kind, &bytes, MAX).unwrap_or_else(|error| panic!("{kind:?}: {error:?}"));
        assert_eq!(decoded.notes, [""; 0], "{kind:?}");
        assert_eq!((decoded.image.width(), decoded.image.height()), (60, 40), "{kind:?}");
        if !matches!(kind, ImageType::Jpeg | ImageType::Gif) {
            assert_eq!(decoded.image, picture(), "{kind:?}");
        }
    }
}

/// Protects results from half pictures: whatever the type, a file cut off within its pixels is refused.
#[test]
fn cut_off_files_are_refused() {
    for kind in ALL {
        let whole = encoded(&picture(), kind.format());
        for percent in [1, 10, 50, 90] {
            let cut = &whole[..whole.len() * percent / 100];
            let refused = decode(kind, cut, MAX);
            assert!(matches!(refused, Err(DecodeError::Undecodable(_))), "{kind:?} at {percent}%: {refused:?}");
        }
    }
}

/// Protects the process: flipped bytes anywhere give a picture or an error, never a panic.
#[test]
fn damaged_files_never_panic() {
    for kind in ALL {
        let whole = encoded(&picture(), kind.format());
        for at in (0..whole.len()).step_by(whole.len() / 60 + 1) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xa5;
            let _ = decode(kind, &damaged, MAX);
        }
    }
}

/// Protects memory: the limit holds for each type by the header alone, and exactly.
#[test]
fn the_pixel_limit_is_exact() {
    for kind in ALL {
        let bytes = encoded(&picture(), kind.format());
        assert!(decode(kind, &bytes, 2400).is_ok(), "{kind:?}");
        let refused = decode(kind, &bytes, 2399);
        assert!(matches!(refused, Err(DecodeError::TooManyPixels { width: 60, height: 40 })), "{kind:?}: {refused:?}");
    }
}

/// Protects depth and transparency: 16 bits stay 16 bits, real alpha stays, needless alpha goes.
#[test]
fn depth_and_alpha_are_kept() {
    let grey: DynamicImage = image::ImageBuffer::from_fn(300, 2, |x, _| Luma([x as u16 * 211])).into();
    let through =
        |image: &DynamicImage| decode(ImageType::Png, &encoded(image, ImageFormat::Png), MAX).expect("decodes").image;
    assert_eq!(through(&grey), grey);
    let alpha: DynamicImage = RgbaImage::from_fn(5, 5, |x, y| Rgba([1, 2, 3, (x * y) as u8])).into();
    assert_eq!(through(&alpha), alpha);
    let opaque: DynamicImage = RgbaImage::from_pixel(5, 5, Rgba([1, 2, 3, 255])).into();
    assert_eq!(through(&opaque), DynamicImage::ImageRgb8(RgbImage::from_pixel(5, 5, Rgb([1, 2, 3]))));
}

/// Protects scientific pictures: floating-point TIFFs become 16 bits, and the person is told.
#[test]
fn floats_become_sixteen_bits() {
    let floats: DynamicImage = image::Rgb32FImage::from_pixel(3, 3, Rgb([0.0, 0.5, 2.0])).into();
    let decoded = decode(ImageType::Tiff, &encoded(&floats, ImageFormat::Tiff), MAX).expect("decodes");
    assert_eq!(decoded.notes.len(), 1);
    let DynamicImage::ImageRgb16(pixels) = decoded.image else { panic!("{:?}", decoded.image.color()) };
    let [low, middle, high] = pixels.get_pixel(0, 0).0;
    assert!(low == 0 && middle.abs_diff(32768) <= 1 && high == u16::MAX, "{low} {middle} {high}");
}
