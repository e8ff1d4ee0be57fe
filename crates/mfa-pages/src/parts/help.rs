//! Where users get help: the link and the text of the settings, or whom to ask without them.

use maud::{Markup, html};

use super::icon;
use crate::request::PageRequest;

/// Renders the line in the foot of every page.
pub(crate) fn help_in_foot(request: &PageRequest) -> Markup {
    let help = request.site.help();
    let text = help.text.clone();
    html! {
        @match &help.url {
            Some(url) => {
                a href=(url.as_str()) { (request.translate("help")) }
                @if let Some(text) = text { " " span.help-text { (text) } }
            },
            None => {
                @let text = text.unwrap_or_else(|| request.translate("help-nobody"));
                span.help-text { (request.translate_with("help-text", &[("text", text.into())])) }
            },
        }
    }
}

/// Renders the privacy link in the foot of every page, if there is a notice.
pub(crate) fn privacy_link(request: &PageRequest) -> Markup {
    html! {
        @if let Some(url) = &request.site.help().privacy_url {
            a href=(url.as_str()) { (request.translate("privacy")) }
        }
    }
}

/// Renders the paragraph on pages where a reader may be stuck: verification, locks, errors.
pub(crate) fn need_help(request: &PageRequest) -> Markup {
    let help = request.site.help();
    html! {
        p.need-help {
            (icon("help"))
            span {
                (request.translate("help-need")) " "
                @if let Some(url) = &help.url { a href=(url.as_str()) { (request.translate("help-get")) } " " }
                @match (&help.text, &help.url) {
                    (Some(text), _) => { span.help-text { (text) } },
                    (None, None) => { (request.translate("help-nobody.text")) },
                    (None, Some(_)) => {},
                }
            }
        }
    }
}
