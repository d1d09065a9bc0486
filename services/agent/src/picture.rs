//! Making a picture small enough for a vision model.

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};
use llm::{ImageType, Part};
use std::io::Cursor;

/// Largest PNG that is sent, in bytes; a larger one is sent as JPEG.
const PNG_BYTES: usize = 1536 * 1024;

/// Largest stored picture that is read, in bytes.
pub const STORED_BYTES: u64 = 256 * 1024 * 1024;

/// Most memory for decoding, in bytes: enough for the largest picture that is accepted.
const DECODE_BYTES: u64 = 1024 * 1024 * 1024;

/// The picture as a part of a message, with no side longer than that many pixels. Takes a while for large pictures: not for an async task.
///
/// # Errors
/// The bytes cannot be decoded.
pub fn part(png: &Bytes, longest_side: u32) -> Result<Part, ImageError> {
    let mut reader = ImageReader::with_format(Cursor::new(png), ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODE_BYTES);
    reader.limits(limits);
    let picture = reader.decode()?;
    let fits = picture.width() <= longest_side && picture.height() <= longest_side;
    if fits && png.len() <= PNG_BYTES {
        return Ok(Part::Image { kind: ImageType::Png, bytes: png.clone() });
    }
    let picture = if fits { picture } else { picture.resize(longest_side, longest_side, FilterType::Triangle) };
    let mut small = Vec::new();
    eight_bit(&picture).write_to(&mut Cursor::new(&mut small), ImageFormat::Png)?;
    if small.len() <= PNG_BYTES {
        return Ok(Part::Image { kind: ImageType::Png, bytes: small.into() });
    }
    let mut small = Vec::new();
    on_white(&picture).write_with_encoder(JpegEncoder::new_with_quality(&mut small, 85))?;
    Ok(Part::Image { kind: ImageType::Jpeg, bytes: small.into() })
}

/// Not every model reads 16 bits.
fn eight_bit(picture: &DynamicImage) -> DynamicImage {
    if picture.color().has_alpha() { picture.to_rgba8().into() } else { picture.to_rgb8().into() }
}

/// JPEG has no transparency; what shows through is white, as on a page.
fn on_white(picture: &DynamicImage) -> DynamicImage {
    let mut flat = image::RgbImage::new(picture.width(), picture.height());
    for (to, from) in flat.pixels_mut().zip(picture.to_rgba8().pixels()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        to.0 = [red, green, blue].map(|colour| ((colour * alpha + 255 * (255 - alpha)) / 255) as u8);
    }
    flat.into()
}

#[cfg(test)]
mod tests;
