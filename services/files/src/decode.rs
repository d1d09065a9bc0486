//! From the bytes of an upload to an upright picture, within limits. Blocks: call it on a thread that may.

use crate::sniff::ImageType;
use crate::{colour, container};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};
use std::io::Cursor;

/// Memory per accepted pixel: four channels of 16 bits.
const BYTES_PER_PIXEL: u64 = 8;
/// Memory that decoders may take beside the pixels.
const OVERHEAD_BYTES: u64 = 64 * 1024 * 1024;

/// An upload as a picture.
#[derive(Debug)]
pub struct Decoded {
    /// Upright, sRGB, 8 or 16 bits a channel.
    pub image: DynamicImage,
    /// What a person should know about how the upload was read.
    pub notes: Vec<String>,
}

/// Why an upload is no picture.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// More pixels than accepted, as its header says.
    #[error("{width} x {height} pixels")]
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Decoding would take more memory than is allowed.
    #[error("decoding takes too much memory")]
    TooMuchMemory,
    /// Damaged, cut off, or of a variety that cannot be read.
    #[error("the image cannot be decoded")]
    Undecodable(#[source] Option<ImageError>),
}

impl From<ImageError> for DecodeError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::TooMuchMemory,
            other => Self::Undecodable(Some(other)),
        }
    }
}

/// Decodes the bytes of an image of this type with at most `max_pixels` pixels.
///
/// # Errors
/// See [`DecodeError`]. The pixel limit is checked before any pixel is decoded.
pub fn decode(kind: ImageType, bytes: &[u8], max_pixels: u64) -> Result<Decoded, DecodeError> {
    if let Some((width, height)) = png_size(kind, bytes) {
        check_pixels(width, height, max_pixels)?;
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(max_pixels.saturating_mul(BYTES_PER_PIXEL).saturating_add(OVERHEAD_BYTES));
    let mut reader = ImageReader::with_format(Cursor::new(bytes), kind.format());
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    check_pixels(width, height, max_pixels)?;
    if width == 0 || height == 0 || (kind == ImageType::Jpeg && !container::jpeg_is_complete(bytes)) {
        return Err(DecodeError::Undecodable(None));
    }
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    // Damaged metadata is no reason to refuse a picture: without it, it is taken as it is.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let mut image = DynamicImage::from_decoder(decoder)?;

    let mut notes = Vec::new();
    if let Some(note) = parts_left_out(kind, bytes) {
        notes.push(note.to_owned());
    }
    image = without_floats(image, &mut notes);
    if let Some(profile) = profile {
        match colour::to_srgb(&mut image, &profile) {
            Ok(true) => notes.push("Its colours were converted from their own profile to sRGB.".to_owned()),
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "colour profile ignored"),
        }
    }
    if orientation != Orientation::NoTransforms {
        image.apply_orientation(orientation);
        notes.push("It was turned upright as its metadata says.".to_owned());
    }
    Ok(Decoded { image: without_needless_alpha(image), notes })
}

/// The size a PNG claims. Its decoder wants more than the header before it tells.
fn png_size(kind: ImageType, bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    (kind == ImageType::Png && bytes.get(12..16) == Some(b"IHDR")).then(|| Some((number(16)?, number(20)?))).flatten()
}

fn check_pixels(width: u32, height: u32, max_pixels: u64) -> Result<(), DecodeError> {
    if u64::from(width) * u64::from(height) > max_pixels {
        return Err(DecodeError::TooManyPixels { width, height });
    }
    Ok(())
}

fn parts_left_out(kind: ImageType, bytes: &[u8]) -> Option<&'static str> {
    const ANIMATED: &str = "It is animated; only its first frame is used.";
    match kind {
        ImageType::Gif if container::gif_is_animated(bytes) => Some(ANIMATED),
        ImageType::Webp if container::webp_is_animated(bytes) => Some(ANIMATED),
        ImageType::Png if container::png_is_animated(bytes) => Some(ANIMATED),
        ImageType::Tiff if container::tiff_has_more_pages(bytes) => {
            Some("It has more than one page; only the first is used.")
        }
        _ => None,
    }
}

/// PNG has no floating-point pixels: they become 16 bits.
fn without_floats(image: DynamicImage, notes: &mut Vec<String>) -> DynamicImage {
    let whole = match image {
        DynamicImage::ImageRgb32F(_) => DynamicImage::ImageRgb16(image.to_rgb16()),
        DynamicImage::ImageRgba32F(_) => DynamicImage::ImageRgba16(image.to_rgba16()),
        other => return other,
    };
    notes.push("Its floating-point values from 0 to 1 became 16-bit values; others were cut off.".to_owned());
    whole
}

/// Drops an alpha channel that is opaque everywhere: some decoders always make one.
fn without_needless_alpha(image: DynamicImage) -> DynamicImage {
    match &image {
        DynamicImage::ImageRgba8(pixels) if pixels.pixels().all(|pixel| pixel.0[3] == u8::MAX) => {
            image.into_rgb8().into()
        }
        DynamicImage::ImageRgba16(pixels) if pixels.pixels().all(|pixel| pixel.0[3] == u16::MAX) => {
            image.into_rgb16().into()
        }
        DynamicImage::ImageLumaA8(pixels) if pixels.pixels().all(|pixel| pixel.0[1] == u8::MAX) => {
            image.into_luma8().into()
        }
        DynamicImage::ImageLumaA16(pixels) if pixels.pixels().all(|pixel| pixel.0[1] == u16::MAX) => {
            image.into_luma16().into()
        }
        _ => image,
    }
}

#[cfg(test)]
mod tests;
