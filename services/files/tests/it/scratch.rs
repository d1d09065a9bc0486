use crate::samples::encoded;
use crate::world::World;
use image::{ImageFormat, Rgb, RgbImage};
use std::time::Instant;

#[actix_web::test]
async fn scratch() {
    let world = World::new().await;
    let owner = common::OwnerId::local();
    let mut samples: Vec<(String, Vec<u8>)> = Vec::new();
    for name in ["bar_chart.png", "coins.png", "line_chart.png", "page.png", "table_screenshot.png"] {
        samples.push((name.into(), std::fs::read(format!("/work/shared/images/{name}")).unwrap()));
    }
    for name in [
        "cmyk.jpg",
        "exif_rotated.jpg",
        "photo.webp",
        "scan.tiff",
        "transparent.png",
        "gray16.png",
        "animated.gif",
        "one_pixel.png",
    ] {
        samples.push((name.into(), std::fs::read(format!("/work/shared/uploads/{name}")).unwrap()));
    }
    let photo = |w: u32, h: u32| {
        let mut s = 12345u32;
        RgbImage::from_fn(w, h, |x, y| {
            s = s.wrapping_mul(1664525).wrapping_add(1013904223);
            let n = (s >> 28) as u8;
            let f = |a: f32| ((a.sin() * 100.0) + 110.0) as u8;
            Rgb([f(x as f32 / 300.0) + n, f(y as f32 / 200.0) + n, f((x + y) as f32 / 500.0) + n])
        })
    };
    for (w, h) in [(1200, 1000), (1600, 1200), (4000, 3000), (7000, 5700)] {
        samples.push((format!("photo {w}x{h}.jpg"), encoded(&photo(w, h).into(), ImageFormat::Jpeg)));
    }
    let shot = image::load_from_memory(&samples[4].1).unwrap().to_rgb8();
    let big = RgbImage::from_fn(3840, 2160, |x, y| *shot.get_pixel(x % shot.width(), y % shot.height()));
    samples.push(("screenshot 4k.png".into(), encoded(&big.into(), ImageFormat::Png)));
    for (name, bytes) in samples {
        let t = Instant::now();
        let size = bytes.len();
        let view = world.files.ingest(&owner, &name, bytes.into()).await;
        let took = t.elapsed();
        match view {
            Ok(view) => {
                let png = world.get("local", &format!("/api/v1/files/{}/content", view.id)).await.body;
                println!(
                    "{name}: {}x{} in {size} png {} thumb {} took {took:?} {:?}",
                    view.width,
                    view.height,
                    png.len(),
                    world.get("local", &format!("/api/v1/files/{}/thumbnail", view.id)).await.body.len(),
                    view.notes
                );
                std::fs::write(format!("/tmp/out_{name}.png"), &png).unwrap();
            }
            Err(e) => println!("{name}: {e}"),
        }
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!(
        "{}",
        status.lines().filter(|l| l.starts_with("VmHWM") || l.starts_with("VmRSS")).collect::<Vec<_>>().join(" ")
    );
}
