//! What is said to readers, in each language: Project Fluent's files under `locales/`, read once and kept in the binary.
//!
//! A file of texts is one area (`problems.ftl`), in every language the same messages with the same arguments. To add a
//! text: a message in the file of its area, once a language. To add a file: a line in [`PROBLEMS`] or in the [`TranslationSource`]s of an extension. Names of messages
//! are unique over the files of a language.

use std::borrow::Cow;
use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use crate::language::Language;

/// A value that a text has a place for: from a number or a string, by `.into()`.
pub use fluent_bundle::FluentValue as Argument;

/// One Fluent file in every language.
#[derive(Clone, Copy, Debug)]
pub struct TranslationSource {
    /// The name of the file, for error messages.
    pub file: &'static str,
    /// The French text of the file.
    pub french: &'static str,
    /// The English text of the file.
    pub english: &'static str,
}

/// The texts of problem documents.
pub const PROBLEMS: TranslationSource = TranslationSource {
    file: "problems.ftl",
    french: include_str!("../locales/fr/problems.ftl"),
    english: include_str!("../locales/en/problems.ftl"),
};

type Bundle = FluentBundle<FluentResource>;

/// Every text in every language.
pub struct Translations {
    french: Bundle,
    english: Bundle,
}

/// A file of texts that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub struct LocaleError {
    language: Language,
    file: &'static str,
    fault: String,
}

impl Translations {
    /// Parses the texts of problem documents and of this extension.
    ///
    /// # Errors
    ///
    /// [`LocaleError`] where a file is no Fluent, or has a message that another one has.
    pub fn load(extension: &[TranslationSource]) -> Result<Self, LocaleError> {
        let sources: Vec<_> = std::iter::once(&PROBLEMS).chain(extension).collect();
        let french: Vec<_> = sources.iter().map(|it| (it.file, it.french)).collect();
        let english: Vec<_> = sources.iter().map(|it| (it.file, it.english)).collect();
        Ok(Self { french: bundle(Language::French, &french)?, english: bundle(Language::English, &english)? })
    }

    /// The text of a message (`name`), or of one of its attributes (`name.attribute`), with these arguments.
    ///
    /// What has no text is shown by its name: an answer is never held up by a missing word. Tests hold both languages
    /// to every name that the code uses.
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
        // An argument that is missing is shown by its name as well.
        let mut faults = Vec::new();
        Cow::Owned(bundle.format_pattern(pattern, Some(&arguments), &mut faults).into_owned())
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
        f.debug_struct("Texts").finish_non_exhaustive()
    }
}

impl fmt::Display for LocaleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "locales/{}/{}: {}", self.language.tag(), self.file, self.fault)
    }
}

impl std::error::Error for LocaleError {}

fn bundle(language: Language, files: &[(&'static str, &str)]) -> Result<Bundle, LocaleError> {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Their directional marks are for mixed scripts, and would reach clients that compare texts.
    bundle.set_use_isolating(false);
    for (file, source) in files {
        let broken = |fault: String| LocaleError { language, file, fault };
        let resource =
            FluentResource::try_new((*source).to_owned()).map_err(|(_, faults)| broken(listed(&faults)))?;
        bundle.add_resource(resource).map_err(|faults| broken(listed(&faults)))?;
    }
    Ok(bundle)
}

fn listed(faults: &[impl fmt::Display]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
