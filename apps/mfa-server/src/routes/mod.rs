//! Which path does what. One file per area; to add an endpoint: a handler there and a line here.

mod account;
mod admin;
mod events;
mod health;
mod hooks;
mod login;
mod phone;
mod recovery;
mod token;
mod totp;
mod verify;

use actix_web::dev::HttpServiceFactory;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, Resource, Responder, guard};
use mfa_infra::settings::Settings;
use serde::Serialize;

use crate::intake::Bounded;
use crate::problem::Fault;

/// Adds every route, and an answer for paths and methods that there are none for.
pub(crate) fn configure(config: &mut ServiceConfig, settings: &Settings) {
    config
        .service(post("/api/mfa/totp/enroll/start", totp::start_enrolment))
        .service(post("/api/mfa/totp/enroll/verify", totp::confirm_enrolment))
        .service(post("/api/mfa/totp/disable", totp::disable))
        .service(post("/api/mfa/verify/totp", verify::totp))
        .service(post("/api/mfa/verify/sms", verify::sms))
        .service(post("/api/mfa/verify/recovery", verify::recovery))
        .service(post("/api/mfa/sms/send", phone::send))
        .service(post("/api/mfa/phone/set", phone::set))
        .service(post("/api/mfa/phone/verify", phone::verify))
        .service(delete("/api/mfa/phone", phone::remove))
        .service(post("/api/mfa/backup/set", phone::set_backup))
        .service(post("/api/mfa/recovery/regenerate", recovery::regenerate))
        .service(get("/api/mfa/recovery/list", recovery::list))
        .service(get("/api/mfa/status", account::status))
        .service(get("/api/mfa/methods", account::methods))
        .service(get("/api/mfa/events", events::list))
        .service(post("/api/mfa/token/revoke", account::revoke))
        .service(get("/api/mfa/admin/users", admin::list_users))
        .service(get("/api/mfa/admin/users/{id}", admin::show))
        .service(post("/api/mfa/admin/users/{id}/unlock", admin::unlock))
        .service(post("/api/mfa/admin/users/{id}/reset", admin::reset))
        .service(post("/api/mfa/admin/users/{id}/enforce", admin::enforce))
        .service(post("/api/mfa/admin/users/{id}/recovery/regenerate", admin::regenerate))
        .service(get("/api/mfa/admin/events", admin::list_events))
        .service(get("/api/mfa/admin/stats", admin::stats))
        .service(get("/.well-known/jwks.json", token::keys))
        .service(post("/hooks/twilio", hooks::twilio))
        .service(get("/hooks/ovh/{secret}", hooks::ovh))
        .service(get("/health", health::health))
        .service(get("/health/live", health::live));
    if settings.login.enabled {
        config.service(post("/api/auth/login", login::login));
    }
    if settings.tokens.introspection_key.is_some() {
        config.service(post("/api/mfa/token/introspect", token::introspect));
    }
    if settings.server.ops_bind.is_some() {
        config.service(get("/health/ready", health::ready_in_a_word));
    } else {
        for_operators(config);
    }
    config.default_service(web::to(async |_: Bounded| Err::<&str, _>(Fault::NotFound)));
}

/// Adds what is served on the address for operators.
pub(crate) fn configure_for_operators(config: &mut ServiceConfig) {
    config.service(get("/health", health::health)).service(get("/health/live", health::live));
    for_operators(config);
    config.default_service(web::to(async |_: Bounded| Err::<&str, _>(Fault::NotFound)));
}

/// Whether a path is one of the contract's, for applications that have others beside them.
pub(crate) fn is_of_the_contract(path: &str, login: bool) -> bool {
    let under = ["/api/mfa/", "/hooks/twilio", "/hooks/ovh/", "/interface/"];
    under.iter().any(|it| path.starts_with(it))
        || path == "/.well-known/jwks.json"
        || (login && path == "/api/auth/login")
}

/// Whether a path is one of those for operators.
pub(crate) fn is_for_operators(path: &str) -> bool {
    ["/health", "/health/live", "/health/ready", "/metrics"].contains(&path)
}

/// What tells operators of the inside: on their address where there is one, else beside the rest.
fn for_operators(config: &mut ServiceConfig) {
    config.service(get("/health/ready", health::ready));
}

fn post<F, Args>(path: &str, handler: F) -> impl HttpServiceFactory + 'static
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path).route(web::post().to(handler)).refusing("POST")
}

fn delete<F, Args>(path: &str, handler: F) -> impl HttpServiceFactory + 'static
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path).route(web::delete().to(handler)).refusing("DELETE")
}

/// A `GET`, and the `HEAD` that goes with it (RFC 9110 §9.3.2).
fn get<F, Args>(path: &str, handler: F) -> impl HttpServiceFactory + 'static
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let method = guard::Any(guard::Get()).or(guard::Head());
    web::resource(path).route(web::route().guard(method).to(handler)).refusing("GET, HEAD")
}

trait Refusing {
    /// Refuses all other methods, and says which it takes.
    fn refusing(self, allow: &'static str) -> Self;
}

impl Refusing for Resource {
    fn refusing(self, allow: &'static str) -> Self {
        self.default_service(web::to(move |_: Bounded| async move {
            Err::<&str, _>(Fault::MethodNotAllowed { allow })
        }))
    }
}

/// How a token is presented (RFC 6750).
const BEARER: &str = "bearer";

/// A fresh access token, as RFC 6749 §5.1 hands one out.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the standard's")]
struct AccessToken<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    mfa_ok: bool,
}

impl<'a> AccessToken<'a> {
    fn new(issued: &'a mfa_jwt::Issued, mfa_ok: bool) -> Self {
        Self {
            access_token: issued.token.expose(),
            token_type: BEARER,
            expires_in: issued.expires_in,
            mfa_ok,
        }
    }
}
