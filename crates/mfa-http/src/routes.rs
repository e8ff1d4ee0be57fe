//! Table of routes. One file per area: to add an endpoint, write a handler there, its description in the area's
//! `doc.rs`, and a line here.

mod account;
mod admin;
mod authenticators;
mod docs;
mod events;
mod health;
mod hooks;
mod login;
mod metrics;
mod pages;
mod passkeys;
mod phone;
mod recovery;
mod sessions;
mod token;
mod totp;
mod verify;

use std::io;
use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use mfa_infra::settings::Settings;
use serde::Serialize;
use utoipa::ToSchema;

use crate::i18n::Translations;
#[cfg(feature = "swagger-ui")]
use crate::openapi::files;
use crate::openapi::{OpenApiDocument, Route, delete, delete_after_patch, get, patch, post};
use crate::problem::ApiError;
use crate::request::BodyLimit;
use crate::request_context::RequestContext;
use crate::schemas;

pub use admin::reason as admin_reason;
pub use authenticators::name as authenticator_name;
pub use login::first_factor;
pub use phone::backup_method;

/// Optional routes of a server.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct RouteConfig {
    /// Whether the login with a password is enabled.
    login: bool,
    /// Whether token introspection is enabled.
    introspection: bool,
    /// Whether there is a separate address for operators.
    has_ops_address: bool,
    /// Whether the web pages are mounted.
    pages: bool,
}

impl RouteConfig {
    /// Reads the settings.
    pub(crate) const fn new(settings: &Settings, pages: bool) -> Self {
        Self {
            login: settings.login.enabled,
            introspection: settings.tokens.introspection_key.is_some(),
            has_ops_address: settings.server.ops_bind.is_some(),
            pages,
        }
    }

    #[cfg(test)]
    pub(crate) const ALL: Self =
        Self { login: true, introspection: true, has_ops_address: false, pages: true };
}

/// Returns all routes with their descriptions.
pub(crate) fn routes(options: RouteConfig) -> Vec<Route> {
    let mut routes = vec![
        post("/api/mfa/totp/enroll/start", totp::start_enrolment, totp::doc::start_enrolment),
        post("/api/mfa/totp/enroll/verify", totp::confirm_enrolment, totp::doc::confirm_enrolment),
        post("/api/mfa/verify/totp", verify::totp, verify::doc::totp),
        post("/api/mfa/verify/sms", verify::sms, verify::doc::sms),
        post("/api/mfa/verify/recovery", verify::recovery, verify::doc::recovery),
        post("/api/mfa/verify/access-pass", verify::access_pass, verify::doc::access_pass),
        post(
            "/api/mfa/verify/passkey/start",
            passkeys::start_verification,
            passkeys::doc::start_verification,
        ),
        post("/api/mfa/verify/passkey", passkeys::verify, passkeys::doc::verify),
        post(
            "/api/mfa/passkeys/register/start",
            passkeys::start_registration,
            passkeys::doc::start_registration,
        ),
        post(
            "/api/mfa/passkeys/register/finish",
            passkeys::finish_registration,
            passkeys::doc::finish_registration,
        ),
        get("/api/mfa/authenticators", authenticators::list, authenticators::doc::list),
        patch("/api/mfa/authenticators/{id}", authenticators::rename, authenticators::doc::rename),
        delete_after_patch(
            "/api/mfa/authenticators/{id}",
            authenticators::remove,
            authenticators::doc::remove,
        ),
        post("/api/mfa/sms/send", phone::send, phone::doc::send),
        post("/api/mfa/phone/set", phone::set, phone::doc::set),
        post("/api/mfa/phone/verify", phone::verify, phone::doc::verify),
        post("/api/mfa/recovery/regenerate", recovery::regenerate, recovery::doc::regenerate),
        get("/api/mfa/recovery/list", recovery::list, recovery::doc::list),
        post("/api/mfa/backup/set", phone::set_backup, phone::doc::set_backup),
        get("/api/mfa/status", account::status, account::doc::status),
        post("/api/mfa/totp/disable", totp::disable, totp::doc::disable),
        delete("/api/mfa/phone", phone::remove, phone::doc::remove),
        get("/api/mfa/methods", account::methods, account::doc::methods),
        get("/api/mfa/events", events::list, events::doc::list),
        post("/api/mfa/token/revoke", account::revoke, account::doc::revoke),
        get("/api/mfa/sessions", sessions::list, sessions::doc::list),
        post("/api/mfa/sessions/{id}/revoke", sessions::revoke, sessions::doc::revoke),
        post("/api/mfa/sessions/revoke-others", sessions::revoke_others, sessions::doc::revoke_others),
        get("/api/mfa/admin/users", admin::list_users, admin::doc::list_users),
        post("/api/mfa/admin/users/bulk", admin::change_users, admin::doc::bulk),
        get("/api/mfa/admin/users/{id}", admin::show, admin::doc::show),
        post("/api/mfa/admin/users/{id}/unlock", admin::unlock, admin::doc::unlock),
        post("/api/mfa/admin/users/{id}/reset", admin::reset, admin::doc::reset),
        post("/api/mfa/admin/users/{id}/enforce", admin::enforce, admin::doc::enforce),
        post("/api/mfa/admin/users/{id}/recovery/regenerate", admin::regenerate, admin::doc::regenerate),
        post(
            "/api/mfa/admin/users/{id}/authenticators/{authenticator_id}/remove",
            admin::remove_authenticator,
            admin::doc::remove_authenticator,
        ),
        post(
            "/api/mfa/admin/users/{id}/access-pass",
            admin::issue_access_pass,
            admin::doc::issue_access_pass,
        ),
        post("/api/mfa/admin/users/{id}/role", admin::set_role, admin::doc::set_role),
        post(
            "/api/mfa/admin/users/{id}/sessions/revoke",
            admin::revoke_sessions,
            admin::doc::revoke_sessions,
        ),
        get("/api/mfa/admin/events", admin::list_events, admin::doc::list_events),
        get("/api/mfa/admin/stats", admin::stats, admin::doc::stats),
        get("/.well-known/jwks.json", token::keys, token::doc::keys),
        get("/.well-known/webauthn", passkeys::related_origins, passkeys::doc::related_origins),
        post("/hooks/twilio", hooks::twilio, hooks::doc::twilio),
        get("/hooks/ovh/{secret}", hooks::ovh, hooks::doc::ovh),
        get("/health", health::health, health::doc::health),
        get("/health/live", health::live, health::doc::live),
    ];
    if options.pages {
        routes.push(get("/interface/{brand}", pages::unknown_brand, pages::doc::interface));
    }
    routes.extend(documentation_routes());
    if options.login {
        routes.push(post("/api/auth/login", login::login, login::doc::login));
    }
    if options.introspection {
        routes.push(post("/api/mfa/token/introspect", token::introspect, token::doc::introspect));
    }
    if options.has_ops_address {
        routes.push(get("/health/ready", health::ready_without_detail, health::doc::ready_without_detail));
    } else {
        routes.extend(operator_routes());
    }
    routes
}

/// Returns the routes of the API documentation.
fn documentation_routes() -> Vec<Route> {
    vec![
        get("/openapi.json", docs::document, docs::doc::document),
        #[cfg(feature = "swagger-ui")]
        get("/docs", docs::swagger_ui::page, docs::doc::page),
    ]
}

/// Registers the static files of Swagger UI.
fn add_swagger_ui_files(config: &mut ServiceConfig) {
    #[cfg(feature = "swagger-ui")]
    config.service(files("/docs/{file:.*}", docs::swagger_ui::file));
    #[cfg(not(feature = "swagger-ui"))]
    let _ = config;
}

/// Returns the routes for operators: on their own address if there is one, else on the public one.
fn operator_routes() -> Vec<Route> {
    vec![
        get("/health/ready", health::ready, health::doc::ready),
        get("/metrics", metrics::metrics, metrics::doc::metrics),
    ]
}

/// Registers all routes, those of an extension, the static files of the documentation, and an error for unknown paths.
///
/// actix-web tries routes in their order, and those with a parameter by a regular expression. So the routes of the API
/// precede those of the extension, which all have one.
pub(crate) fn configure(
    config: &mut ServiceConfig,
    options: RouteConfig,
    extension: impl FnOnce(&mut ServiceConfig),
) {
    let is_fallback = |route: &Route| route.path().starts_with("/interface/");
    let (fallbacks, api): (Vec<_>, Vec<_>) = routes(options).into_iter().partition(is_fallback);
    add(config, api);
    extension(config);
    add(config, fallbacks);
    add_swagger_ui_files(config);
    config.default_service(web::to(async |_: BodyLimit| Err::<&str, _>(ApiError::NotFound)));
}

/// Registers the routes of the address for operators.
pub(crate) fn configure_for_operators(config: &mut ServiceConfig) {
    let health = [
        get("/health", health::health, health::doc::health),
        get("/health/live", health::live, health::doc::live),
    ];
    add(config, health);
    add(config, operator_routes());
    config.default_service(web::to(async |_: BodyLimit| Err::<&str, _>(ApiError::NotFound)));
}

/// Registers the documentation only.
pub(crate) fn configure_documentation(config: &mut ServiceConfig) {
    add(config, documentation_routes());
    add_swagger_ui_files(config);
}

fn add(config: &mut ServiceConfig, routes: impl IntoIterator<Item = Route>) {
    for route in routes {
        route.register(config);
    }
}

/// Returns whether a path belongs to the API, as opposed to an embedding application.
pub(crate) fn is_api_path(path: &str, login: bool, pages: bool) -> bool {
    let prefixes = ["/api/mfa/", "/hooks/twilio", "/hooks/ovh/"];
    prefixes.iter().any(|it| path.starts_with(it))
        || (pages && path.starts_with("/interface/"))
        || path == "/.well-known/jwks.json"
        || (login && path == "/api/auth/login")
}

/// Returns whether a path belongs to the documentation.
pub(crate) fn is_documentation_path(path: &str) -> bool {
    ["/openapi.json", "/docs"].contains(&path) || path.starts_with("/docs/")
}

/// Returns whether a path is one for operators.
pub(crate) fn is_operator_path(path: &str) -> bool {
    ["/health", "/health/live", "/health/ready", "/metrics"].contains(&path)
}

/// Returns the OpenAPI document of a server with these settings, as JSON. `pages` is true if web pages are mounted.
///
/// # Errors
///
/// A defect of this crate: a text or the document that cannot be built.
pub fn openapi_json(settings: &Settings, pages: bool) -> io::Result<String> {
    let texts = Translations::load(&[]).map_err(io::Error::other)?;
    let reader = RequestContext::for_documents(Arc::new(texts));
    OpenApiDocument::pretty_json(&routes(RouteConfig::new(settings, pages)), &reader)
}

/// Token type of every token (RFC 6750).
const BEARER: &str = "bearer";

/// New access token, in the format of RFC 6749 §5.1.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names are the standard's")]
struct AccessToken<'a> {
    #[schema(schema_with = schemas::token)]
    access_token: &'a str,
    #[schema(schema_with = schemas::bearer)]
    token_type: &'static str,
    /// Lifetime of the token in seconds.
    #[schema(minimum = 1)]
    expires_in: u64,
    /// Whether a second factor was verified.
    mfa_ok: bool,
}

impl<'a> AccessToken<'a> {
    fn new(issued: &'a mfa_jwt::IssuedToken, mfa_ok: bool) -> Self {
        Self {
            access_token: issued.token.expose(),
            token_type: BEARER,
            expires_in: issued.expires_in,
            mfa_ok,
        }
    }
}
