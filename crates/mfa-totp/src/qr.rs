//! QR code of an otpauth URI, as PNG or SVG.

use std::fmt::Write as _;

use data_encoding::BASE64;
use mfa_core::SecretText;
use qrcodegen::{QrCode, QrCodeEcc};
use zeroize::Zeroizing;

/// White modules on each side (ISO/IEC 18004 §9.1).
const QUIET_ZONE: usize = 4;
/// Pixels per module in the PNG. With eight, one module of a row is exactly one byte of one-bit pixels.
const PIXELS: usize = 8;

/// Error of drawing a QR code. It contains nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QrError {
    /// The text is too long for a QR code.
    #[error("the text is too long for a QR code")]
    TooLong,
    /// The PNG could not be written.
    #[error("the QR code could not be written as PNG")]
    Png,
}

/// Draws a text as QR code in a one-bit greyscale PNG, eight pixels per module: `data:image/png;base64,…`.
///
/// The URI of a [`crate::Provisioning`] always fits if its secret was generated or imported by this crate.
///
/// # Errors
///
/// [`QrError::TooLong`] for more than about 2300 bytes: shorten the text. [`QrError::Png`] has no known cause.
pub fn qr_png_data_uri(text: &SecretText) -> Result<SecretText, QrError> {
    let file = Zeroizing::new(Grid::new(text)?.png().map_err(|_| QrError::Png)?);
    let mut uri = "data:image/png;base64,".to_owned();
    uri.reserve_exact(BASE64.encode_len(file.len()));
    BASE64.encode_append(&file, &mut uri);
    Ok(SecretText::new(uri))
}

/// Draws a text as QR code in an SVG for inline use: one path on white, sized by the page.
///
/// It has no style and no script, so that it is displayed under the strictest Content-Security-Policy.
///
/// # Errors
///
/// [`QrError::TooLong`] for more than about 2300 bytes: shorten the text.
pub fn qr_svg(text: &SecretText) -> Result<SecretText, QrError> {
    Grid::new(text).map(|grid| grid.svg())
}

/// QR code as a grid of modules, including its quiet zone.
struct Grid {
    /// Modules row by row; `true` is dark.
    dark: Zeroizing<Vec<bool>>,
    /// Modules per side, including the quiet zone.
    side: usize,
}

impl Grid {
    fn new(text: &SecretText) -> Result<Self, QrError> {
        let code = QrCode::encode_text(text.expose(), QrCodeEcc::Medium).map_err(|_| QrError::TooLong)?;
        let zone = i32::try_from(QUIET_ZONE).unwrap_or(0);
        // Outside the code `get_module` returns light, which draws the quiet zone.
        let range = zone.saturating_neg()..code.size().saturating_add(zone);
        let side = range.clone().count();
        let rows = range.clone().flat_map(|y| range.clone().map(move |x| (x, y)));
        let dark = Zeroizing::new(rows.map(|(x, y)| code.get_module(x, y)).collect());
        Ok(Self { dark, side })
    }

    fn rows(&self) -> impl Iterator<Item = &[bool]> {
        self.dark.chunks_exact(self.side)
    }

    fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut pixels = Zeroizing::new(Vec::with_capacity(self.dark.len().saturating_mul(PIXELS)));
        for row in self.rows() {
            for _ in 0..PIXELS {
                pixels.extend(row.iter().map(|&dark| if dark { 0x00_u8 } else { 0xff }));
            }
        }
        let width = u32::try_from(self.side.saturating_mul(PIXELS)).unwrap_or(u32::MAX);
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, width);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&pixels)?;
        writer.finish()?;
        Ok(file)
    }

    fn svg(&self) -> SecretText {
        let side = self.side;
        let mut svg = String::with_capacity(self.dark.len().saturating_mul(8));
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/><path fill="#000" d=""##
        );
        for (y, row) in self.rows().enumerate() {
            let mut x = 0_usize;
            for run in row.chunk_by(|left, right| left == right) {
                let length = run.len();
                if run.first() == Some(&true) {
                    let _ = write!(svg, "M{x} {y}h{length}v1h-{length}z");
                }
                x = x.saturating_add(length);
            }
        }
        svg.push_str(r#""/></svg>"#);
        SecretText::new(svg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> SecretText {
        SecretText::new("otpauth://totp/NOVA:a?secret=GEZDGNBVGY3TQOJQ".into())
    }

    /// The dark modules, as the picture shows them.
    fn modules_of_png(data_uri: &str) -> Vec<Vec<bool>> {
        let file =
            BASE64.decode(data_uri.strip_prefix("data:image/png;base64,").unwrap().as_bytes()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((frame.color_type, frame.bit_depth), (png::ColorType::Grayscale, png::BitDepth::One));
        assert_eq!(frame.width, frame.height);
        pixels
            .chunks(frame.line_size)
            .step_by(8)
            .map(|row| row.iter().map(|&byte| byte == 0).collect())
            .collect()
    }

    /// The dark modules, as the path draws them.
    fn modules_of_svg(svg: &str, side: usize) -> Vec<Vec<bool>> {
        let path = svg.split(" d=\"").nth(1).unwrap().split('"').next().unwrap();
        let mut modules = vec![vec![false; side]; side];
        for run in path.split_terminator('z') {
            let (start, length) = run.strip_prefix('M').unwrap().split_once('h').unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let length: usize = length.split('v').next().unwrap().parse().unwrap();
            modules[y].iter_mut().skip(x).take(length).for_each(|module| *module = true);
        }
        modules
    }

    #[test]
    fn both_pictures_show_the_same_modules_inside_four_white_ones() {
        let shown = modules_of_png(qr_png_data_uri(&text()).unwrap().expose());
        let side = shown.len();
        assert_eq!(shown, modules_of_svg(qr_svg(&text()).unwrap().expose(), side));
        let in_zone = |i: usize| i < 4 || i >= side - 4;
        for (y, row) in shown.iter().enumerate() {
            for (x, dark) in row.iter().enumerate() {
                assert!(!dark || !in_zone(x) && !in_zone(y), "{x} {y}");
            }
        }
        assert_eq!(shown[4][4..11], [true; 7], "the finder pattern touches the quiet zone");
    }

    #[test]
    fn the_svg_has_nothing_that_a_strict_policy_blocks() {
        let svg = qr_svg(&text()).unwrap();
        for blocked in ["style", "script", "href", " on"] {
            assert!(!svg.expose().contains(blocked), "{blocked}");
        }
        assert_eq!(svg.expose().matches("<path").count(), 1);
    }

    #[test]
    fn a_text_that_no_code_holds_is_an_error() {
        let text = SecretText::new("x".repeat(3000));
        assert_eq!(qr_png_data_uri(&text), Err(QrError::TooLong));
        assert_eq!(qr_svg(&text), Err(QrError::TooLong));
    }
}
