//! URL of a page for `GET`: for a change of language, a reload and the back button.

use url::form_urlencoded;

use super::request::PageRequest;
use super::return_to::ReturnTo;

/// Returns the path of this page below the first page; after a form was posted, the path of the page with the form.
pub(super) fn canonical_url(request: &PageRequest) -> String {
    let path = request.path().strip_prefix(request.site.base()).unwrap_or_default();
    let verify = |with: &str| {
        let then = ReturnTo::parse(request.control_value("then")).encoded();
        format!("/verify?with={with}&then={then}")
    };
    match path {
        "/login" | "/logout" | "/handover" => String::new(),
        "/verify/totp" => verify("totp"),
        "/verify/sms" => {
            let sent = request.control_value("sent").and_then(|it| it.parse::<i64>().ok()).unwrap_or(0);
            verify(&format!("sms&sent={sent}"))
        }
        "/verify/send" => verify("sms"),
        "/verify/recovery" => verify("recovery"),
        "/verify/passkey" | "/verify/passkey/options" => verify("passkey"),
        "/passkey/options" => "/passkey".to_owned(),
        "/app/start" | "/app/confirm" => "/app/enrol".to_owned(),
        "/phone/remove" => "/phone".to_owned(),
        "/sessions/end" | "/sessions/end-others" => "/sessions".to_owned(),
        _ if path.starts_with("/authenticators/") && path.ends_with("/rename") => {
            path.trim_end_matches("/rename").to_owned()
        }
        _ => with_query(request, path),
    }
}

/// Returns the path with the query string of the request, without the language.
fn with_query(request: &PageRequest, path: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(request.query_pairs().filter(|(name, _)| *name != "lang"));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
