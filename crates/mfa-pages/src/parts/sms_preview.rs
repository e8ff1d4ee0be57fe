//! Preview in development: the SMS of the outbox, and below them the mails, for browsers on this machine only.

use maud::{Markup, html};
use mfa_infra::sms::OutboxMessage;
use serde::Serialize;

use super::icons::icon;
use super::mail_preview::{self, mail_preview};
use crate::request::PageRequest;

/// The number of messages that fit into the preview.
const SHOWN: usize = 3;

/// A message of the outbox as the preview shows it.
#[derive(Serialize)]
pub(crate) struct MessageView<'a> {
    to: &'a str,
    text: &'a str,
    at: &'a str,
    code: Option<String>,
}

/// Returns true if the preview is shown: there is an outbox, and the browser runs on this machine.
pub(crate) fn is_shown(request: &PageRequest) -> bool {
    request.site.outbox().is_some() && request.is_loopback()
}

/// Returns the preview beside the page: the SMS, and below them the mails.
pub(crate) fn preview(request: &PageRequest) -> Markup {
    let (shows_sms, shows_mail) = (is_shown(request), mail_preview::is_shown(request));
    let label = if shows_sms { "sms-preview" } else { "mail-preview" };
    html! {
        aside.sms-preview aria-label=(request.translate(label)) data-from=(request.url("/outbox"))
            data-use=(request.translate("sms-preview-use")) data-empty=(request.translate("sms-preview-empty")) {
            @if shows_sms { (sms_preview(request)) }
            @if shows_mail { (mail_preview(request)) }
        }
    }
}

fn sms_preview(request: &PageRequest) -> Markup {
    let messages = messages(request);
    html! {
        div.sms-preview-top { (icon("message")) span { (request.translate("sms-preview")) } }
        ol.sms-preview-messages aria-live="polite" {
            @for message in messages.iter().map(MessageView::new) {
                li {
                    p.sms-preview-text { (message.text) }
                    @if let Some(code) = &message.code {
                        button.sms-preview-use type="button" data-code=(code) { (request.translate("sms-preview-use")) }
                    }
                }
            }
            @if messages.is_empty() { li.sms-preview-empty { (request.translate("sms-preview-empty")) } }
        }
        p.sms-preview-note { (request.translate("sms-preview-note")) }
    }
}

/// Returns the newest messages of the outbox; none if it cannot be read.
pub(crate) fn messages(request: &PageRequest) -> Vec<OutboxMessage> {
    request.site.outbox().and_then(|outbox| outbox.newest(SHOWN).ok()).unwrap_or_default()
}

impl<'a> MessageView<'a> {
    /// Creates the view of a message.
    pub(crate) fn new(message: &'a OutboxMessage) -> Self {
        let text = message.text.expose();
        Self { to: message.to.expose(), text, at: &message.at, code: code_in(text) }
    }
}

/// Returns the first run of exactly six digits.
fn code_in(text: &str) -> Option<String> {
    let mut runs = text.split(|c: char| !c.is_ascii_digit());
    runs.find(|run| run.len() == 6).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_message_is_its_six_digits() {
        assert_eq!(code_in("012345 est votre code NOVA.\n@a.fr #012345").as_deref(), Some("012345"));
        assert_eq!(code_in("NOVA : votre code est 998877").as_deref(), Some("998877"));
        assert_eq!(code_in("1234567 ou 12345"), None);
    }
}
