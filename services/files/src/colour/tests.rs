use super::*;
use image::{GrayImage, Rgb, RgbImage};

fn profile(of: ColorProfile) -> Vec<u8> {
    of.encode().expect("a profile")
}

/// Protects losslessness: a picture whose profile is plain sRGB keeps every number.
#[test]
fn srgb_is_left_alone() {
    let mut image = DynamicImage::ImageRgb8(RgbImage::from_fn(64, 64, |x, y| Rgb([x as u8 * 4, y as u8 * 4, 77])));
    let before = image.clone();
    assert_eq!(to_srgb(&mut image, &profile(ColorProfile::new_srgb())), Ok(false));
    assert_eq!(image, before);
}

/// Protects colours of phone photos: the same red of a wider space has other numbers in sRGB; neutral
/// grey stays neutral, alpha stays what it was.
#[test]
fn wide_colours_are_converted() {
    let p3 = profile(ColorProfile::new_display_p3());
    let mut image = DynamicImage::ImageRgb8(RgbImage::from_pixel(3, 2, Rgb([200, 100, 50])));
    assert_eq!(to_srgb(&mut image, &p3), Ok(true));
    let [red, green, blue] = image.to_rgb8().get_pixel(1, 1).0;
    assert!(red > 205 && green < 100 && blue < 45, "{red} {green} {blue}");

    let mut grey = DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(3, 2, image::Rgba([128, 128, 128, 9])));
    assert_eq!(to_srgb(&mut grey, &p3), Ok(true));
    let pixel = grey.to_rgba8().get_pixel(0, 0).0;
    assert!(pixel[..3].iter().all(|value| value.abs_diff(128) <= 1) && pixel[3] == 9, "{pixel:?}");
}

/// Protects uploads: a profile that cannot be used changes nothing and is no reason to refuse a picture.
#[test]
fn unusable_profiles_change_nothing() {
    let mut image = DynamicImage::ImageRgb8(RgbImage::from_pixel(3, 2, Rgb([200, 100, 50])));
    let before = image.clone();
    assert!(to_srgb(&mut image, b"not a profile").is_err());
    assert_eq!(image, before);
    let mut grey = DynamicImage::ImageLuma8(GrayImage::new(2, 2));
    assert_eq!(to_srgb(&mut grey, b"not a profile"), Ok(false));
}
