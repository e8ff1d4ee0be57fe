//! What stands in where the app is not at hand.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::BackupMethod;
use mfa_flows::{AcceptedStages, Profile};

use super::app::{back, profile};
use super::login::marked;
use crate::layout::{Layout, NavItem, document};
use crate::page_request::PageRequest;
use crate::parts::{Flash, FormError, SetupStep, complaint_of, icon, key_field, steps};
use crate::{PageResult, SharedPageRequest, error, response};
use mfa_http::backup_method;

/// `GET /interface/BRAND/backup`
pub(crate) async fn show(visit: SharedPageRequest) -> PageResult {
    let profile = profile(&visit, AcceptedStages::TwoFactors).await?;
    if !profile.status.phone_verified {
        return Ok(response::go(&visit, "/phone"));
    }
    Ok(response::page(&visit, StatusCode::OK, backup_page(&visit, &profile, None)))
}

/// `POST /interface/BRAND/backup`
pub(crate) async fn choose(visit: SharedPageRequest) -> PageResult {
    let call = visit.open(AcceptedStages::TwoFactors)?;
    let mut fields = visit.form().object()?;
    let method = fields.required("method", backup_method);
    let method = fields.finish(method)?;
    match visit.run(|flows| async move { flows.set_backup(&call, method).await }).await {
        Ok(()) => {
            visit.set_flash(if method == BackupMethod::Sms { Flash::BackupSms } else { Flash::BackupNone });
            Ok(response::go(&visit, ""))
        }
        Err(fault) if error::belongs_on_the_form(&fault) => {
            let profile = profile(&visit, AcceptedStages::TwoFactors).await?;
            Ok(error::refused(&visit, fault, |visit, fault| {
                backup_page(visit, &profile, Some(&complaint_of(visit, fault)))
            }))
        }
        Err(fault) => Err(fault.into()),
    }
}

fn backup_page(visit: &PageRequest, profile: &Profile, complaint: Option<&FormError>) -> Markup {
    let title = visit.translate("backup-title");
    let is_sms = profile.status.backup_method == BackupMethod::Sms.as_str();
    let phone = profile.status.phone.clone().unwrap_or_default();
    // The choice that protects better stands ready, as long as none was made.
    let is_new = !is_sms;
    document(
        visit,
        &Layout::signed_in(marked(visit, title.clone(), complaint), profile, NavItem::Account),
        html! {
            (back(visit))
            @if is_new { (steps(visit, SetupStep::Backup)) }
            section.sheet {
                p.emblem aria-hidden="true" { (icon("backup")) }
                h1 { (title) }
                p.lead { (visit.translate("backup-lead")) }
                form.stack method="post" action=(visit.to("/backup")) {
                    (key_field(visit))
                    @if let Some(complaint) = complaint { (complaint.shown(visit, "complaint")) }
                    fieldset.choices {
                        legend.visually-hidden { (title) }
                        label.choice {
                            input type="radio" name="method" value="sms" checked;
                            span.choice-words {
                                strong { (visit.translate("backup-sms")) }
                                span { (visit.translate_with("backup-sms.text", &[("phone", phone.into())])) }
                            }
                        }
                        label.choice {
                            input type="radio" name="method" value="none";
                            span.choice-words {
                                strong { (visit.translate("backup-none")) }
                                span { (visit.translate("backup-none.text")) }
                            }
                        }
                    }
                    button.button.full type="submit" { (visit.translate("backup-choose")) }
                }
            }
        },
    )
}
