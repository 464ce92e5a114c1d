//! The colours of the stylesheet, by the numbers of WCAG 2.2: 1.4.3 (text, 4.5 to 1) and 1.4.11 (edges of controls, 3 to 1).

use std::collections::HashMap;

const SHEET: &str = include_str!("../assets/style.css");

/// The palettes in the order they stand: light, dark.
fn palettes() -> Vec<HashMap<&'static str, [f64; 3]>> {
    SHEET.split(":root {").skip(1).take(2).map(|block| palette(block.split('}').next().unwrap())).collect()
}

fn palette(block: &'static str) -> HashMap<&'static str, [f64; 3]> {
    block.split(';').filter_map(|d| d.trim().strip_prefix("--")?.split_once(": #")).map(|(name, hex)| (name, channels(hex))).collect()
}

fn channels(hex: &str) -> [f64; 3] {
    let hex: String = if hex.len() == 3 { hex.chars().flat_map(|c| [c, c]).collect() } else { hex.to_owned() };
    [0, 2, 4].map(|i| f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap()) / 255.0)
}

fn luminance(c: [f64; 3]) -> f64 {
    let linear = c.map(|v| if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn ratio(a: [f64; 3], b: [f64; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_and_edges_stand_out_in_both_palettes() {
    let grounds = ["paper", "sheet", "official-bg", "warn-bg", "stop-bg", "plain-bg"];
    let mut text = vec![("on-accent", "accent"), ("on-accent", "press"), ("accent", "paper"), ("accent", "sheet"), ("stop", "paper")];
    text.extend(grounds.iter().flat_map(|g| [("ink", *g), ("quiet", *g)]));
    text.extend([("official", "official-bg"), ("warn", "warn-bg"), ("stop", "stop-bg"), ("plain", "plain-bg"), ("accent", "official-bg")]);
    let edges = [("edge", "paper"), ("edge", "sheet"), ("accent", "paper"), ("warn", "paper"), ("plain", "paper")];
    let palettes = palettes();
    assert_eq!(palettes.len(), 2);
    for (n, p) in palettes.iter().enumerate() {
        let wanted = text.iter().map(|pair| (pair, 4.5)).chain(edges.iter().map(|pair| (pair, 3.0)));
        for ((front, ground), least) in wanted {
            let got = ratio(p[front], p[ground]);
            assert!(got >= least, "palette {n}: {front} on {ground} is {got:.2}, needs {least}");
        }
    }
    assert!((ratio([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9, "the scale itself");
}
