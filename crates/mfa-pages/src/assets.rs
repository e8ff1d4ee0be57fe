//! Assets (styles, scripts, font, icon), embedded in the binary and served under names that contain a hash.

use std::fmt::Write as _;
use std::io;

use sha2::{Digest as _, Sha256};

/// An asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AssetFile {
    /// The style sheet.
    Style,
    /// The font.
    Font,
    /// The favicon.
    Icon,
    /// The script of code fields: paste, autofill, `WebOTP`.
    Codes,
    /// The script of countdowns and local times.
    Clock,
    /// The script that copies, saves and prints codes and asks for confirmation.
    Clipboard,
    /// The script of forms that register or verify a passkey.
    Passkey,
    /// The script that warns before a session ends.
    Session,
    /// The script of the SMS preview.
    SmsPreview,
    /// The script of the mail preview.
    MailPreview,
}

const STYLE: &str = include_str!("assets/style.css");
/// The name of the font in the source of the style sheet, which is replaced by the served name.
const FONT_IN_STYLE: &str = "figtree.woff2";

const FILES: [(AssetFile, &str, &str, &str, &[u8]); 9] = [
    (AssetFile::Font, "figtree", "woff2", "font/woff2", include_bytes!("assets/figtree.woff2")),
    (AssetFile::Icon, "icon", "svg", "image/svg+xml", include_bytes!("assets/icon.svg")),
    (AssetFile::Codes, "codes", "js", SCRIPT, include_bytes!("assets/codes.js")),
    (AssetFile::Clock, "clock", "js", SCRIPT, include_bytes!("assets/clock.js")),
    (AssetFile::Clipboard, "clipboard", "js", SCRIPT, include_bytes!("assets/clipboard.js")),
    (AssetFile::Passkey, "passkey", "js", SCRIPT, include_bytes!("assets/passkey.js")),
    (AssetFile::Session, "session", "js", SCRIPT, include_bytes!("assets/session.js")),
    (AssetFile::SmsPreview, "sms_preview", "js", SCRIPT, include_bytes!("assets/sms_preview.js")),
    (AssetFile::MailPreview, "mail_preview", "js", SCRIPT, include_bytes!("assets/mail_preview.js")),
];
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// All assets by their served names.
#[derive(Debug)]
pub(super) struct Assets(Vec<Asset>);

/// An asset as it is served.
#[derive(Debug)]
pub(super) struct Asset {
    file: AssetFile,
    name: String,
    /// The media type.
    pub(super) media_type: &'static str,
    /// The content.
    pub(super) bytes: Vec<u8>,
}

impl Asset {
    fn new(file: AssetFile, stem: &str, extension: &str, media_type: &'static str, bytes: Vec<u8>) -> Self {
        let digest = Sha256::digest(&bytes);
        let tag = digest.iter().take(6).fold(String::new(), |mut tag, byte| {
            let _ = write!(tag, "{byte:02x}");
            tag
        });
        Self { file, name: format!("{stem}.{tag}.{extension}"), media_type, bytes }
    }
}

impl Assets {
    /// Computes the served names.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] if the style sheet does not use the font.
    pub(super) fn load() -> io::Result<Self> {
        let named = FILES.map(|(file, stem, extension, media_type, bytes)| {
            Asset::new(file, stem, extension, media_type, bytes.to_vec())
        });
        let mut assets = Self(named.into());
        if !STYLE.contains(FONT_IN_STYLE) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the style sheet does not use the typeface",
            ));
        }
        // The style sheet contains the name of the font, so the font is named first.
        let style = STYLE.replace(FONT_IN_STYLE, assets.name(AssetFile::Font));
        let style =
            Asset::new(AssetFile::Style, "style", "css", "text/css; charset=utf-8", style.into_bytes());
        assets.0.push(style);
        Ok(assets)
    }

    /// Returns the name under which the asset is served.
    pub(super) fn name(&self, file: AssetFile) -> &str {
        self.0.iter().find(|it| it.file == file).map_or("", |it| &it.name)
    }

    /// Returns the asset with this served name.
    pub(super) fn find(&self, name: &str) -> Option<&Asset> {
        self.0.iter().find(|it| it.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_name_of_its_own_by_which_it_is_found() {
        let assets = Assets::load().unwrap();
        for file in [
            AssetFile::Style,
            AssetFile::Font,
            AssetFile::Icon,
            AssetFile::Codes,
            AssetFile::Clock,
            AssetFile::Clipboard,
            AssetFile::Passkey,
            AssetFile::Session,
            AssetFile::SmsPreview,
            AssetFile::MailPreview,
        ] {
            let name = assets.name(file);
            assert_eq!(name.split('.').nth(1).map(str::len), Some(12), "{name}");
            assert_eq!(assets.find(name).map(|it| it.file), Some(file));
        }
        assert!(assets.find("style.css").is_none());
    }

    #[test]
    fn the_style_sheet_names_the_typeface_as_it_is_served_and_no_other_host() {
        let assets = Assets::load().unwrap();
        let style = assets.find(assets.name(AssetFile::Style)).unwrap();
        let style = std::str::from_utf8(&style.bytes).unwrap();
        assert!(style.contains(assets.name(AssetFile::Font)));
        assert!(!style.contains("//") && !style.contains("@import"));
    }
}
