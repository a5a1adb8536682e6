//! QR codes as pictures: `/qr.svg?` and a percent-encoded text, such as the address of a room.
//!
//! It stands beside the page, whose invitation shows one. The code is that of ISO/IEC 18004 at
//! level M; a module is one unit of the picture, and the quiet zone around it is the four modules
//! that the standard wants. It is dark on white in both themes, because many readers do not take the
//! reverse.
//!
//! Invariants: the text is bounded and of visible ASCII, as every URL is; it does not appear in
//! the picture but as modules. Cost: eight masks are tried on at most 89 by 89 modules, once for
//! each invitation, since a browser keeps the picture.

use std::fmt::Write as _;

use bytes::Bytes;
use qrcode::{Color, QrCode};

use crate::http::path::percent_decode;

/// Longest text, in bytes.
const MAX_TEXT_BYTES: usize = 512;

/// Light modules around the code (ISO/IEC 18004 section 5.3.8).
const QUIET: usize = 4;

/// The picture for the query of a request; `None` if that is no text for it.
pub(crate) fn picture(query: &str) -> Option<Bytes> {
    // Percent-encoding makes three of one.
    if query.len() > 3 * MAX_TEXT_BYTES {
        return None;
    }
    let text = percent_decode(query)?;
    let fits = (1..=MAX_TEXT_BYTES).contains(&text.len());
    if !fits || !text.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    Some(draw(&QrCode::new(text).ok()?).into())
}

/// One path for all dark modules; those that stand side by side are one rectangle.
fn draw(code: &QrCode) -> String {
    let (width, modules) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (y, row) in modules.chunks(width.max(1)).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                let (left, length) = (x + QUIET, run.len());
                // Writing to a string does not fail.
                let _ = write!(path, "M{left} {}h{length}v1h-{length}z", y + QUIET);
            }
            x += run.len();
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
         <path d=\"{path}\"/></svg>\n"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    /// The dark modules of a picture, read from its path.
    fn dark(svg: &str) -> Vec<(usize, usize)> {
        let path = svg.split("<path d=\"").nth(1).unwrap();
        let path = path.split('"').next().unwrap();
        let mut modules = Vec::new();
        for part in path.split('z').filter(|part| !part.is_empty()) {
            let (place, shape) = part[1..].split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let length: usize = shape.split('v').next().unwrap().parse().unwrap();
            let x: usize = x.parse().unwrap();
            modules.extend((x..x + length).map(|x| (x, y.parse().unwrap())));
        }
        modules
    }

    #[test]
    fn the_picture_has_the_modules_of_the_code_and_its_quiet_zone() {
        let text = "https://192.168.1.20:4000/#kitchen";
        let svg = picture(text).unwrap();
        let svg = std::str::from_utf8(&svg).unwrap();
        let code = QrCode::new(text).unwrap();
        let mut wanted = Vec::new();
        for (at, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                wanted.push((at % code.width() + 4, at / code.width() + 4));
            }
        }
        assert_eq!(dark(svg), wanted);
        let side = code.width() + 8;
        assert!(svg.contains(&format!("viewBox=\"0 0 {side} {side}\"")));
    }

    #[test]
    fn a_text_is_decoded_once() {
        assert_eq!(picture("%68i%2520").unwrap(), picture("hi%2520").unwrap());
        assert_ne!(picture("hi%2520"), picture("hi%25"));
    }

    #[test]
    fn what_is_not_a_url_has_no_picture() {
        let long = "x".repeat(512);
        assert!(picture(&long).is_some());
        for wrong in ["", "%", "%zz", "a%20b", "a%0a", "caf%C3%A9", "\u{e9}"] {
            assert!(picture(wrong).is_none(), "{wrong:?}");
        }
        assert!(picture(&format!("{long}x")).is_none());
        assert!(picture(&"%41".repeat(513)).is_none());
    }
}
