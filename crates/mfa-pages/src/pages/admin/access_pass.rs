//! Access pass on the pages for administrators and the helpdesk: fields of its form, and the page that shows it once.

use std::time::Duration;

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{Role, SecretText, Timestamp, UserId};
use mfa_flows::{AccessPassRequest, IssuedAccessPass, Policy, Profile};
use serde::Deserialize;

use super::person::{UserView, back_to_person};
use super::reason::reason;
use super::{open, user_of};
use crate::assets::AssetFile;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{icon, moment};
use crate::request::PageRequest;
use crate::response::PageResponse;
use crate::sealed_state::SealedState;
use mfa_flows::SupportAction;
use mfa_http::problem::{ApiError, FieldErrorKind};
use mfa_http::request::{Field, UnparsedBody};

/// Lifetimes to choose from, in minutes, besides the default.
const LIFETIMES: [u64; 4] = [15, 60, 240, 480];
/// The field names besides the reason.
const MINUTES: &str = "minutes";
const UNLOCK: &str = "unlock";

/// Form of an access pass.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessPassForm {
    reason: Field,
    minutes: Option<Field>,
    unlock: Option<Field>,
}

/// Reads reason, lifetime and whether to unlock.
pub(super) fn read(form: &UnparsedBody) -> Result<(String, AccessPassRequest), ApiError> {
    let (form, mut errors) = form.parse::<AccessPassForm>()?;
    let reason = form.reason.text(&mut errors, reason);
    let (least, most) = (Policy::ACCESS_PASS_MINUTES.start(), Policy::ACCESS_PASS_MINUTES.end());
    let minutes = match form.minutes {
        Some(field) => field
            .text(&mut errors, mfa_http::request::whole_number(i64::from(*least), i64::from(*most)))
            .map(Some),
        None => Some(None),
    };
    let unlock = match form.unlock {
        Some(field) => field.text(&mut errors, |text| match text {
            "yes" => Ok(true),
            _ => Err(FieldErrorKind::NotOneOf),
        }),
        None => Some(false),
    };
    let lifetime = minutes.map(|it| it.and_then(|it| u64::try_from(it).ok()).map(Duration::from_mins));
    let request = lifetime.zip(unlock).map(|(lifetime, unlock)| AccessPassRequest { lifetime, unlock });
    errors.finish(reason.zip(request))
}

/// Renders the lifetime and, for a locked account, whether to unlock it: a lock applies to the pass.
pub(super) fn fields(request: &PageRequest, caller: &Profile, subject: &UserView) -> Markup {
    let default = request.flows().policy().access_pass_lifetime.as_secs().checked_div(60).unwrap_or_default();
    let typed = request.form_value(MINUTES).and_then(|it| it.parse().ok()).unwrap_or(default);
    let mut lifetimes: Vec<u64> = LIFETIMES.into_iter().chain([default]).collect();
    lifetimes.sort_unstable();
    lifetimes.dedup();
    let status = &subject.status;
    let is_final = status.locked && status.lock_until.is_none();
    let may_unlock = status.locked && (caller.role == Role::Admin || !is_final);
    // Checked at first; then as the form was sent.
    let unlocks = request.form_value(MINUTES).is_none() || request.form_value(UNLOCK).is_some();
    html! {
        @if may_unlock {
            label.check {
                input type="checkbox" name=(UNLOCK) value="yes" checked[unlocks];
                span { (request.translate("act-pass.unlock")) }
            }
        } @else if status.locked {
            p.hint { (request.translate("act-pass.locked")) }
        }
        div.field {
            label for="minutes" { (request.translate("act-pass.minutes")) }
            select #minutes name=(MINUTES) {
                @for minutes in lifetimes {
                    option value=(minutes) selected[minutes == typed] {
                        (request.translate_with("pass-minutes", &[("minutes", minutes.into())]))
                    }
                }
            }
        }
    }
}

/// Returns the response to the form: a redirect, with the pass in a cookie of this session.
pub(super) fn keep_new(request: &PageRequest, issued: IssuedAccessPass) -> Result<PageResponse, ApiError> {
    let user = user_of(request)?;
    let state = SealedState::AccessPass { of: user, pass: issued.pass, expires_at: issued.expires_at };
    let response = PageResponse::redirect(request, &format!("/admin/users/{user}/access-pass"));
    response.with_sealed_state(request, &state)
}

/// Returns the page with a new pass while the cookie is valid.
pub(super) async fn show_new(request: &PageRequest) -> Result<Option<PageResponse>, ApiError> {
    let user = user_of(request)?;
    let Some(SealedState::AccessPass { of, pass, expires_at }) = request.sealed_state() else {
        return Ok(None);
    };
    if *of != user {
        return Ok(None);
    }
    let call = open(request)?;
    let (profile, subject) = request
        .run(|flows| async move {
            let support = flows.support(&call, SupportAction::View(user), None).await?;
            let subject = UserView::load(&flows, support.admin(), user).await?;
            Ok::<_, mfa_flows::FlowError>((flows.profile(&call).await?, subject))
        })
        .await?;
    let page = pass_page(request, &profile, &subject, pass, *expires_at);
    Ok(Some(PageResponse::page(request, StatusCode::OK, page)))
}

fn pass_page(
    request: &PageRequest,
    profile: &Profile,
    subject: &UserView,
    pass: &SecretText,
    expires_at: Timestamp,
) -> Markup {
    let user: UserId = subject.account.user;
    let name = [("name", subject.person.name.as_str().into())];
    let title = request.translate_with("pass-title", &name);
    let layout = Layout::signed_in(title.clone(), profile, NavItem::Admin)
        .with(AssetFile::Clipboard)
        .with(AssetFile::Clock);
    document(
        request,
        &layout,
        html! {
            (back_to_person(request, user, &subject.person))
            section.sheet.printed.person-sheet {
                p.emblem aria-hidden="true" { (icon("key")) }
                h1 { (title) }
                p.who { (icon("people")) span { (subject.person.line()) } }
                p.pass #codes data-file="access-pass.txt" data-head=(title) { code { (pass.expose()) } }
                p.lead { (request.translate("pass-until")) " " (moment(request, expires_at)) }
                div.keep hidden {
                    button.plain-button.button type="button" data-keep="copy" data-done=(request.translate("copied")) {
                        (icon("copy")) span { (request.translate("copy")) }
                    }
                    button.plain-button.button type="button" data-keep="print" {
                        (icon("print")) span { (request.translate("print")) }
                    }
                }
                p.visually-hidden #keep-said role="status" {}
                h2 { (request.translate("pass-how")) }
                ol.numbered {
                    li { (request.translate("pass-how.check")) }
                    li { (request.translate("pass-how.tell")) }
                    li { (request.translate_with("pass-how.use", &name)) }
                }
                p.hint { (request.translate("pass-how.after")) }
                p.actions { a.button href=(request.url(&format!("/codes/kept?user={user}"))) { (request.translate("admin-done")) } }
            }
        },
    )
}
