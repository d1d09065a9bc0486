//! From an upright picture to what is stored: a lossless PNG without metadata, and a thumbnail. Blocks.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops::FilterType as Resampling;
use image::{DynamicImage, ImageResult};

/// Longest side of a thumbnail in pixels.
pub const THUMBNAIL_SIDE: u32 = 320;

/// The picture as PNG, compressed fast rather than small: uploads wait for it. The same pixels always
/// give the same bytes.
///
/// # Errors
/// Only if the picture has a pixel format PNG does not know.
pub fn png(image: &DynamicImage) -> ImageResult<Vec<u8>> {
    compressed(image, CompressionType::Fast)
}

/// The thumbnail of a picture as PNG, compressed small: pages load many of them.
///
/// # Errors
/// As [`png`].
pub fn thumbnail_png(image: &DynamicImage) -> ImageResult<Vec<u8>> {
    compressed(&thumbnail(image), CompressionType::Default)
}

fn compressed(image: &DynamicImage, compression: CompressionType) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    image.write_with_encoder(PngEncoder::new_with_quality(&mut bytes, compression, FilterType::Adaptive))?;
    Ok(bytes)
}

/// The picture scaled down to fit a square of [`THUMBNAIL_SIDE`], 8 bits a channel; never scaled up.
fn thumbnail(image: &DynamicImage) -> DynamicImage {
    let side = image.width().max(image.height());
    let small = if side > 4 * THUMBNAIL_SIDE {
        // Fast and coarse first, so that the careful step has little to do.
        image.thumbnail(2 * THUMBNAIL_SIDE, 2 * THUMBNAIL_SIDE).resize(
            THUMBNAIL_SIDE,
            THUMBNAIL_SIDE,
            Resampling::Triangle,
        )
    } else if side > THUMBNAIL_SIDE {
        image.resize(THUMBNAIL_SIDE, THUMBNAIL_SIDE, Resampling::Triangle)
    } else {
        image.clone()
    };
    let colour = small.color();
    match (colour.has_color(), colour.has_alpha()) {
        (true, true) => small.into_rgba8().into(),
        (true, false) => small.into_rgb8().into(),
        (false, true) => small.into_luma_alpha8().into(),
        (false, false) => small.into_luma8().into(),
    }
}

#[cfg(test)]
mod tests;
