//! The phone: set, confirmed by a code, taken off.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{SecretText, Timestamp};
use mfa_flows::{AcceptedStages, FlowError, Profile};
use mfa_sms::PhoneNumber;

use super::app::{back, profile};
use super::login::marked;
use super::{codes, verify};
use crate::assets::AssetFile;
use crate::layout::{Layout, NavItem, document};
use crate::page_request::PageRequest;
use crate::parts::{Flash, FormError, SetupStep, code_field, complaint_of, hidden, icon, key_field, steps};
use crate::sealed_state::SealedState;
use crate::{PageResult, SharedPageRequest, error, response};
use mfa_http::problem::{ApiError, FieldErrorKind};
use mfa_http::request::sms_code;

/// A number as it was typed.
struct TypedNumber {
    phone: String,
    country: String,
}

/// A number whose code is awaited.
struct UnconfirmedNumber {
    typed: TypedNumber,
    masked: String,
    sent_at: Timestamp,
}

/// `GET /interface/BRAND/phone`
pub(crate) async fn show(visit: SharedPageRequest) -> PageResult {
    let profile = profile(&visit, AcceptedStages::Any).await?;
    let page = number_page(&visit, &profile, None);
    Ok(response::page(&visit, StatusCode::OK, page))
}

/// `POST /interface/BRAND/phone`
pub(crate) async fn set(visit: SharedPageRequest) -> PageResult {
    let call = visit.open(AcceptedStages::Any)?;
    let typed = TypedNumber {
        phone: visit.typed("phone").unwrap_or_default().to_owned(),
        country: visit.typed("country").unwrap_or_default().to_owned(),
    };
    let language = visit.language().into();
    let sent = match number(&visit, &typed) {
        Ok(number) => visit.run(|flows| async move { flows.set_phone(&call, number, language).await }).await,
        Err(fault) => Err(fault),
    };
    match sent {
        Ok(_) => {
            let TypedNumber { phone, country } = typed;
            let (phone, sent_at) = (SecretText::new(phone), visit.now());
            visit.store_state(&SealedState::Number { phone, country, sent_at })?;
            Ok(response::go(&visit, "/phone/confirm"))
        }
        Err(fault) if error::belongs_on_the_form(&fault) => {
            let profile = profile(&visit, AcceptedStages::Any).await?;
            Ok(error::refused(&visit, fault, |visit, fault| {
                number_page(visit, &profile, Some(&complaint_of(visit, fault)))
            }))
        }
        Err(fault) => Err(fault.into()),
    }
}

fn number(visit: &PageRequest, typed: &TypedNumber) -> Result<PhoneNumber, ApiError> {
    let is_offered = visit.site.countries().contains(&typed.country);
    let mut fields = visit.form().object()?;
    let country =
        fields.required("country", |_| if is_offered { Ok(()) } else { Err(FieldErrorKind::NotACountry) });
    let number = fields.required("phone", |text| {
        PhoneNumber::parse(text, &typed.country).map_err(|_| FieldErrorKind::NotAPhoneNumber)
    });
    Ok(fields.finish(country.zip(number))?.1)
}

/// `GET /interface/BRAND/phone/confirm`
pub(crate) async fn await_code(visit: SharedPageRequest) -> PageResult {
    let Some(awaited) = awaited(&visit) else { return Ok(response::go(&visit, "/phone")) };
    let profile = profile(&visit, AcceptedStages::Any).await?;
    let page = confirm_page(&visit, &profile, &awaited, None);
    Ok(response::page(&visit, StatusCode::OK, page))
}

/// The number that the browser carries until its code comes back.
fn awaited(visit: &PageRequest) -> Option<UnconfirmedNumber> {
    let Some(SealedState::Number { phone, country, sent_at }) = visit.carried() else { return None };
    let masked = PhoneNumber::parse(phone.expose(), country).ok()?.masked();
    let typed = TypedNumber { phone: phone.expose().to_owned(), country: country.clone() };
    Some(UnconfirmedNumber { typed, masked, sent_at: *sent_at })
}

/// `POST /interface/BRAND/phone/confirm`
pub(crate) async fn confirm(visit: SharedPageRequest) -> PageResult {
    let confirmed = visit
        .code_check(AcceptedStages::Any, sms_code, |flows, call, code| async move {
            flows.confirm_phone(&call, code).await
        })
        .await;
    let fault = match confirmed {
        Ok(confirmed) => {
            let Some(enrolled) = confirmed.enrolled else {
                visit.clear_state();
                visit.set_flash(Flash::PhoneReady);
                return Ok(response::go(&visit, "/backup"));
            };
            visit.sign_in(&enrolled.granted.token);
            return codes::hand_on(&visit, enrolled.recovery_codes);
        }
        Err(fault) => fault,
    };
    let profile = profile(&visit, AcceptedStages::Any).await?;
    let is_over = matches!(fault, ApiError::Refused(FlowError::NoEnrolmentInProgress));
    if !is_over && !error::belongs_on_the_form(&fault) {
        return Err(fault.into());
    }
    Ok(error::refused(&visit, fault, |visit, fault| {
        let complaint = complaint_of(visit, fault);
        match awaited(visit) {
            Some(awaited) if !is_over => confirm_page(visit, &profile, &awaited, Some(&complaint)),
            _ => number_page(visit, &profile, Some(&complaint)),
        }
    }))
}

/// `POST /interface/BRAND/phone/remove`
pub(crate) async fn remove(visit: SharedPageRequest) -> PageResult {
    let call = visit.open(AcceptedStages::TwoFactors)?;
    match visit.run(|flows| async move { flows.remove_phone(&call).await }).await {
        Ok(()) => {
            visit.set_flash(Flash::PhoneRemoved);
            Ok(response::go(&visit, ""))
        }
        Err(fault) if error::belongs_on_the_form(&fault) => {
            let profile = profile(&visit, AcceptedStages::TwoFactors).await?;
            Ok(error::refused(&visit, fault, |visit, fault| {
                number_page(visit, &profile, Some(&complaint_of(visit, fault)))
            }))
        }
        Err(fault) => Err(fault.into()),
    }
}

fn number_page(visit: &PageRequest, profile: &Profile, complaint: Option<&FormError>) -> Markup {
    let is_set = profile.status.phone.is_some();
    let title = visit.translate(if is_set { "phone-change-title" } else { "phone-title" });
    let frame = Layout::signed_in(marked(visit, title.clone(), complaint), profile, NavItem::Account);
    document(
        visit,
        &frame.with(AssetFile::Codes).with(AssetFile::Clock).with(AssetFile::Clipboard),
        html! {
            (back(visit))
            @if !is_set { (steps(visit, SetupStep::Phone)) }
            section.sheet {
                p.emblem aria-hidden="true" { (icon("message")) }
                h1 { (title) }
                @match &profile.status.phone {
                    Some(phone) => {
                        p.lead { (visit.translate("phone-now")) " " span.number { (phone) } "." }
                        p { (visit.translate("phone-change.text")) }
                    },
                    None => { p.lead { (visit.translate("phone-lead")) } },
                }
                @if visit.site.offers_sms() {
                    (number_form(visit, complaint))
                    p.hint { (visit.translate("phone-notice")) }
                } @else {
                    p { (visit.translate("phone-none")) }
                }
                @if is_set {
                    h2 { (visit.translate("phone-remove")) }
                    p { (visit.translate("phone-remove.text")) }
                    form method="post" action=(visit.to("/phone/remove")) data-ask=(visit.translate("phone-remove-ask")) {
                        (key_field(visit))
                        button.button.plain-button type="submit" { (visit.translate("phone-remove-do")) }
                    }
                }
            }
        },
    )
}

fn number_form(visit: &PageRequest, complaint: Option<&FormError>) -> Markup {
    let countries = visit.site.countries();
    let (phone, country) = match visit.carried() {
        Some(SealedState::Number { phone, country, .. }) => (Some(phone.expose()), Some(country.as_str())),
        _ => (None, None),
    };
    let chosen = visit.typed("country").or(country);
    let wrong = complaint.is_some().then_some("true");
    let described = if complaint.is_some() { "complaint phone-hint" } else { "phone-hint" };
    html! {
        form.stack method="post" action=(visit.to("/phone")) {
            (key_field(visit))
            @if let Some(complaint) = complaint { (complaint.shown(visit, "complaint")) }
            div.pair {
                div.field.narrow {
                    label for="country" { (visit.translate("phone-country")) }
                    select #country name="country" autocomplete="tel-country-code" {
                        @for country in countries {
                            option value=(country) selected[chosen == Some(country)] { (country_name(visit, country)) }
                        }
                    }
                }
                div.field {
                    label for="phone" { (visit.translate("phone-number")) }
                    input #phone name="phone" type="tel" inputmode="tel" autocomplete="tel-national" required
                        maxlength="32" autofocus value=[visit.typed("phone").or(phone)]
                        aria-describedby=(described) aria-invalid=[wrong] data-missing=(visit.translate("field-missing"));
                }
            }
            p.hint #phone-hint { (visit.translate("phone-hint")) }
            button.button.full type="submit" { (visit.translate("phone-send")) (icon("next")) }
        }
    }
}

/// The name of a country with its calling code, where we have a word for it; its letters otherwise.
fn country_name(visit: &PageRequest, country: &str) -> String {
    let name = format!("country-{country}");
    let said = visit.translate(&name);
    if said == name { country.to_owned() } else { said }
}

fn confirm_page(
    visit: &PageRequest,
    profile: &Profile,
    awaited: &UnconfirmedNumber,
    complaint: Option<&FormError>,
) -> Markup {
    let UnconfirmedNumber { typed, masked, sent_at } = awaited;
    let title = visit.translate("phone-confirm-title");
    let is_first = profile.status.phone.is_none();
    let frame = Layout::signed_in(marked(visit, title.clone(), complaint), profile, NavItem::Account);
    document(
        visit,
        &frame.with(AssetFile::Codes).with(AssetFile::Clock),
        html! {
            (back(visit))
            @if is_first { (steps(visit, SetupStep::Phone)) }
            section.sheet {
                h1 { (title) }
                p.lead { (visit.translate_with("phone-sent", &[("phone", masked.as_str().into())])) }
                form.stack data-otp="sms" method="post" action=(visit.to("/phone/confirm")) {
                    (key_field(visit))
                    (code_field(visit, "code-hint-sms", complaint))
                    button.button.full type="submit" { (visit.translate("phone-confirm")) }
                }
                form.resend method="post" action=(visit.to("/phone")) {
                    (key_field(visit))
                    (hidden("phone", &typed.phone))
                    (hidden("country", &typed.country))
                    (verify::resend_button(visit, Some(*sent_at)))
                }
                p.actions { a.link href=(visit.to("/phone")) { (visit.translate("phone-other")) } }
            }
        },
    )
}
