//! The phone of a developer: what would have been sent, beside the page. In development, on this machine alone.

use actix_web::HttpResponse;
use maud::{Markup, html};
use mfa_infra::sms::OutboxMessage;
use serde::Serialize;

use crate::page_request::PageRequest;
use crate::parts::icon;
use crate::{PageResult, SharedPageRequest};
use mfa_http::problem::ApiError;

/// As many messages as the little phone has room for.
const MOST: usize = 3;

#[derive(Serialize)]
struct MessageView<'a> {
    to: &'a str,
    text: &'a str,
    at: &'a str,
    code: Option<String>,
}

/// Whether the phone is shown: there is an outbox, and the reader sits at this very machine.
pub(crate) fn is_shown(visit: &PageRequest) -> bool {
    visit.site.outbox().is_some() && visit.is_loopback()
}

/// `GET /interface/BRAND/outbox`
pub(crate) async fn newest(visit: SharedPageRequest) -> PageResult {
    if !is_shown(&visit) {
        return Err(ApiError::NotFound.into());
    }
    let messages = messages(&visit);
    let shown: Vec<_> = messages.iter().map(MessageView::new).collect();
    Ok(HttpResponse::Ok().json(shown))
}

/// The phone beside the page.
pub(crate) fn pocket(visit: &PageRequest) -> Markup {
    let messages = messages(visit);
    html! {
        aside.pocket aria-label=(visit.translate("pocket")) data-from=(visit.to("/outbox"))
            data-use=(visit.translate("pocket-use")) data-empty=(visit.translate("pocket-empty")) {
            div.pocket-top { (icon("message")) span { (visit.translate("pocket")) } }
            ol.pocket-messages aria-live="polite" {
                @for message in messages.iter().map(MessageView::new) {
                    li {
                        p.pocket-text { (message.text) }
                        @if let Some(code) = &message.code {
                            button.pocket-use type="button" data-code=(code) { (visit.translate("pocket-use")) }
                        }
                    }
                }
                @if messages.is_empty() { li.pocket-empty { (visit.translate("pocket-empty")) } }
            }
            p.pocket-note { (visit.translate("pocket-note")) }
        }
    }
}

fn messages(visit: &PageRequest) -> Vec<OutboxMessage> {
    // A developer's file that cannot be read shows no message; whatever ails it, the page must not fail for it.
    visit.site.outbox().and_then(|outbox| outbox.newest(MOST).ok()).unwrap_or_default()
}

impl<'a> MessageView<'a> {
    fn new(message: &'a OutboxMessage) -> Self {
        let text = message.text.expose();
        Self { to: message.to.expose(), text, at: &message.at, code: code_in(text) }
    }
}

/// The first six digits that stand together.
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
