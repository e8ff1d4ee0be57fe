//! Language that a client reads.

/// Language that the client of a request reads, for messages about what the request did.
///
/// Exhaustive, so that each message is available in each language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreferredLanguage {
    /// French.
    French,
    /// English.
    English,
}

impl PreferredLanguage {
    /// Returns the language tag (BCP 47), which is also stored.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// Returns the language with this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        [Self::French, Self::English].into_iter().find(|it| it.tag() == tag)
    }
}
