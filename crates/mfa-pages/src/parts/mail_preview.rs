//! Preview of mails in development: the mails of the outbox file, below the preview of SMS.

use maud::{Markup, html};
use mfa_infra::mail::OutboxMail;

use super::icons::icon;
use crate::request::PageRequest;

/// The number of mails in the preview.
const SHOWN: usize = 5;

/// Returns true if the preview is shown: mails go to the outbox file, and the browser runs on this machine.
pub(crate) fn is_shown(request: &PageRequest) -> bool {
    request.site.mail_outbox().is_some() && request.is_loopback()
}

/// Returns the preview. It is closed at first, so that a new mail moves nothing on the page.
pub(crate) fn mail_preview(request: &PageRequest) -> Markup {
    let mails = mails(request);
    html! {
        details.mail-preview data-from=(request.url("/outbox/mail")) data-empty=(request.translate("mail-preview-empty")) {
            summary { (icon("message")) span { (request.translate("mail-preview")) } }
            div.mail-preview-list role="region" aria-label=(request.translate("mail-preview-list")) tabindex="0" {
                @for mail in &mails {
                    article {
                        p.mail-preview-subject { (mail.subject) }
                        p.mail-preview-to { (mail.to) }
                        p.mail-preview-text { (mail.text) }
                    }
                }
                @if mails.is_empty() { p.mail-preview-empty { (request.translate("mail-preview-empty")) } }
            }
        }
    }
}

/// Returns the newest mails of the outbox file; none if it cannot be read.
pub(crate) fn mails(request: &PageRequest) -> Vec<OutboxMail> {
    request.site.mail_outbox().and_then(|outbox| outbox.newest(SHOWN).ok()).unwrap_or_default()
}
