//! Page that sets the backup method.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::BackupMethod;
use mfa_flows::{AcceptedStages, Profile};
use serde::Deserialize;

use crate::SharedRequest;
use crate::error::belongs_on_the_form;
use crate::flash::Flash;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{FormError, SetupStep, back_link, icon, key_field, steps, title_with_error};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use mfa_http::backup_method;
use mfa_http::request::Field;

/// Form with a backup method.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BackupForm {
    method: Field,
}

/// `GET /interface/BRAND/backup`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let profile = request.profile(AcceptedStages::TwoFactors).await?;
    if !profile.status.phone_verified || profile.status.phishing_resistant_required {
        return Ok(PageResponse::redirect(&request, "/phone"));
    }
    request.require_fresh(&profile)?;
    let page = backup_page(&request, &profile, request.form_error().as_ref());
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `POST /interface/BRAND/backup`
pub(crate) async fn choose(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::TwoFactors)?;
    let (form, mut errors) = request.form().parse::<BackupForm>()?;
    let method = form.method.text(&mut errors, backup_method);
    let method = errors.finish(method)?;
    match request.run(|flows| async move { flows.set_backup(&call, method).await }).await {
        Ok(()) => {
            let flash = if method == BackupMethod::Sms { Flash::BackupSms } else { Flash::BackupNone };
            Ok(PageResponse::redirect(&request, "").with_flash(&request, flash))
        }
        Err(error) if belongs_on_the_form(&error) => PageResponse::refused(&request, "/backup", error),
        Err(error) => Err(error.into()),
    }
}

fn backup_page(request: &PageRequest, profile: &Profile, form_error: Option<&FormError>) -> Markup {
    let title = request.translate("backup-title");
    let is_sms = profile.status.backup_method == BackupMethod::Sms.as_str();
    let phone = profile.status.phone.clone().unwrap_or_default();
    // After the first number, the choice that has a use for it is preselected. Later, what was chosen is.
    let is_new = !is_sms && request.query("first").is_some();
    let is_chosen = |method: BackupMethod| match request.form_value("method") {
        Some(typed) => typed == method.as_str(),
        None => (is_sms || is_new) == (method == BackupMethod::Sms),
    };
    document(
        request,
        &Layout::signed_in(title_with_error(request, title.clone(), form_error), profile, NavItem::Account),
        html! {
            (back_link(request))
            @if is_new { (steps(request, profile, SetupStep::SmsBackup)) }
            section.sheet {
                p.emblem aria-hidden="true" { (icon("backup")) }
                h1 { (title) }
                p.lead { (request.translate("backup-lead")) }
                form.stack method="post" action=(request.url("/backup")) {
                    (key_field(request))
                    @if let Some(form_error) = form_error { (form_error.shown(request, "complaint")) }
                    fieldset.choices {
                        legend.visually-hidden { (title) }
                        label.choice {
                            input type="radio" name="method" value="sms" checked[is_chosen(BackupMethod::Sms)];
                            span.choice-words {
                                strong { (request.translate("backup-sms")) }
                                span { (request.translate_with("backup-sms.text", &[("phone", phone.into())])) }
                            }
                        }
                        label.choice {
                            input type="radio" name="method" value="none" checked[is_chosen(BackupMethod::None)];
                            span.choice-words {
                                strong { (request.translate("backup-none")) }
                                span { (request.translate("backup-none.text")) }
                            }
                        }
                    }
                    button.button.full type="submit" { (request.translate("backup-choose")) }
                }
            }
        },
    )
}
