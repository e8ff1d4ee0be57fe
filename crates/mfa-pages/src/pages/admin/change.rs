//! Changes of a user by an administrator: reason, authorisation, and the way back to the user's page.

use std::future::Future;
use std::sync::Arc;

use maud::{Markup, html};
use mfa_core::UserId;
use mfa_flows::{AdminAction, AdminCall, FlowError, Flows};
use serde::Deserialize;

use super::{open, user_of};
use crate::flash::Flash;
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use mfa_http::admin_reason;
use mfa_http::problem::ApiError;
use mfa_http::request::{Field, FieldErrors, UnparsedBody};

/// Renders the field for a reason.
pub(super) fn reason_field(request: &PageRequest, id: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { (request.translate("act-reason")) }
            input #(id) name="reason" type="text" maxlength="256" autocomplete="off";
        }
    }
}

pub(super) fn done(request: &PageRequest, flash: Flash) -> PageResult {
    let response = PageResponse::redirect(request, &format!("/admin/users/{}", user_of(request)?));
    Ok(response.with_flash(request, flash))
}

/// Form of an action that takes a reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonForm {
    reason: Option<Field>,
}

/// Reason and value of an action.
pub(super) type ReasonAnd<C> = (Option<String>, C);

pub(super) fn reason_only(form: &UnparsedBody) -> Result<ReasonAnd<()>, ApiError> {
    let (form, mut errors) = form.parse::<ReasonForm>()?;
    let reason = reason(form.reason, &mut errors);
    errors.finish(Some((reason, ())))
}

/// Validates a reason. An empty field is none.
pub(super) fn reason(field: Option<Field>, errors: &mut FieldErrors) -> Option<String> {
    let reason = field?.text(errors, |text| match text.trim() {
        "" => Ok(None),
        text => admin_reason(text).map(Some),
    });
    reason.flatten()
}

/// Authorises the administrator and runs one change of the user in the path.
pub(super) async fn changed<C, T, F>(
    request: &PageRequest,
    read: impl FnOnce(&UnparsedBody) -> Result<ReasonAnd<C>, ApiError>,
    change: impl FnOnce(Arc<Flows>, AdminCall, UserId, C) -> F + Send + 'static,
) -> Result<T, ApiError>
where
    C: Send + 'static,
    T: Send + 'static,
    F: Future<Output = Result<T, FlowError>> + Send,
{
    let call = open(request)?;
    let (reason, value) = read(request.form())?;
    let named = user_of(request);
    request
        .run(|flows| async move {
            let act = named.as_ref().map_or(AdminAction::Read, |user| AdminAction::Change(*user));
            let admin = flows.administrator(&call, act, reason).await?;
            Ok::<_, ApiError>(change(Arc::clone(&flows), admin, named?, value).await?)
        })
        .await
}
