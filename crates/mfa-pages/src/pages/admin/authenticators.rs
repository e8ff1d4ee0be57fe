//! Authenticators of a user on the page for administrators.

use maud::{Markup, html};
use mfa_core::UserId;
use mfa_flows::Authenticator;
use mfa_http::problem::ApiError;

use super::change::{changed, done, reason_field, reason_only};
use crate::SharedRequest;
use crate::flash::Flash;
use crate::pages::authenticators::{name, number_apps, summary};
use crate::parts::key_field;
use crate::request::PageRequest;
use crate::response::PageResult;
use crate::return_to::AuthenticatorId;

/// Renders the user's authenticators, each with a form that removes it.
pub(super) fn section(request: &PageRequest, user: UserId, list: Vec<Authenticator>) -> Markup {
    let list = number_apps(request, list);
    html! {
        section.sheet {
            h2 { (request.translate("authenticators")) }
            @if list.is_empty() { p.empty { (request.translate("authenticators-none")) } }
            ul.authenticators {
                @for it in &list {
                    li.authenticator {
                        (summary(request, it))
                        details {
                            summary aria-label=(request.translate_with("act-remove-of", &[("name", name(request, it).into())])) {
                                (request.translate("act-remove.do"))
                            }
                            form.act method="post"
                                action=(request.url(&format!("/admin/users/{user}/authenticators/{}/remove", it.id))) {
                                (key_field(request))
                                p { (request.translate("act-remove.text")) }
                                (reason_field(request, &format!("reason-{}", it.id)))
                                button.button.danger type="submit" { (request.translate("act-remove.do")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `POST /interface/BRAND/admin/users/{id}/authenticators/{authenticator}/remove`
pub(crate) async fn remove(request: SharedRequest) -> PageResult {
    let path = request.path_below_base().strip_suffix("/remove").unwrap_or_default();
    let id = path.rsplit('/').next().and_then(AuthenticatorId::parse).ok_or(ApiError::NotFound);
    changed(&request, reason_only, |flows, admin, user, ()| async move {
        let id = id.map_err(|_| mfa_flows::FlowError::NoSuchAuthenticator)?;
        flows.remove_authenticator_of(&admin, user, id.as_str().to_owned()).await
    })
    .await?;
    done(&request, Flash::AuthenticatorRemoved)
}
