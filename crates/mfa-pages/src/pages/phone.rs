//! Pages of the phone number: set, confirm, remove.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{FactorKind, SecretText, Timestamp};
use mfa_flows::{AcceptedStages, FlowError, Profile};
use mfa_sms::{PhoneNumber, PhoneRefused};
use serde::Deserialize;

use super::authenticators::last_factor_warning;
use super::codes;
use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::error::belongs_on_the_form;
use crate::flash::Flash;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{
    FormError, SetupStep, back_link, code_field, form_error_for, hidden, icon, key_field, passkey_only,
    resend_button, steps, title_with_error,
};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use crate::sealed_state::SealedState;
use mfa_http::problem::{ApiError, FieldErrorKind};
use mfa_http::request::{Field, sms_code};

/// Form with a phone number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhoneForm {
    country: Field,
    phone: Field,
}

/// A phone number as it was typed.
struct TypedNumber {
    phone: String,
    country: String,
}

/// A phone number that waits for its code.
struct UnconfirmedNumber {
    typed: TypedNumber,
    /// The whole number: only who typed it can find a slip in it.
    shown: String,
    sent_at: Timestamp,
}

/// `GET /interface/BRAND/phone`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let profile = request.profile(AcceptedStages::Any).await?;
    request.require_fresh(&profile)?;
    let page = number_page(&request, &profile, request.form_error().as_ref());
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `POST /interface/BRAND/phone`
pub(crate) async fn set(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::Any)?;
    let typed = TypedNumber {
        phone: request.form_value("phone").unwrap_or_default().to_owned(),
        country: request.form_value("country").unwrap_or_default().to_owned(),
    };
    let language = request.language().into();
    let sent = match number(&request, &typed) {
        Ok(number) => {
            request.run(|flows| async move { flows.set_phone(&call, number, language).await }).await
        }
        Err(error) => Err(error),
    };
    match sent {
        Ok(_) => {
            let TypedNumber { phone, country } = typed;
            let (phone, sent_at) = (SecretText::new(phone), request.now());
            let state = SealedState::Number { phone, country, sent_at };
            Ok(PageResponse::redirect(&request, "/phone/confirm").with_sealed_state(&request, &state)?)
        }
        Err(error) if belongs_on_the_form(&error) => {
            // Another code for the number that waits for one: its page shows why there is none.
            let is_waiting = unconfirmed(&request)
                .is_some_and(|it| it.typed.phone == typed.phone && it.typed.country == typed.country);
            let page = if is_waiting { "/phone/confirm" } else { "/phone" };
            let form_error = refusal(&request, &typed, &error);
            PageResponse::refused_with(&request, page, &form_error, error)
        }
        Err(error) => Err(error.into()),
    }
}

fn number(request: &PageRequest, typed: &TypedNumber) -> Result<PhoneNumber, ApiError> {
    let is_offered = request.site.countries().contains(&typed.country);
    let (form, mut errors) = request.form().parse::<PhoneForm>()?;
    let country = form
        .country
        .text(&mut errors, |_| if is_offered { Ok(()) } else { Err(FieldErrorKind::NotACountry) });
    let number = form.phone.text(&mut errors, |text| {
        PhoneNumber::parse(text, &typed.country).map_err(|_| FieldErrorKind::NotAPhoneNumber)
    });
    Ok(errors.finish(country.zip(number))?.1)
}

/// Returns the error for a number that was not accepted: what is wrong with it, and what one of its country looks like.
fn refusal(request: &PageRequest, typed: &TypedNumber, error: &ApiError) -> FormError {
    let country = country_name(request, &typed.country);
    match error {
        ApiError::Fields(_) if request.site.countries().contains(&typed.country) => {
            let example = PhoneNumber::example(&typed.country).unwrap_or_default();
            let arguments = [("country", country.into()), ("example", no_break(&example).into())];
            FormError::new(request.translate_with("form-phone_invalid", &arguments))
        }
        ApiError::Flow(FlowError::PhoneRefused) => {
            let name =
                PhoneNumber::parse(&typed.phone, &typed.country).ok().and_then(|number| {
                    match request.flows().policy().sms.phones.check(&number).err()? {
                        PhoneRefused::Country => Some("form-phone_foreign"),
                        PhoneRefused::Kind if number.line_type() == "fixed_line" => {
                            Some("form-phone_landline")
                        }
                        PhoneRefused::Kind => Some("form-phone_service"),
                    }
                });
            // A provider refused a number that the policy accepts.
            let Some(name) = name else { return form_error_for(request, error) };
            let countries = request.site.countries().iter().map(|it| country_name(request, it));
            let countries = countries.collect::<Vec<_>>().join(", ");
            FormError::new(request.translate_with(name, &[("countries", countries.into())]))
        }
        _ => form_error_for(request, error),
    }
}

/// Returns a number that no line end tears apart.
fn no_break(number: &str) -> String {
    number.replace(' ', "\u{a0}")
}

/// Returns the step of the setup: SMS as the second factor, or beside one.
const fn setup_step(profile: &Profile) -> SetupStep {
    if profile.has_factor { SetupStep::SmsBackup } else { SetupStep::SmsFactor }
}

/// `GET /interface/BRAND/phone/confirm`
pub(crate) async fn await_code(request: SharedRequest) -> PageResult {
    let Some(unconfirmed) = unconfirmed(&request) else {
        return Ok(PageResponse::redirect(&request, "/phone"));
    };
    let profile = request.profile(AcceptedStages::Any).await?;
    let page = confirm_page(&request, &profile, &unconfirmed, request.form_error().as_ref());
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// Returns the number in the browser's cookie that waits for its code.
fn unconfirmed(request: &PageRequest) -> Option<UnconfirmedNumber> {
    let Some(SealedState::Number { phone, country, sent_at }) = request.sealed_state() else { return None };
    let shown = PhoneNumber::parse(phone.expose(), country).ok()?.international();
    let typed = TypedNumber { phone: phone.expose().to_owned(), country: country.clone() };
    Some(UnconfirmedNumber { typed, shown, sent_at: *sent_at })
}

/// `POST /interface/BRAND/phone/confirm`
pub(crate) async fn confirm(request: SharedRequest) -> PageResult {
    let confirmed = request
        .code_check(AcceptedStages::Any, sms_code, |flows, call, code| async move {
            flows.confirm_phone(&call, code).await
        })
        .await;
    let error = match confirmed {
        Ok(confirmed) => {
            let Some(enrolled) = confirmed.enrolled else {
                let response =
                    PageResponse::redirect(&request, "/backup?first=yes").clear_sealed_state(&request);
                return Ok(response.with_flash(&request, Flash::PhoneReady));
            };
            return codes::show_after_enrolment(&request, &enrolled.granted.token, enrolled.recovery_codes);
        }
        Err(error) => error,
    };
    match error {
        ApiError::Flow(FlowError::NoEnrolmentInProgress) => PageResponse::refused(&request, "/phone", error),
        error if belongs_on_the_form(&error) => PageResponse::refused(&request, "/phone/confirm", error),
        error => Err(error.into()),
    }
}

/// `POST /interface/BRAND/phone/remove`
pub(crate) async fn remove(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::TwoFactors)?;
    match request.run(|flows| async move { flows.remove_phone(&call).await }).await {
        Ok(()) => Ok(PageResponse::redirect(&request, "").with_flash(&request, Flash::PhoneRemoved)),
        Err(error) if belongs_on_the_form(&error) => PageResponse::refused(&request, "/phone", error),
        Err(error) => Err(error.into()),
    }
}

/// Renders the link back to the account, or to the choice of the second factor that is required.
fn back_from(request: &PageRequest, profile: &Profile) -> Markup {
    if profile.has_factor || !profile.status.mfa_enforced {
        return back_link(request);
    }
    html! { p.back { a.link href=(request.url("/start")) { (icon("next")) (request.translate("phone-back")) } } }
}

fn number_page(request: &PageRequest, profile: &Profile, form_error: Option<&FormError>) -> Markup {
    let is_set = profile.status.phone.is_some();
    // A number that was confirmed before can still be removed.
    let is_only = profile.status.phishing_resistant_required;
    let title = request.translate(if is_set { "phone-change-title" } else { "phone-title" });
    let layout =
        Layout::signed_in(title_with_error(request, title.clone(), form_error), profile, NavItem::Account);
    document(
        request,
        &layout.with(AssetFile::Codes).with(AssetFile::Clock).with(AssetFile::Clipboard),
        html! {
            (back_from(request, profile))
            @if !is_set && !is_only { (steps(request, profile, setup_step(profile))) }
            section.sheet {
                p.emblem aria-hidden="true" { (icon("message")) }
                h1 { (title) }
                @match &profile.status.phone {
                    Some(phone) => {
                        p.lead { (request.translate("phone-now")) " " span.number { (phone) } "." }
                        @if !is_only { p { (request.translate("phone-change.text")) } }
                    },
                    None if is_only => {},
                    None if !profile.has_factor => { p.lead { (request.translate("phone-lead.factor")) } },
                    None => { p.lead { (request.translate("phone-lead")) } },
                }
                @if is_only {
                    (passkey_only(request))
                } @else if request.site.offers_sms() {
                    (number_form(request, form_error))
                    p.hint { (request.translate("phone-notice")) }
                    // Beside an app or a passkey, SMS is optional.
                    @if !is_set && profile.has_factor {
                        p.actions { a.link href=(request.url("")) { (request.translate("phone-skip")) } }
                    }
                } @else {
                    p { (request.translate("phone-none")) }
                }
                @if is_set {
                    h2 { (request.translate("phone-remove")) }
                    p { (request.translate("phone-remove.text")) }
                    (last_factor_warning(request, profile, FactorKind::Sms))
                    @if is_only { @if let Some(form_error) = form_error { (form_error.shown(request, "complaint")) } }
                    form method="post" action=(request.url("/phone/remove")) data-ask=(request.translate("phone-remove-ask")) {
                        (key_field(request))
                        button.button.plain-button type="submit" { (request.translate("phone-remove-do")) }
                    }
                }
            }
        },
    )
}

fn number_form(request: &PageRequest, form_error: Option<&FormError>) -> Markup {
    let countries = request.site.countries();
    let (phone, country) = match request.sealed_state() {
        Some(SealedState::Number { phone, country, .. }) => (Some(phone.expose()), Some(country.as_str())),
        _ => (None, None),
    };
    let chosen = request.form_value("country").or(country);
    let wrong = form_error.is_some().then_some("true");
    let described = if form_error.is_some() { "complaint phone-hint" } else { "phone-hint" };
    html! {
        form.stack method="post" action=(request.url("/phone")) {
            (key_field(request))
            @if let Some(form_error) = form_error { (form_error.shown(request, "complaint")) }
            div.pair {
                div.field.narrow {
                    label for="country" { (request.translate("phone-country")) }
                    select #country name="country" autocomplete="tel-country-code" {
                        @for country in countries {
                            option value=(country) selected[chosen == Some(country)] { (country_name(request, country)) }
                        }
                    }
                }
                div.field {
                    label for="phone" { (request.translate("phone-number")) }
                    input #phone name="phone" type="tel" inputmode="tel" autocomplete="tel-national" required
                        maxlength="32" autofocus[form_error.is_some()] value=[request.form_value("phone").or(phone)]
                        aria-describedby=(described) aria-invalid=[wrong] data-missing=(request.translate("field-missing"));
                }
            }
            p.hint #phone-hint { (request.translate("phone-hint")) }
            button.button.full type="submit" { (request.translate("phone-send")) (icon("next")) }
        }
    }
}

/// Returns the name of a country with its calling code, or the country code if there is no text.
fn country_name(request: &PageRequest, country: &str) -> String {
    let name = format!("country-{country}");
    let said = request.translate(&name);
    if said == name { country.to_owned() } else { said }
}

fn confirm_page(
    request: &PageRequest,
    profile: &Profile,
    unconfirmed: &UnconfirmedNumber,
    form_error: Option<&FormError>,
) -> Markup {
    let UnconfirmedNumber { typed, shown, sent_at } = unconfirmed;
    let title = request.translate("phone-confirm-title");
    let is_first = profile.status.phone.is_none();
    let step = setup_step(profile);
    let layout =
        Layout::signed_in(title_with_error(request, title.clone(), form_error), profile, NavItem::Account);
    document(
        request,
        &layout.with(AssetFile::Codes).with(AssetFile::Clock),
        html! {
            (back_from(request, profile))
            @if is_first { (steps(request, profile, step)) }
            section.sheet {
                h1 { (title) }
                p.lead { (request.translate_with("phone-sent", &[("phone", no_break(shown).into())])) }
                form.stack data-otp="sms" method="post" action=(request.url("/phone/confirm")) {
                    (key_field(request))
                    (code_field(request, "code-hint-sms", form_error))
                    button.button.full type="submit" { (request.translate("phone-confirm")) }
                }
                form.resend method="post" action=(request.url("/phone")) {
                    (key_field(request))
                    (hidden("phone", &typed.phone))
                    (hidden("country", &typed.country))
                    (resend_button(request, Some(*sent_at)))
                }
                p.actions { a.link href=(request.url("/phone")) { (request.translate("phone-other")) } }
            }
        },
    )
}
