//! The recovery codes: shown once, counted after.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{SecretText, Timestamp};
use mfa_flows::{Accepts, Profile, Refusal};

use super::app::{back, profile};
use crate::interface::assets::File;
use crate::interface::layout::{Frame, Here, document};
use crate::interface::parts::{Step, icon, moment, post_button, steps};
use crate::interface::visit::Visit;
use crate::interface::{Guest, Outcome, answer};

/// What a new set came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// With a factor that is new.
    Enrolment,
    /// Because it was asked for.
    Renewal,
}

/// The page that shows a new set, this once.
pub(super) fn shown(visit: &Visit, profile: &Profile, codes: &[SecretText], after: After) -> HttpResponse {
    let title = visit.say("codes-new-title");
    let goes_on_to_phone = visit.site.offers_sms() && !profile.status.phone_verified;
    let (next, word) = if after == After::Enrolment && goes_on_to_phone {
        ("/phone", "codes-kept-phone")
    } else {
        ("", "codes-kept")
    };
    let file = format!("{}-codes.txt", visit.site.name().to_lowercase().replace(' ', "-"));
    let frame = Frame::inside(title.clone(), profile, Here::Account).with(File::Keep);
    let page = document(
        visit,
        &frame,
        html! {
            @if after == After::Enrolment { (steps(visit, Step::Codes)) }
            section.sheet.printed {
                @if after == After::Enrolment {
                    p.banner.good role="status" { (icon("check")) span { (visit.say("codes-app-ready")) } }
                }
                h1 { (title) }
                p.lead { (visit.say("codes-new-lead")) }
                ol.codes #codes data-file=(file) data-head=(visit.say_with(
                    "codes-file-head", &[("name", visit.site.name().into()), ("email", profile.email.as_str().into())]
                )) {
                    @for code in codes { li { code { (code.expose()) } } }
                }
                div.keep hidden {
                    button.plain-button.button type="button" data-keep="copy" data-done=(visit.say("copied")) {
                        (icon("copy")) span { (visit.say("copy")) }
                    }
                    button.plain-button.button type="button" data-keep="download" data-done=(visit.say("downloaded")) {
                        (icon("download")) span { (visit.say("download")) }
                    }
                    button.plain-button.button type="button" data-keep="print" {
                        (icon("print")) span { (visit.say("print")) }
                    }
                }
                p.visually-hidden #keep-said role="status" {}
                p.hint { (visit.say("codes-new-hint")) }
                p.actions { a.button.full href=(visit.to(next)) { (visit.say(word)) (icon("next")) } }
            }
        },
    );
    answer::page(visit, StatusCode::OK, page)
}

/// `GET /interface/BRAND/codes`
pub(in crate::interface) async fn show(visit: Guest) -> Outcome {
    let call = visit.open(Accepts::TwoFactors)?;
    let (profile, listing) = visit
        .run(|flows| async move {
            let profile = flows.profile(&call).await?;
            Ok::<_, Refusal>((profile, flows.recovery_listing(&call).await?))
        })
        .await?;
    let title = visit.say("codes-title");
    let page = document(
        &visit,
        &Frame::inside(title.clone(), &profile, Here::Account).with(File::Clock).with(File::Keep),
        html! {
            (back(&visit))
            section.sheet {
                p.emblem aria-hidden="true" { (icon("key")) }
                h1 { (title) }
                p.lead { (visit.say_with("codes-left", &[("left", listing.left.into())])) }
                p { (visit.say("codes-what")) }
                ol.slots {
                    @for code in &listing.codes { (slot(&visit, code.used_at)) }
                }
                @if let Some(at) = listing.generated_at {
                    p.hint { (visit.say("codes-made")) " " (moment(&visit, at)) "." }
                }
                h2 { (visit.say("codes-renew")) }
                p { (visit.say("codes-renew.text")) }
                (post_button(&visit, "/codes/new", "button", "codes-renew-do"))
            }
        },
    );
    Ok(answer::page(&visit, StatusCode::OK, page))
}

fn slot(visit: &Visit, used_at: Option<Timestamp>) -> Markup {
    html! {
        @match used_at {
            Some(at) => { li.used { (visit.say("codes-used")) " " (moment(visit, at)) } },
            None => { li { (visit.say("codes-unused")) } },
        }
    }
}

/// `POST /interface/BRAND/codes/new`
pub(in crate::interface) async fn renew(visit: Guest) -> Outcome {
    let call = visit.open(Accepts::TwoFactors)?;
    let codes = visit.run(|flows| async move { flows.regenerate_recovery_codes(&call).await }).await?;
    let profile = profile(&visit, Accepts::TwoFactors).await?;
    Ok(shown(&visit, &profile, &codes, After::Renewal))
}
