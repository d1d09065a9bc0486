//! Colours of pictures that bring their own profile (phones and scanners do). The served PNG carries
//! no profile, so its numbers must mean the colours themselves: they are converted to sRGB.

use image::DynamicImage;
use moxcms::{CmsError, ColorProfile, DataColorSpace, Layout, TransformExecutor, TransformOptions};

/// Largest difference per channel (of 255) at which a profile counts as sRGB and nothing is touched.
const SAME: u8 = 2;

/// Converts the picture from its profile to sRGB; false when nothing had to be done.
///
/// Grey pictures and profiles of other colour spaces stay as they are: their decoder has done with
/// them what can be done.
///
/// # Errors
/// The profile is damaged or of a kind that cannot be converted; the picture is unchanged.
pub fn to_srgb(image: &mut DynamicImage, profile: &[u8]) -> Result<bool, CmsError> {
    if !image.color().has_color() {
        return Ok(false);
    }
    let source = ColorProfile::new_from_slice(profile)?;
    if source.color_space != DataColorSpace::Rgb || is_srgb(&source)? {
        return Ok(false);
    }
    let layout = if image.color().has_alpha() { Layout::Rgba } else { Layout::Rgb };
    let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
    match image {
        DynamicImage::ImageRgb8(pixels) => {
            convert(&*source.create_transform_8bit(layout, &srgb, layout, options)?, pixels, 3)?;
        }
        DynamicImage::ImageRgba8(pixels) => {
            convert(&*source.create_transform_8bit(layout, &srgb, layout, options)?, pixels, 4)?;
        }
        DynamicImage::ImageRgb16(pixels) => {
            convert(&*source.create_transform_16bit(layout, &srgb, layout, options)?, pixels, 3)?;
        }
        DynamicImage::ImageRgba16(pixels) => {
            convert(&*source.create_transform_16bit(layout, &srgb, layout, options)?, pixels, 4)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Pixels converted at a time, so that no second picture is held in memory.
const CHUNK_PIXELS: usize = 64 * 1024;

fn convert<T: Copy + Default>(
    transform: &dyn TransformExecutor<T>,
    samples: &mut [T],
    channels: usize,
) -> Result<(), CmsError> {
    let mut before = Vec::with_capacity(CHUNK_PIXELS * channels);
    for chunk in samples.chunks_mut(CHUNK_PIXELS * channels) {
        before.clear();
        before.extend_from_slice(chunk);
        transform.transform(&before, chunk)?;
    }
    Ok(())
}

/// Whether the profile says the same as sRGB, tried on colours from all over the cube.
fn is_srgb(profile: &ColorProfile) -> Result<bool, CmsError> {
    let levels = [0, 32, 64, 96, 128, 160, 192, 224, 255];
    let mut before = Vec::new();
    for red in levels {
        for green in levels {
            for blue in levels {
                before.extend([red, green, blue]);
            }
        }
    }
    let mut after = vec![0; before.len()];
    let srgb = ColorProfile::new_srgb();
    profile
        .create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, TransformOptions::default())?
        .transform(&before, &mut after)?;
    Ok(before.iter().zip(&after).all(|(before, after)| before.abs_diff(*after) <= SAME))
}

#[cfg(test)]
mod tests;
