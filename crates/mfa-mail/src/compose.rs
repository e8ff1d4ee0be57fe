//! Composition of a mail from its notice, in the language of its reader.

use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use mfa_core::{PreferredLanguage, Timestamp};
use unic_langid::LanguageIdentifier;

use crate::device;
use crate::message::{MailMessage, MessageId};
use crate::outbox::QueuedMail;
use crate::recipient::{Recipient, RecipientError};

const FRENCH: &str = include_str!("../locales/fr/mail.ftl");
const ENGLISH: &str = include_str!("../locales/en/mail.ftl");

type MailBundle = FluentBundle<FluentResource>;

/// Contact for a user who did not cause the event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelpContact {
    /// Address of the help page.
    pub url: Option<String>,
    /// Text such as a phone number and opening hours.
    pub text: Option<String>,
}

/// Texts of the mails of one installation.
pub struct MailTexts {
    french: MailBundle,
    english: MailBundle,
    issuer: String,
    help: HelpContact,
    sender_domain: String,
}

/// Error of a Fluent file that does not parse.
#[derive(Debug, thiserror::Error)]
#[error("locales/{language}/mail.ftl: {reason}")]
pub struct MailTextsError {
    language: &'static str,
    reason: String,
}

impl MailTexts {
    /// Parses the texts. `issuer`: name of the service. `sender_domain`: domain of the sender's address.
    ///
    /// # Errors
    ///
    /// [`MailTextsError`]: the file of a language is broken.
    pub fn new(issuer: &str, help: HelpContact, sender_domain: &str) -> Result<Self, MailTextsError> {
        Ok(Self {
            french: bundle(PreferredLanguage::French, FRENCH)?,
            english: bundle(PreferredLanguage::English, ENGLISH)?,
            issuer: one_line(issuer),
            help,
            sender_domain: sender_domain.to_owned(),
        })
    }

    /// Composes the mail of a notice.
    ///
    /// # Errors
    ///
    /// [`RecipientError`]: the user's address is not one e-mail address. Drop the mail.
    pub fn compose(&self, mail: &QueuedMail) -> Result<MailMessage, RecipientError> {
        let notice = &mail.queued;
        let to = Recipient::parse(&notice.address)?;
        let texts = Texts { bundle: self.bundle(notice.language), issuer: &self.issuer };
        let name = notice.notice.as_str().replace('_', "-");
        Ok(MailMessage {
            to,
            subject: one_line(&texts.text(&format!("mail-{name}.subject"), &[])),
            text: self.body(&texts, &name, mail),
            language: notice.language.tag(),
            id: MessageId::new(&notice.event_id, &self.sender_domain),
            at: notice.at,
        })
    }

    fn body(&self, texts: &Texts<'_>, name: &str, mail: &QueuedMail) -> String {
        let is_by_administrator = mail.queued.notice.is_by_administrator();
        let mut paragraphs = vec![
            texts.text("mail-greeting", &[]),
            texts.text(&format!("mail-{name}.text"), &[]),
            details(texts, mail, is_by_administrator),
        ];
        paragraphs.push(if is_by_administrator {
            texts.text("mail-if-expected", &[])
        } else {
            texts.text("mail-if-you", &[])
        });
        paragraphs.push(self.help(texts, is_by_administrator));
        paragraphs.push(texts.text("mail-footer", &[]));
        let mut body = paragraphs.join("\n\n");
        body.push('\n');
        body
    }

    /// Returns what to do if it was somebody else: the help page, the help text, or the administrator.
    fn help(&self, texts: &Texts<'_>, is_by_administrator: bool) -> String {
        let what = if is_by_administrator { "mail-if-not-expected" } else { "mail-if-not-you" };
        let mut lines = vec![texts.text(what, &[])];
        if let Some(url) = &self.help.url {
            lines.push(texts.text("mail-help-page", &[("url", FluentValue::from(url.as_str()))]));
        }
        lines.extend(self.help.text.clone());
        if lines.len() == 1 {
            lines.push(texts.text("mail-help-administrator", &[]));
        }
        lines.join("\n")
    }

    const fn bundle(&self, language: PreferredLanguage) -> &MailBundle {
        match language {
            PreferredLanguage::French => &self.french,
            PreferredLanguage::English => &self.english,
        }
    }
}

/// Returns when it happened, and where: without the address and the device of an administrator.
fn details(texts: &Texts<'_>, mail: &QueuedMail, is_by_administrator: bool) -> String {
    let mut lines = Vec::new();
    if let Some(when) = when(texts, mail.queued.at) {
        lines.push(when);
    }
    if !is_by_administrator {
        if let Some(device) = mail.user_agent.as_deref().and_then(device::name) {
            lines.push(texts.text("mail-device", &[("device", FluentValue::from(device))]));
        }
        if let Some(ip) = mail.ip {
            lines.push(texts.text("mail-address", &[("address", FluentValue::from(ip.to_string()))]));
        }
    }
    lines.join("\n")
}

/// Returns day and minute in UTC, which the text names: the reader's zone is not known.
fn when(texts: &Texts<'_>, at: Timestamp) -> Option<String> {
    let text = at.to_rfc3339()?;
    let (date, time) = text.split_once('T')?;
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |text: &str| text.parse::<u8>().ok().map(FluentValue::from);
    let arguments = [
        ("year", FluentValue::from(year)),
        ("month", number(month)?),
        ("day", number(day)?),
        ("time", FluentValue::from(time.get(..5)?)),
    ];
    Some(texts.text("mail-when", &arguments))
}

/// Texts of one language.
struct Texts<'a> {
    bundle: &'a MailBundle,
    issuer: &'a str,
}

impl Texts<'_> {
    /// Returns the text of a message (`name`) or of its attribute (`name.attribute`). Each may use `$issuer`.
    ///
    /// A missing text is replaced by its name, so that no mail fails because of it. A test composes every notice.
    fn text(&self, name: &str, arguments: &[(&str, FluentValue<'_>)]) -> String {
        let (message, attribute) = match name.split_once('.') {
            Some((message, attribute)) => (message, Some(attribute)),
            None => (name, None),
        };
        let message = self.bundle.get_message(message);
        let pattern = message.and_then(|message| match attribute {
            Some(attribute) => message.get_attribute(attribute).map(|it| it.value()),
            None => message.value(),
        });
        let Some(pattern) = pattern else { return name.to_owned() };
        let mut all: FluentArgs<'_> = arguments.iter().map(|(name, value)| (*name, value.clone())).collect();
        all.set("issuer", self.issuer);
        self.bundle.format_pattern(pattern, Some(&all), &mut Vec::new()).into_owned()
    }
}

fn bundle(language: PreferredLanguage, source: &str) -> Result<MailBundle, MailTextsError> {
    let invalid = |reason: String| MailTextsError { language: language.tag(), reason };
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Directional marks are for mixed scripts.
    bundle.set_use_isolating(false);
    let resource =
        FluentResource::try_new(source.to_owned()).map_err(|(_, errors)| invalid(join(&errors)))?;
    bundle.add_resource(resource).map_err(|errors| invalid(join(&errors)))?;
    Ok(bundle)
}

fn join(errors: &[impl fmt::Display]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Returns the text without line breaks and other control characters, for a header.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl fmt::Debug for MailTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailTexts")
            .field("issuer", &self.issuer)
            .field("help", &self.help)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
