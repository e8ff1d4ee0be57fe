//! What stands in where the app is not at hand.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::BackupMethod;
use mfa_flows::{AcceptedStages, Profile};

use super::app::{back, profile};
use super::door::marked;
use crate::interface::layout::{Frame, Here, document};
use crate::interface::parts::{Complaint, TimeStep, Told, complaint_of, icon, key_field, steps};
use crate::interface::visit::Visit;
use crate::interface::{Guest, Outcome, answer, error};
use crate::routes::backup_method;

/// `GET /interface/BRAND/backup`
pub(in crate::interface) async fn show(visit: Guest) -> Outcome {
    let profile = profile(&visit, AcceptedStages::TwoFactors).await?;
    if !profile.status.phone_verified {
        return Ok(answer::go(&visit, "/phone"));
    }
    Ok(answer::page(&visit, StatusCode::OK, backup_page(&visit, &profile, None)))
}

/// `POST /interface/BRAND/backup`
pub(in crate::interface) async fn choose(visit: Guest) -> Outcome {
    let call = visit.open(AcceptedStages::TwoFactors)?;
    let mut fields = visit.form().object()?;
    let method = fields.required("method", backup_method);
    let method = fields.finish(method)?;
    match visit.run(|flows| async move { flows.set_backup(&call, method).await }).await {
        Ok(()) => {
            visit.tell_next(if method == BackupMethod::Sms { Told::BackupSms } else { Told::BackupNone });
            Ok(answer::go(&visit, ""))
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

fn backup_page(visit: &Visit, profile: &Profile, complaint: Option<&Complaint>) -> Markup {
    let title = visit.say("backup-title");
    let is_sms = profile.status.backup_method == BackupMethod::Sms.as_str();
    let phone = profile.status.phone.clone().unwrap_or_default();
    // The choice that protects better stands ready, as long as none was made.
    let is_new = !is_sms;
    document(
        visit,
        &Frame::inside(marked(visit, title.clone(), complaint), profile, Here::Account),
        html! {
            (back(visit))
            @if is_new { (steps(visit, TimeStep::Backup)) }
            section.sheet {
                p.emblem aria-hidden="true" { (icon("backup")) }
                h1 { (title) }
                p.lead { (visit.say("backup-lead")) }
                form.stack method="post" action=(visit.to("/backup")) {
                    (key_field(visit))
                    @if let Some(complaint) = complaint { (complaint.shown(visit, "complaint")) }
                    fieldset.choices {
                        legend.visually-hidden { (title) }
                        label.choice {
                            input type="radio" name="method" value="sms" checked;
                            span.choice-words {
                                strong { (visit.say("backup-sms")) }
                                span { (visit.say_with("backup-sms.text", &[("phone", phone.into())])) }
                            }
                        }
                        label.choice {
                            input type="radio" name="method" value="none";
                            span.choice-words {
                                strong { (visit.say("backup-none")) }
                                span { (visit.say("backup-none.text")) }
                            }
                        }
                    }
                    button.button.full type="submit" { (visit.say("backup-choose")) }
                }
            }
        },
    )
}
