//! Page with the security events of the account.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{EventKind, StoredEvent, UserEventsQuery};
use mfa_flows::{AcceptedStages, Call};

use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{agent_name, icon, moment};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use mfa_http::problem::ApiError;

/// The number of events on one page.
const PAGE: u32 = 20;

/// `GET /interface/BRAND/activity`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let profile = request.profile(AcceptedStages::Access).await?;
    let before = request.query("before").and_then(|it| it.parse().ok());
    let call = request.open(AcceptedStages::Access)?;
    let events = page_of(&request, call, UserEventsQuery { before, limit: PAGE.saturating_add(1) }).await?;
    let most = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let next = events.len().checked_sub(most).filter(|more| *more > 0);
    let last = next.and_then(|_| events.get(most.saturating_sub(1))).map(|it| it.seq);
    let shown = events.get(..most.min(events.len())).unwrap_or_default();
    let title = request.translate("activity-title");
    let page = document(
        &request,
        &Layout::signed_in(title.clone(), &profile, NavItem::Activity).with(AssetFile::Clock),
        html! {
            section.sheet {
                h1 { (title) }
                p.lead { (request.translate("activity-lead")) }
                (list(&request, shown))
                @if let Some(last) = last {
                    p.pager { a.link href=(request.url(&format!("/activity?before={last}"))) { (request.translate("older")) } }
                }
            }
        },
    );
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// Returns the user's newest events.
pub(super) async fn newest(
    request: &PageRequest,
    call: Call,
    most: u32,
) -> Result<Vec<StoredEvent>, ApiError> {
    page_of(request, call, UserEventsQuery { before: None, limit: most }).await
}

async fn page_of(
    request: &PageRequest,
    call: Call,
    page: UserEventsQuery,
) -> Result<Vec<StoredEvent>, ApiError> {
    request.run(|flows| async move { flows.events(&call, page).await }).await
}

/// Renders a list of events.
pub(super) fn list(request: &PageRequest, events: &[StoredEvent]) -> Markup {
    html! {
        @if events.is_empty() { p.empty { (request.translate("activity-none")) } }
        ol.events {
            @for event in events {
                li.event.(outcome_class(event)) {
                    span.event-sign aria-hidden="true" { (icon(sign_of(event))) }
                    p.event-what { (what(request, event)) }
                    p.event-where {
                        (moment(request, event.at))
                        @if let Some(agent) = &event.user_agent { span { (agent_name(request, agent)) } }
                        @if let Some(ip) = &event.ip { span { (ip) } }
                        @if event.actor.is_some() { span { (request.translate("activity-by-admin")) } }
                    }
                }
            }
        }
    }
}

/// Returns the text of an event with its outcome.
pub(super) fn what(request: &PageRequest, event: &StoredEvent) -> String {
    let happened = match requirement(event) {
        Some((names, _)) => names.iter().map(|name| request.translate(name)).collect::<Vec<_>>().join(" · "),
        None => event_name(request, &event.event),
    };
    let ended = format!("outcome-{}", event.outcome);
    let said = request.translate(&ended);
    // The name of some events contains the outcome.
    let says_it = matches!(
        EventKind::parse(&event.event),
        Some(EventKind::AccountLocked | EventKind::GuessingSuspected | EventKind::FailuresRising)
    );
    if event.outcome == "success" || says_it || said == ended {
        happened
    } else {
        request.translate_with("activity-ended", &[("what", happened.into()), ("how", said.into())])
    }
}

/// Returns the texts for what an administrator required or stopped requiring, and the reason that the administrator
/// typed. `None` for other events, and if the event does not name it.
pub(super) fn requirement(event: &StoredEvent) -> Option<(Vec<&'static str>, Option<&str>)> {
    if EventKind::parse(&event.event) != Some(EventKind::AdminEnforce) {
        return None;
    }
    let reason = event.reason.as_deref()?;
    let (set, typed) = reason.split_once(": ").map_or((reason, None), |(set, typed)| (set, Some(typed)));
    let names = set.split(' ').map(|it| match it {
        "mfa_enforced=true" => Some("event-required.factor"),
        "mfa_enforced=false" => Some("event-released.factor"),
        "phishing_resistant=true" => Some("event-required.passkey"),
        "phishing_resistant=false" => Some("event-released.passkey"),
        _ => None,
    });
    Some((names.collect::<Option<Vec<_>>>()?, typed))
}

/// Returns the reason of an event for its reader: what an administrator typed, and before it what the service noted, with
/// default names in the reader's language.
pub(super) fn reason(request: &PageRequest, event: &StoredEvent) -> Option<String> {
    if let Some((_, typed)) = requirement(event) {
        return typed.map(str::to_owned);
    }
    let reason = event.reason.as_deref()?;
    let (noted, typed) =
        reason.split_once(": ").map_or((reason, None), |(noted, typed)| (noted, Some(typed)));
    let noted = match EventKind::parse(&event.event) {
        Some(EventKind::AdminRole) => noted.strip_prefix("role=").and_then(|it| role(request, it)),
        Some(EventKind::TokenRevoked) if noted == "all other sessions" => {
            Some(request.translate("event-note-other-sessions"))
        }
        Some(EventKind::AdminUserCreate) if noted == "demo user of the embedded database" => {
            Some(request.translate("event-note-demo"))
        }
        Some(kind) if names_an_authenticator(kind) => authenticator(request, noted),
        _ => None,
    };
    let Some(noted) = noted else { return Some(reason.to_owned()) };
    Some(match typed {
        Some(typed) => {
            request.translate_with("event-note-typed", &[("noted", noted.into()), ("typed", typed.into())])
        }
        None => noted,
    })
}

fn role(request: &PageRequest, name: &str) -> Option<String> {
    let name = match name {
        "helpdesk" => "event-note-role.helpdesk",
        "none" => "event-note-role.none",
        _ => return None,
    };
    Some(request.translate(name))
}

/// Returns true if the service notes name and id of an authenticator with events of this kind.
const fn names_an_authenticator(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::TotpEnrollStart
            | EventKind::TotpEnroll
            | EventKind::TotpDisable
            | EventKind::PasskeyRegister
            | EventKind::PasskeyVerify
            | EventKind::PasskeyCloneSuspected
            | EventKind::PasskeyBackupChanged
            | EventKind::PhoneVerify
            | EventKind::PhoneRemove
            | EventKind::AuthenticatorRename
            | EventKind::AuthenticatorRemove
            | EventKind::AdminAuthenticatorRename
            | EventKind::AdminAuthenticatorRemove
    )
}

/// Returns the name of an authenticator from `name (id)`, in the reader's language if it is a default.
fn authenticator(request: &PageRequest, label: &str) -> Option<String> {
    let (name, id) = label.strip_suffix(')')?.rsplit_once(" (")?;
    let is_id =
        !id.is_empty() && id.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'));
    if !is_id {
        return None;
    }
    Some(match default_name(name) {
        Some((text, number)) => request.translate_with(text, &[("number", number.into())]),
        None => name.to_owned(),
    })
}

/// Returns the text and the number of a name that the service gave.
fn default_name(name: &str) -> Option<(&'static str, usize)> {
    let (kind, number) = name.rsplit_once(' ')?;
    let text = match kind {
        "Authenticator app" => "app-name",
        "Passkey" => "passkey-name",
        "Phone" => "phone-name",
        _ => return None,
    };
    Some((text, number.parse().ok()?))
}

/// Returns the text of an event kind, or the raw name if another version wrote it.
pub(super) fn event_name(request: &PageRequest, event: &str) -> String {
    let name = format!("event-{event}");
    let said = request.translate(&name);
    if said == name { event.to_owned() } else { said }
}

fn outcome_class(event: &StoredEvent) -> &'static str {
    match event.outcome.as_str() {
        "failure" => "failure",
        "refused" => "refused",
        _ => "success",
    }
}

fn sign_of(event: &StoredEvent) -> &'static str {
    use EventKind as Kind;
    match EventKind::parse(&event.event) {
        Some(Kind::AccountLocked | Kind::AccountUnlocked | Kind::LockedCall | Kind::GuessingSuspected) => {
            "lock"
        }
        Some(
            Kind::TotpEnrollStart | Kind::TotpEnroll | Kind::TotpVerify | Kind::OtpReplay | Kind::TotpDisable,
        ) => "app",
        Some(Kind::RecoveryUse | Kind::RecoveryRegenerate | Kind::AdminRecovery) => "key",
        Some(Kind::SmsSend | Kind::SmsVerify | Kind::PhoneSet | Kind::PhoneVerify | Kind::PhoneRemove) => {
            "message"
        }
        Some(Kind::PasskeyRegister | Kind::PasskeyVerify | Kind::PasskeyBackupChanged) => "passkey",
        Some(Kind::PasskeyCloneSuspected) => "alert",
        Some(Kind::BackupSet) => "backup",
        Some(Kind::TokenRevoked) => "leave",
        Some(Kind::Login) => "shield",
        _ => "pulse",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mfa_core::{Timestamp, UserId};
    use mfa_http::Language;
    use mfa_http::i18n::Translations;

    fn requirement_of(kind: EventKind, reason: &str) -> Option<(Vec<&'static str>, Option<String>)> {
        let event = StoredEvent {
            id: 1,
            user: UserId::new(1),
            seq: 1,
            at: Timestamp::from_seconds(0),
            event: kind.as_str().to_owned(),
            method: None,
            outcome: "success".to_owned(),
            ip: None,
            user_agent: None,
            request_id: None,
            actor: None,
            reason: Some(reason.to_owned()),
        };
        requirement(&event).map(|(names, typed)| (names, typed.map(str::to_owned)))
    }

    #[test]
    fn a_changed_requirement_is_named_apart_from_the_typed_reason() {
        let of = |reason| requirement_of(EventKind::AdminEnforce, reason);
        assert_eq!(of("phishing_resistant=true"), Some((vec!["event-required.passkey"], None)));
        let both = of("mfa_enforced=false phishing_resistant=false: ticket 9: done");
        let names = vec!["event-released.factor", "event-released.passkey"];
        assert_eq!(both, Some((names, Some("ticket 9: done".to_owned()))));
        assert_eq!(of("ticket 9: done"), None, "a requirement of a second factor names nothing");
        assert_eq!(requirement_of(EventKind::AdminUnlock, "phishing_resistant=true"), None);
    }

    #[test]
    fn default_names_are_translated_and_chosen_names_are_not() {
        assert_eq!(default_name("Authenticator app 2"), Some(("app-name", 2)));
        assert_eq!(default_name("Phone 1"), Some(("phone-name", 1)));
        for name in ["Phone", "My phone 1", "Phone one", ""] {
            assert_eq!(default_name(name), None, "{name}");
        }
    }

    #[test]
    fn every_kind_of_event_and_outcome_has_a_text_in_both_languages() {
        let texts = Translations::load(&crate::TEXTS).unwrap();
        let kinds = EventKind::ALL.iter().map(|kind| format!("event-{}", kind.as_str()));
        let requirements = [
            "event-required.factor",
            "event-required.passkey",
            "event-released.factor",
            "event-released.passkey",
        ];
        let outcomes = ["success", "failure", "refused"].map(|it| format!("outcome-{it}"));
        for name in kinds.chain(requirements.map(str::to_owned)).chain(outcomes) {
            for language in [Language::French, Language::English] {
                assert_ne!(texts.translate(language, &name, &[]), name, "{language:?}");
            }
        }
    }
}
