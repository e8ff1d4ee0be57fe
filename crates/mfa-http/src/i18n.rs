//! Translated texts: Fluent files under `locales/`, embedded in the binary.
//!
//! A file has the texts of one area, with the same messages and arguments in every language. To add a text, add its
//! message to the file of each language. To add a file, extend [`PROBLEMS`] or the [`TranslationSource`]s of an extension.
//! Message keys are unique over the files of a language.

use std::borrow::Cow;
use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use crate::language::Language;

/// Argument of a text. Numbers and strings convert with `.into()`.
pub use fluent_bundle::FluentValue as Argument;

/// Fluent file in every language.
#[derive(Clone, Copy, Debug)]
pub struct TranslationSource {
    /// Name of the file, for error messages.
    pub file: &'static str,
    /// French content of the file.
    pub french: &'static str,
    /// English content of the file.
    pub english: &'static str,
}

/// Texts of problem documents.
pub const PROBLEMS: TranslationSource = TranslationSource {
    file: "problems.ftl",
    french: include_str!("../locales/fr/problems.ftl"),
    english: include_str!("../locales/en/problems.ftl"),
};

type Bundle = FluentBundle<FluentResource>;

/// All texts in every language.
pub struct Translations {
    french: Bundle,
    english: Bundle,
}

/// Error of a Fluent file that does not parse.
#[derive(Debug, PartialEq, Eq)]
pub struct LocaleError {
    language: Language,
    file: &'static str,
    reason: String,
}

impl Translations {
    /// Parses the texts of problem documents and of this extension.
    ///
    /// # Errors
    ///
    /// [`LocaleError`] for a file that does not parse, or a message key that occurs twice.
    pub fn load(extension: &[TranslationSource]) -> Result<Self, LocaleError> {
        let sources: Vec<_> = std::iter::once(&PROBLEMS).chain(extension).collect();
        let french: Vec<_> = sources.iter().map(|it| (it.file, it.french)).collect();
        let english: Vec<_> = sources.iter().map(|it| (it.file, it.english)).collect();
        Ok(Self { french: bundle(Language::French, &french)?, english: bundle(Language::English, &english)? })
    }

    /// Returns the text of a message (`name`) or of its attribute (`name.attribute`) with these arguments.
    ///
    /// A missing text is replaced by its key, so that no response fails because of it. Tests check that both languages
    /// have every key that the code uses.
    pub fn translate<'a>(
        &'a self,
        language: Language,
        name: &'a str,
        arguments: &[(&str, Argument<'_>)],
    ) -> Cow<'a, str> {
        let bundle = self.bundle(language);
        let (message, attribute) = match name.split_once('.') {
            Some((message, attribute)) => (message, Some(attribute)),
            None => (name, None),
        };
        let message = bundle.get_message(message);
        let pattern = message.and_then(|message| match attribute {
            Some(attribute) => message.get_attribute(attribute).map(|it| it.value()),
            None => message.value(),
        });
        let Some(pattern) = pattern else { return Cow::Borrowed(name) };
        let arguments: FluentArgs<'_> =
            arguments.iter().map(|(name, value)| (*name, value.clone())).collect();
        // A missing argument is replaced by its name as well.
        let mut errors = Vec::new();
        Cow::Owned(bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned())
    }

    const fn bundle(&self, language: Language) -> &Bundle {
        match language {
            Language::French => &self.french,
            Language::English => &self.english,
        }
    }
}

impl fmt::Debug for Translations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Translations").finish_non_exhaustive()
    }
}

impl fmt::Display for LocaleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "locales/{}/{}: {}", self.language.tag(), self.file, self.reason)
    }
}

impl std::error::Error for LocaleError {}

fn bundle(language: Language, files: &[(&'static str, &str)]) -> Result<Bundle, LocaleError> {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Directional marks are for mixed scripts; clients that compare texts would receive them.
    bundle.set_use_isolating(false);
    for (file, source) in files {
        let invalid = |reason: String| LocaleError { language, file, reason };
        let resource =
            FluentResource::try_new((*source).to_owned()).map_err(|(_, errors)| invalid(join(&errors)))?;
        bundle.add_resource(resource).map_err(|errors| invalid(join(&errors)))?;
    }
    Ok(bundle)
}

fn join(errors: &[impl fmt::Display]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
