use super::*;

/// Protects whoever is shown a name: it is one line, reads as it is, and is no path.
#[test]
fn names_are_cleaned() {
    let cases = [
        ("chart.png", "chart.png"),
        ("Größe 图表 (1).png", "Größe 图表 (1).png"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("C:\\fakepath\\scan.tiff", "scan.tiff"),
        ("folder/", "folder"),
        ("a\r\nSet-Cookie: x=1.png", "aSet-Cookie: x=1.png"),
        ("a\0b.png", "ab.png"),
        ("invoice\u{202e}gnp.exe", "invoicegnp.exe"),
        ("  much \u{a0}  space.png ", "much space.png"),
        ("<script>.png", "<script>.png"),
        ("", "image"),
        ("..", "image"),
        ("../..", "image"),
        ("///", "image"),
        ("\u{200b}", "image"),
    ];
    for (given, shown) in cases {
        assert_eq!(clean(given), shown, "{given:?}");
    }
}

/// Protects tables and pages from endless names, and keeps the ending people look for.
#[test]
fn long_names_are_cut() {
    let cut = clean(&format!("{}.png", "é".repeat(500)));
    assert_eq!(cut.chars().count(), MAX_CHARS);
    assert!(cut.ends_with("é.png"));
    assert_eq!(clean(&"x".repeat(500)), "x".repeat(MAX_CHARS));
    assert_eq!(clean(&format!("a.{}", "y".repeat(500))).chars().count(), MAX_CHARS);
}
