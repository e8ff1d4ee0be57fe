//! Form that registers or verifies a passkey: `passkey.js` runs the WebAuthn call and submits its result.
//!
//! Without scripts the form stays hidden, and a text refers to the other methods.

use maud::{Markup, html};
use serde::Serialize;

use super::{icon, key_field};
use crate::request::PageRequest;

/// WebAuthn call of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasskeyCall {
    /// Register a passkey.
    Create,
    /// Verify a passkey.
    Get {
        /// Whether the call starts when the page is opened.
        starts_at_once: bool,
    },
}

impl PasskeyCall {
    const fn path(self) -> &'static str {
        match self {
            Self::Create => "/passkey",
            Self::Get { .. } => "/verify/passkey",
        }
    }
}

/// Response to the script that starts a WebAuthn call.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PasskeyStart<T> {
    /// Options of the call.
    Options(T),
    /// Error to show on the form.
    Message(String),
    /// Page to open first.
    Location(String),
}

/// Renders the form. `fields` are further fields of it. With `is_only`, its messages name no other method: the policy
/// accepts none of the user.
pub(crate) fn passkey_form(
    request: &PageRequest,
    call: PasskeyCall,
    is_only: bool,
    fields: &Markup,
) -> Markup {
    let text = |name: &str| request.translate(name);
    let way_out = |name: &str| if is_only { text(&format!("{name}.only")) } else { text(name) };
    let is_create = call == PasskeyCall::Create;
    let starts_at_once = call == PasskeyCall::Get { starts_at_once: true };
    let is_local =
        request.flows().policy().passkeys.as_ref().is_some_and(|it| it.relying_party.id() == "localhost");
    html! {
        div.passkey data-passkey=(if is_create { "create" } else { "get" }) data-auto[starts_at_once]
            data-options=(request.url(&format!("{}/options", call.path())))
            data-cancelled=(if is_create { text("passkey-cancelled") } else { way_out("passkey-not-used") })
            data-registered=(text("form-already_registered")) data-security=(text("passkey-security"))
            data-unsuitable=(text("passkey-unsuitable")) data-offline=(text("passkey-offline"))
            data-failed=(way_out("passkey-failed")) {
            noscript { p.hint { (way_out("passkey-needs-script")) } }
            p.hint data-when="unsupported" hidden { (way_out("passkey-unsupported")) }
            @if is_local {
                p.hint data-when="address" hidden {
                    (text("passkey-address")) " " a href=(request.path()) { (text("passkey-address.link")) }
                }
            }
            form.stack method="post" action=(request.url(call.path())) hidden {
                (key_field(request))
                input type="hidden" name="credential" value="" autocomplete="off";
                (fields)
                p.complaint role="alert" hidden { (icon("alert")) span {} }
                button.button.full type="submit" { (icon("passkey")) (text("passkey-use")) }
            }
        }
    }
}
