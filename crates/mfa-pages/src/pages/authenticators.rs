//! Pages of the user's authenticators: list, rename, remove.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{BackupMethod, FactorKind};
use mfa_flows::{AcceptedStages, Authenticator, AuthenticatorDetails, Call, FlowError, Profile};
use mfa_http::authenticator_name;
use mfa_http::problem::ApiError;
use mfa_http::request::{Field, FieldErrors, UnparsedBody};
use serde::Deserialize;

use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::error::belongs_on_the_form;
use crate::flash::Flash;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{FormError, back_link, form_error_for, icon, key_field, moment, title_with_error};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use crate::return_to::AuthenticatorId;

/// Renders the list of the user's authenticators on the account page.
pub(super) fn section(request: &PageRequest, profile: &Profile, list: &[Authenticator]) -> Markup {
    let apps = list.iter().filter(|it| it.kind == FactorKind::Totp).count();
    let may_add_app = (1..request.flows().policy().max_totp_apps).contains(&apps)
        && !profile.status.phishing_resistant_required;
    let may_add_passkey = request.site.offers_passkeys();
    html! {
        @if !list.is_empty() {
            section.sheet.recent {
                h2 { (request.translate("authenticators")) }
                ul.authenticators {
                    @for it in list {
                        li.authenticator {
                            (summary(request, it))
                            a.link href=(request.url(&format!("/authenticators/{}", it.id)))
                                aria-label=(request.translate_with("authenticator-manage", &[("name", name(request, it).into())])) {
                                (request.translate("manage"))
                            }
                        }
                    }
                }
                @if may_add_passkey || may_add_app {
                    p.actions {
                        @if may_add_passkey {
                            a.button.plain-button href=(request.url("/passkey")) {
                                (icon("passkey")) (request.translate("passkey-add"))
                            }
                        }
                        @if may_add_app {
                            a.button.plain-button href=(request.url("/app/add")) {
                                (icon("app")) (request.translate("app-add"))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Renders icon, name, kind and times of an authenticator.
pub(super) fn summary(request: &PageRequest, it: &Authenticator) -> Markup {
    let sign = match it.kind {
        FactorKind::Passkey => "passkey",
        FactorKind::Totp => "app",
        FactorKind::Sms => "message",
        FactorKind::Recovery => "key",
    };
    html! {
        span.authenticator-sign aria-hidden="true" { (icon(sign)) }
        div.authenticator-words {
            p.authenticator-name { (name(request, it)) }
            p.authenticator-facts {
                span { (kind(request, it)) }
                @if let Some(at) = it.created_at {
                    span { (request.translate("authenticator-added")) " " (moment(request, at)) }
                }
                @match it.last_used_at {
                    Some(at) => { span { (request.translate("authenticator-used")) " " (moment(request, at)) } },
                    None => { span { (request.translate("authenticator-unused")) } },
                }
            }
        }
    }
}

/// Names an app without a name by a number if there are several, as the apps added later.
pub(super) fn number_apps(request: &PageRequest, list: Vec<Authenticator>) -> Vec<Authenticator> {
    let has_several = list.iter().filter(|it| it.kind == FactorKind::Totp).count() > 1;
    let numbered = free_name(&list, |number| app_name(request, number));
    let named = |it: Authenticator| {
        if has_several && it.kind == FactorKind::Totp && !it.is_named {
            Authenticator { name: numbered.clone(), is_named: true, ..it }
        } else {
            it
        }
    };
    list.into_iter().map(named).collect()
}

/// Returns the default name of an app beside others.
pub(super) fn app_name(request: &PageRequest, number: usize) -> String {
    request.translate_with("app-name", &[("number", number.into())])
}

/// Returns the name that the user chose, or the kind.
pub(super) fn name(request: &PageRequest, it: &Authenticator) -> String {
    if it.is_named { it.name.clone() } else { request.translate(kind_name(it.kind)) }
}

const fn kind_name(kind: FactorKind) -> &'static str {
    match kind {
        FactorKind::Passkey => "way-passkey",
        FactorKind::Totp => "way-totp",
        FactorKind::Sms => "card-phone",
        FactorKind::Recovery => "way-recovery",
    }
}

/// Returns the kind, or what tells apart two of one kind.
fn kind(request: &PageRequest, it: &Authenticator) -> String {
    match &it.details {
        AuthenticatorDetails::Sms(Some(number)) => number.clone(),
        AuthenticatorDetails::Passkey(passkey) if passkey.backed_up => request.translate("passkey-synced"),
        _ => request.translate(kind_name(it.kind)),
    }
}

/// `GET /interface/BRAND/authenticators/{id}`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let (profile, it) = find(&request).await?;
    let page = authenticator_page(&request, &profile, &it, request.form_error().as_ref());
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// Returns the first name that no authenticator has.
pub(super) fn free_name(list: &[Authenticator], numbered: impl Fn(usize) -> String) -> String {
    let is_free = |name: &String| list.iter().all(|it| it.name != *name);
    // Of one name more than there are authenticators, one is free.
    let most = list.len().saturating_add(1);
    (1..=most).map(numbered).find(is_free).unwrap_or_default()
}

/// Reads the name of a new authenticator, which is empty if none was typed. Returns `None` and records an error if it is not
/// valid.
pub(super) fn optional_name(name: Option<Field>, errors: &mut FieldErrors) -> Option<String> {
    let Some(field) = name else { return Some(String::new()) };
    field.text(errors, |text| match text.trim() {
        "" => Ok(String::new()),
        text => authenticator_name(text),
    })
}

/// Form with a name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameForm {
    name: Field,
}

/// `POST /interface/BRAND/authenticators/{id}/rename`
pub(crate) async fn rename(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::TwoFactors)?;
    let id = id_of(&request)?.as_str().to_owned();
    let page = format!("/authenticators/{id}");
    let renamed = match new_name(request.form()) {
        Ok(name) => {
            request.run(|flows| async move { flows.rename_authenticator(&call, id, name).await }).await
        }
        Err(error) => Err(error),
    };
    match renamed {
        Ok(_) => Ok(PageResponse::redirect(&request, "").with_flash(&request, Flash::AuthenticatorRenamed)),
        Err(error) if belongs_on_the_form(&error) => PageResponse::refused(&request, &page, error),
        Err(error) => Err(error.into()),
    }
}

fn new_name(form: &UnparsedBody) -> Result<String, ApiError> {
    let (form, mut errors) = form.parse::<NameForm>()?;
    let name = form.name.text(&mut errors, authenticator_name);
    errors.finish(name)
}

/// `GET /interface/BRAND/authenticators/{id}/remove`
pub(crate) async fn ask_removal(request: SharedRequest) -> PageResult {
    let (profile, it) = find(&request).await?;
    let page = removal_page(&request, &profile, &it, request.form_error().as_ref());
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `POST /interface/BRAND/authenticators/{id}/remove`
pub(crate) async fn remove(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::TwoFactors)?;
    let id = id_of(&request)?.as_str().to_owned();
    match request.run(|flows| async move { flows.remove_authenticator(&call, id).await }).await {
        Ok(()) => Ok(PageResponse::redirect(&request, "").with_flash(&request, Flash::AuthenticatorRemoved)),
        Err(error) if belongs_on_the_form(&error) => {
            let (profile, it) = find(&request).await?;
            let is_required = profile.status.phishing_resistant_required && it.kind == FactorKind::Passkey;
            let form_error = match &error {
                ApiError::Flow(FlowError::FactorRequired | FlowError::PhishingResistantRequired)
                    if is_required =>
                {
                    FormError::new(request.translate("authenticator-removal.required"))
                }
                _ => form_error_for(&request, &error),
            };
            PageResponse::refused_with(&request, request.path_below_base(), &form_error, error)
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns the ID in the path `/authenticators/{id}` and below.
fn id_of(request: &PageRequest) -> Result<AuthenticatorId, ApiError> {
    let id = request.path_below_base().strip_prefix("/authenticators/").and_then(|it| it.split('/').next());
    id.and_then(AuthenticatorId::parse).ok_or(ApiError::NotFound)
}

async fn find(request: &PageRequest) -> Result<(Profile, Authenticator), ApiError> {
    let call: Call = request.open(AcceptedStages::TwoFactors)?;
    let id = id_of(request)?;
    let (profile, list) = request
        .run(|flows| async move {
            Ok::<_, FlowError>((flows.profile(&call).await?, flows.authenticators(&call).await?))
        })
        .await?;
    let found = number_apps(request, list).into_iter().find(|it| it.id == id.as_str());
    Ok((profile, found.ok_or(ApiError::NotFound)?))
}

/// Warns that a factor of this kind is the user's last one, if it may be removed.
pub(super) fn last_factor_warning(request: &PageRequest, profile: &Profile, kind: FactorKind) -> Markup {
    let status = &profile.status;
    let counts = status.authenticators;
    // A phone that receives no codes at login is no factor.
    let phones = if status.backup_method == BackupMethod::Sms.as_str() { counts.sms } else { 0 };
    let is_factor = kind != FactorKind::Sms || phones > 0;
    let is_last = is_factor && counts.passkey.saturating_add(counts.totp).saturating_add(phones) == 1;
    let is_required = status.mfa_enforced || status.phishing_resistant_required;
    html! {
        @if is_last && !is_required { p { strong { (request.translate("authenticator-removal.last")) } } }
    }
}

fn authenticator_page(
    request: &PageRequest,
    profile: &Profile,
    it: &Authenticator,
    form_error: Option<&FormError>,
) -> Markup {
    let title = name(request, it);
    let typed = request.form_value("name").unwrap_or(&title);
    let described = form_error.is_some().then_some("complaint");
    let is_cloned = matches!(&it.details, AuthenticatorDetails::Passkey(passkey) if passkey.clone_suspected);
    let path = format!("/authenticators/{}", it.id);
    document(
        request,
        &Layout::signed_in(title_with_error(request, title.clone(), form_error), profile, NavItem::Account)
            .with(AssetFile::Clock),
        html! {
            (back_link(request))
            section.sheet {
                h1.break-words { (title) }
                div.authenticator { (summary(request, it)) }
                @if is_cloned { p.complaint { (icon("alert")) span { (request.translate("passkey-cloned")) } } }
                @match it.kind {
                    _ if profile.status.phishing_resistant_required => {},
                    FactorKind::Totp => { p { a.link href=(request.url("/app")) { (request.translate("app-replace")) } } },
                    FactorKind::Sms => { p { a.link href=(request.url("/phone")) { (request.translate("phone-change")) } } },
                    FactorKind::Passkey | FactorKind::Recovery => {},
                }
                h2 { (request.translate("authenticator-rename")) }
                form.stack method="post" action=(request.url(&format!("{path}/rename"))) {
                    (key_field(request))
                    div.field {
                        label for="name" { (request.translate("authenticator-name")) }
                        @if let Some(form_error) = form_error { (form_error.shown(request, "complaint")) }
                        input #name name="name" type="text" maxlength="64" required autocomplete="off" value=(typed)
                            aria-describedby=[described] aria-invalid=[form_error.is_some().then_some("true")];
                    }
                    button.button type="submit" { (request.translate("authenticator-rename.do")) }
                }
                h2 { (request.translate("authenticator-remove")) }
                p { (request.translate("authenticator-remove.text")) }
                p.actions { a.button.plain-button href=(request.url(&format!("{path}/remove"))) {
                    (request.translate("authenticator-remove.start"))
                } }
            }
        },
    )
}

fn removal_page(
    request: &PageRequest,
    profile: &Profile,
    it: &Authenticator,
    form_error: Option<&FormError>,
) -> Markup {
    let title = request.translate_with("authenticator-removal", &[("name", name(request, it).into())]);
    let path = format!("/authenticators/{}", it.id);
    document(
        request,
        &Layout::signed_in(title_with_error(request, title.clone(), form_error), profile, NavItem::Account)
            .with(AssetFile::Clock),
        html! {
            (back_link(request))
            section.sheet {
                h1.break-words { (title) }
                div.authenticator { (summary(request, it)) }
                p.lead { (request.translate("authenticator-removal.text")) }
                (last_factor_warning(request, profile, it.kind))
                @if it.kind == FactorKind::Passkey { p { (request.translate("authenticator-removal.passkey")) } }
                @if let Some(form_error) = form_error { (form_error.shown(request, "complaint")) }
                form.stack method="post" action=(request.url(&format!("{path}/remove"))) {
                    (key_field(request))
                    button.button.danger.full type="submit" { (request.translate("authenticator-removal.do")) }
                }
                p.actions { a.link href=(request.url(&path)) { (request.translate("authenticator-keep")) } }
            }
        },
    )
}
