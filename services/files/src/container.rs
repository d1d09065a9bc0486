//! What decoders do not tell: whether a JPEG was cut off, and whether a file holds more than the one
//! picture that is used. Pure walks over the container's structure; nothing is decoded.

/// Whether the JPEG reaches its end marker. The decoder fills what is missing with grey instead.
pub fn jpeg_is_complete(bytes: &[u8]) -> bool {
    // After the two bytes that begin every JPEG.
    let mut at = 2;
    while let Some(marker) = next_marker(bytes, &mut at) {
        match marker {
            END_OF_IMAGE => return true,
            // Markers that stand alone. Inside coded data these are restarts.
            0x01 | 0xd0..=0xd8 => {}
            _ => match bytes.get(at..at + 2) {
                // After a scan header comes coded data, in which `next_marker` finds the next marker.
                Some(length) => at += usize::from(u16::from_be_bytes([length[0], length[1]])).max(2),
                None => return false,
            },
        }
    }
    false
}

const END_OF_IMAGE: u8 = 0xd9;

/// Moves behind the next marker and answers it. `FF 00` is a coded FF, `FF FF` is padding.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        let rest = bytes.get(*at..)?;
        *at += rest.iter().position(|&byte| byte == 0xff)? + 1;
        match *bytes.get(*at)? {
            0xff => {}
            0x00 => *at += 1,
            marker => {
                *at += 1;
                return Some(marker);
            }
        }
    }
}

/// Whether a GIF holds more than one frame.
pub fn gif_is_animated(bytes: &[u8]) -> bool {
    count_gif_frames(bytes).unwrap_or_else(|frames| frames) > 1
}

/// Frames up to the end, or (`Err`) up to where the file breaks off.
fn count_gif_frames(bytes: &[u8]) -> Result<usize, usize> {
    let colour_table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut frames = 0;
    let Some(&flags) = bytes.get(10) else { return Err(frames) };
    let mut at = 13 + colour_table(flags);
    loop {
        match bytes.get(at) {
            // An extension: its label, then blocks.
            Some(0x21) => at = skip_blocks(bytes, at + 2).ok_or(frames)?,
            // A frame: ten bytes with its place, its colours, the code size, then blocks.
            Some(0x2c) => {
                frames += 1;
                let &flags = bytes.get(at + 9).ok_or(frames)?;
                at = skip_blocks(bytes, at + 10 + colour_table(flags) + 1).ok_or(frames)?;
            }
            Some(_) => return Ok(frames),
            None => return Err(frames),
        }
    }
}

fn skip_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            0 => return Some(at + 1),
            &length => at += 1 + usize::from(length),
        }
    }
}

/// Whether a WebP's header announces an animation.
pub fn webp_is_animated(bytes: &[u8]) -> bool {
    bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & 0x02 != 0)
}

/// Whether a PNG has an animation control chunk before its pixels.
pub fn png_is_animated(bytes: &[u8]) -> bool {
    let mut at = 8;
    while let Some(&[a, b, c, d, ref kind @ ..]) = bytes.get(at..at + 8) {
        match kind {
            b"acTL" => return true,
            b"IDAT" => return false,
            // Length, kind and check sum are twelve bytes.
            _ => at = at.saturating_add(u32::from_be_bytes([a, b, c, d]) as usize).saturating_add(12),
        }
        if at > bytes.len() {
            break;
        }
    }
    false
}

/// Whether a classic TIFF has a second page. False also where the structure breaks off.
pub fn tiff_has_more_pages(bytes: &[u8]) -> bool {
    let little = bytes.first() == Some(&b'I');
    let number = |at: usize, size: usize| -> Option<usize> {
        let raw = bytes.get(at..at.checked_add(size)?)?;
        let digits = raw.iter().map(|&byte| usize::from(byte));
        let join = |value: usize, digit: usize| value << 8 | digit;
        Some(if little { digits.rev().fold(0, join) } else { digits.fold(0, join) })
    };
    let next_page = || {
        let first = number(4, 4)?;
        let entries = number(first, 2)?;
        number(first.checked_add(2 + entries * 12)?, 4)
    };
    number(2, 2) == Some(42) && next_page().is_some_and(|at| at != 0)
}

#[cfg(test)]
mod tests;
