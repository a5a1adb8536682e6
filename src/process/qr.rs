//! A QR code in the terminal (ISO/IEC 18004).
//!
//! It stands in the banner. Two rows of modules make one line of half blocks, with the quiet zone of
//! four modules that scanners need. Dark on light whatever the terminal's colours are, because many
//! phones do not read the inverse; so the colours are set, and black on white is what every
//! terminal knows. Without colours (`NO_COLOR`, no-color.org) the light modules are drawn instead,
//! which is right on a dark terminal.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// Black on white (ECMA-48 SGR), and back.
const COLOURS: (&str, &str) = ("\x1b[30;47m", "\x1b[0m");

/// The code with a line end after each line; none if the text is too long for one.
pub(crate) fn draw(text: &str, colours: bool) -> Option<String> {
    // A screen has no scratches, so the least redundancy makes the smallest code.
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let mut renderer = code.render::<Dense1x2>();
    if !colours {
        renderer
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark);
    }
    let lines = renderer.quiet_zone(true).build();
    let (on, off) = if colours { COLOURS } else { ("", "") };
    Some(
        lines
            .lines()
            .map(|line| format!("{on}{line}{off}\n"))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    /// Modules that are printed as ink, by row.
    fn ink(drawn: &str) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in drawn.lines() {
            let line = line
                .trim_start_matches(COLOURS.0)
                .trim_end_matches(COLOURS.1);
            rows.push(line.chars().map(|one| "█▀".contains(one)).collect());
            rows.push(line.chars().map(|one| "█▄".contains(one)).collect());
        }
        rows
    }

    #[test]
    fn it_has_every_module_and_a_quiet_zone_of_four() {
        let text = "https://192.168.1.20:4000";
        let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
        let rows = ink(&draw(text, true).unwrap());
        let width = code.width();
        assert!(rows.iter().all(|row| row.len() == width + 8));
        for (y, row) in rows.iter().enumerate() {
            for (x, dark) in row.iter().enumerate() {
                let inside = (4..width + 4).contains(&x) && (4..width + 4).contains(&y);
                let wanted = inside && code[(x - 4, y - 4)] == qrcode::Color::Dark;
                assert_eq!(*dark, wanted, "{x} {y}");
            }
        }
    }

    #[test]
    fn without_colours_the_light_modules_are_drawn() {
        let (black, white) = (draw("x", true).unwrap(), draw("x", false).unwrap());
        assert!(!white.contains('\x1b'));
        let (black, white) = (ink(&black), ink(&white));
        // A last line of half height may be left over.
        for (dark, light) in black.iter().zip(&white).take(21 + 8) {
            assert!(dark.iter().zip(light).all(|(dark, light)| dark != light));
        }
    }

    #[test]
    fn it_fits_into_a_terminal() {
        let code = draw(
            "https://[fd12:3456:789a:bcde:1234:5678:9abc:def0]:4000",
            true,
        )
        .unwrap();
        let widest = ink(&code).iter().map(Vec::len).max().unwrap();
        assert!(widest <= 80, "{widest}");
        assert!(draw(&"x".repeat(5000), true).is_none());
    }
}
