//! Where a page is to be had by `GET`: for whoever changes the language on it, loads it again or comes back to it.

use url::form_urlencoded;

use super::page_request::PageRequest;
use super::parts::ReturnTo;

/// The place of this page below the first one: that of the form, where one was sent.
pub(super) fn canonical_url(visit: &PageRequest) -> String {
    let path = visit.path().strip_prefix(visit.site.base()).unwrap_or_default();
    let verify = |with: &str| {
        let then = ReturnTo::parse(visit.aside("then")).as_str();
        format!("/verify?with={with}&then={then}")
    };
    match path {
        "/login" | "/logout" | "/handover" => String::new(),
        "/verify/totp" => verify("totp"),
        "/verify/sms" => {
            let sent = visit.aside("sent").and_then(|it| it.parse::<i64>().ok()).unwrap_or(0);
            verify(&format!("sms&sent={sent}"))
        }
        "/verify/send" => verify("sms"),
        "/verify/recovery" => verify("recovery"),
        "/app/start" | "/app/confirm" => "/app/enrol".to_owned(),
        "/phone/remove" => "/phone".to_owned(),
        _ => match path.strip_prefix("/admin/users/").and_then(|it| it.split_once('/')) {
            Some((user, "unlock" | "reset" | "enforce")) => format!("/admin/users/{user}"),
            _ => with_query(visit, path),
        },
    }
}

/// The path with the query that it was called by, but for the language.
fn with_query(visit: &PageRequest, path: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(visit.fields_of_query().filter(|(name, _)| *name != "lang"));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
