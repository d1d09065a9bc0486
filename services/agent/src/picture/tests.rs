use super::*;
use image::{Rgba, RgbaImage};

fn png(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 4]) -> Bytes {
    let picture = RgbaImage::from_fn(width, height, |x, y| Rgba(colour(x, y)));
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes.into()
}

fn decoded(part: &Part) -> (ImageType, DynamicImage) {
    let Part::Image { kind, bytes } = part else { panic!("no picture") };
    (*kind, image::load_from_memory(bytes).unwrap())
}

/// Protects money and limits of endpoints: small pictures go as they are, large ones are scaled down
/// keeping their shape, and what stays large as PNG goes as JPEG.
#[test]
fn pictures_are_made_small() {
    let small = png(60, 40, |_, _| [10, 20, 30, 255]);
    assert_eq!(part(&small, 1568).unwrap(), Part::Image { kind: ImageType::Png, bytes: small });
    let (kind, wide) = decoded(&part(&png(3136, 300, |x, _| [x as u8, 0, 0, 255]), 1568).unwrap());
    assert_eq!((kind, wide.width(), wide.height()), (ImageType::Png, 1568, 150));
    let (_, narrow) = decoded(&part(&png(300, 3136, |x, _| [x as u8, 0, 0, 255]), 448).unwrap());
    assert_eq!((narrow.width(), narrow.height()), (43, 448), "the model's own limit");
    let noise = |x: u32, y: u32| {
        let bits = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519)).wrapping_mul(3_266_489_917);
        [bits as u8, (bits >> 8) as u8, (bits >> 16) as u8, if x < 20 { 0 } else { 255 }]
    };
    let (kind, noisy) = decoded(&part(&png(1500, 1500, noise), 1568).unwrap());
    assert_eq!((kind, noisy.width()), (ImageType::Jpeg, 1500));
    assert!(
        noisy.to_rgb8().get_pixel(2, 700).0.iter().all(|channel| *channel > 235),
        "what is transparent turns white"
    );
}

/// Protects the turn from damaged bytes: they are an error, not a panic.
#[test]
fn damaged_pictures_are_told() {
    for bytes in [Bytes::new(), Bytes::from_static(b"\x89PNG\r\n\x1a\n"), Bytes::from_static(b"GIF89a")] {
        assert!(part(&bytes, 1568).is_err());
    }
}
