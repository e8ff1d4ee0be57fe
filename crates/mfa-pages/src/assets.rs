//! The files of the pages: in the binary, under names that change with their content, so that browsers keep them.

use std::fmt::Write as _;
use std::io;

use sha2::{Digest as _, Sha256};

/// A file of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AssetFile {
    /// How all pages look.
    Style,
    /// The one typeface.
    Font,
    /// The sign in the browser's tab.
    Icon,
    /// Fields for codes: paste, autofill, `WebOTP`.
    Codes,
    /// Times that run, and times of the reader's own place.
    Clock,
    /// Codes to copy, keep and print; and what asks before it is done.
    Clipboard,
    /// The phone of a developer.
    SmsPreview,
}

const STYLE: &str = include_str!("assets/style.css");
/// What the style sheet calls the typeface, before that has a name.
const FONT_IN_STYLE: &str = "figtree.woff2";

const FILES: [(AssetFile, &str, &str, &str, &[u8]); 6] = [
    (AssetFile::Font, "figtree", "woff2", "font/woff2", include_bytes!("assets/figtree.woff2")),
    (AssetFile::Icon, "icon", "svg", "image/svg+xml", include_bytes!("assets/icon.svg")),
    (AssetFile::Codes, "codes", "js", SCRIPT, include_bytes!("assets/codes.js")),
    (AssetFile::Clock, "clock", "js", SCRIPT, include_bytes!("assets/clock.js")),
    (AssetFile::Clipboard, "clipboard", "js", SCRIPT, include_bytes!("assets/clipboard.js")),
    (AssetFile::SmsPreview, "sms_preview", "js", SCRIPT, include_bytes!("assets/sms_preview.js")),
];
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// All files, each under its name.
#[derive(Debug)]
pub(super) struct Assets(Vec<Asset>);

/// One file as it is served.
#[derive(Debug)]
pub(super) struct Asset {
    file: AssetFile,
    name: String,
    /// Its media type.
    pub(super) media_type: &'static str,
    /// Its content.
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
    /// Names them all.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] where the style sheet does not use the typeface.
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
        // The style sheet names the typeface, so its own name follows from it.
        let style = STYLE.replace(FONT_IN_STYLE, assets.name(AssetFile::Font));
        let style =
            Asset::new(AssetFile::Style, "style", "css", "text/css; charset=utf-8", style.into_bytes());
        assets.0.push(style);
        Ok(assets)
    }

    /// The name under which this file is served.
    pub(super) fn name(&self, file: AssetFile) -> &str {
        self.0.iter().find(|it| it.file == file).map_or("", |it| &it.name)
    }

    /// The file of this name.
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
            AssetFile::SmsPreview,
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
