//! Which path does what. One file per area; to add an endpoint: a handler there, its description in the area's
//! `doc.rs`, and a line here that names both.

mod account;
mod admin;
mod docs;
mod events;
mod health;
mod hooks;
mod login;
mod metrics;
mod pages;
mod phone;
mod recovery;
mod token;
mod totp;
mod verify;

use std::fmt;

use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, Resource, Responder, guard};
use mfa_infra::settings::Settings;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use crate::openapi::{Operation, schemas};
use crate::problem::ApiError;
use crate::request::BodyLimit;

pub use admin::reason as admin_reason;
pub use login::first_factor;
pub use phone::backup_method;

/// Which of the routes that are a choice of the operator's there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RouteConfig {
    login: bool,
    introspection: bool,
    /// Whether operators have an address of their own.
    operators_apart: bool,
    /// Whether the web pages are mounted.
    pages: bool,
}

impl RouteConfig {
    /// As it is set.
    pub(crate) const fn new(settings: &Settings, pages: bool) -> Self {
        Self {
            login: settings.login.enabled,
            introspection: settings.tokens.introspection_key.is_some(),
            operators_apart: settings.server.ops_bind.is_some(),
            pages,
        }
    }

    #[cfg(test)]
    pub(crate) const EVERYTHING: Self =
        Self { login: true, introspection: true, operators_apart: false, pages: true };
}

/// Every route, with its description.
pub(crate) fn routes(offered: RouteConfig) -> Vec<Route> {
    let mut routes = vec![
        post("/api/mfa/totp/enroll/start", totp::start_enrolment, totp::doc::start_enrolment),
        post("/api/mfa/totp/enroll/verify", totp::confirm_enrolment, totp::doc::confirm_enrolment),
        post("/api/mfa/verify/totp", verify::totp, verify::doc::totp),
        post("/api/mfa/verify/sms", verify::sms, verify::doc::sms),
        post("/api/mfa/verify/recovery", verify::recovery, verify::doc::recovery),
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
        get("/api/mfa/admin/users", admin::list_users, admin::doc::list_users),
        get("/api/mfa/admin/users/{id}", admin::show, admin::doc::show),
        post("/api/mfa/admin/users/{id}/unlock", admin::unlock, admin::doc::unlock),
        post("/api/mfa/admin/users/{id}/reset", admin::reset, admin::doc::reset),
        post("/api/mfa/admin/users/{id}/enforce", admin::enforce, admin::doc::enforce),
        post("/api/mfa/admin/users/{id}/recovery/regenerate", admin::regenerate, admin::doc::regenerate),
        get("/api/mfa/admin/events", admin::list_events, admin::doc::list_events),
        get("/api/mfa/admin/stats", admin::stats, admin::doc::stats),
        get("/.well-known/jwks.json", token::keys, token::doc::keys),
        post("/hooks/twilio", hooks::twilio, hooks::doc::twilio),
        get("/hooks/ovh/{secret}", hooks::ovh, hooks::doc::ovh),
        get("/health", health::health, health::doc::health),
        get("/health/live", health::live, health::doc::live),
    ];
    if offered.pages {
        routes.push(get("/interface/{brand}", pages::of_no_brand, pages::doc::first));
    }
    routes.extend(documentation());
    if offered.login {
        routes.push(post("/api/auth/login", login::login, login::doc::login));
    }
    if offered.introspection {
        routes.push(post("/api/mfa/token/introspect", token::introspect, token::doc::introspect));
    }
    if offered.operators_apart {
        routes.push(get("/health/ready", health::ready_in_a_word, health::doc::ready_in_a_word));
    } else {
        routes.extend(for_operators());
    }
    routes
}

/// What tells integrators of the rest.
fn documentation() -> Vec<Route> {
    vec![
        get("/openapi.json", docs::document, docs::doc::document),
        #[cfg(feature = "swagger-ui")]
        get("/docs", docs::swagger_ui::page, docs::doc::page),
    ]
}

/// Adds the files that the page of Swagger UI loads.
fn add_swagger_ui_files(config: &mut ServiceConfig) {
    #[cfg(feature = "swagger-ui")]
    config.service(files("/docs/{file:.*}", docs::swagger_ui::file));
    #[cfg(not(feature = "swagger-ui"))]
    let _ = config;
}

/// What tells operators of the inside: on their address where there is one, else beside the rest.
fn for_operators() -> Vec<Route> {
    vec![
        get("/health/ready", health::ready, health::doc::ready),
        get("/metrics", metrics::metrics, metrics::doc::metrics),
    ]
}

/// Adds every route, the files of pages, and an answer for paths and methods that there are none for.
pub(crate) fn configure(config: &mut ServiceConfig, offered: RouteConfig) {
    add(config, routes(offered));
    add_swagger_ui_files(config);
    config.default_service(web::to(async |_: BodyLimit| Err::<&str, _>(ApiError::NotFound)));
}

/// Adds what is served on the address for operators.
pub(crate) fn configure_for_operators(config: &mut ServiceConfig) {
    let same = [
        get("/health", health::health, health::doc::health),
        get("/health/live", health::live, health::doc::live),
    ];
    add(config, same);
    add(config, for_operators());
    config.default_service(web::to(async |_: BodyLimit| Err::<&str, _>(ApiError::NotFound)));
}

/// Adds the documentation alone.
pub(crate) fn configure_documentation(config: &mut ServiceConfig) {
    add(config, documentation());
    add_swagger_ui_files(config);
}

fn add(config: &mut ServiceConfig, routes: impl IntoIterator<Item = Route>) {
    for route in routes {
        config.service(route.resource);
    }
}

/// Whether a path is one of the contract's, for applications that have others beside them.
pub(crate) fn is_of_the_contract(path: &str, login: bool) -> bool {
    let under = ["/api/mfa/", "/hooks/twilio", "/hooks/ovh/", "/interface/"];
    under.iter().any(|it| path.starts_with(it))
        || path == "/.well-known/jwks.json"
        || (login && path == "/api/auth/login")
}

/// Whether a path is one of the documentation's.
pub(crate) fn is_of_the_documentation(path: &str) -> bool {
    ["/openapi.json", "/docs"].contains(&path) || path.starts_with("/docs/")
}

/// Whether a path is one of those for operators.
pub(crate) fn is_for_operators(path: &str) -> bool {
    ["/health", "/health/live", "/health/ready", "/metrics"].contains(&path)
}

/// A method of a path, who answers it, and what there is to know of it.
pub(crate) struct Route {
    method: HttpMethod,
    path: &'static str,
    resource: Resource,
    operation: fn() -> Operation,
}

impl Route {
    /// Its method.
    pub(crate) fn method(&self) -> HttpMethod {
        self.method.clone()
    }

    /// Its path, parameters in braces.
    pub(crate) const fn path(&self) -> &'static str {
        self.path
    }

    /// What there is to know of it.
    pub(crate) fn operation(&self) -> Operation {
        (self.operation)()
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("path", &self.path).finish_non_exhaustive()
    }
}

fn post<F, Args>(path: &'static str, handler: F, operation: fn() -> Operation) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let resource = web::resource(path).route(web::post().to(handler)).refusing("POST");
    Route { method: HttpMethod::Post, path, resource, operation }
}

fn delete<F, Args>(path: &'static str, handler: F, operation: fn() -> Operation) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let resource = web::resource(path).route(web::delete().to(handler)).refusing("DELETE");
    Route { method: HttpMethod::Delete, path, resource, operation }
}

fn get<F, Args>(path: &'static str, handler: F, operation: fn() -> Operation) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Route { method: HttpMethod::Get, path, resource: files(path, handler), operation }
}

/// A `GET`, and the `HEAD` that goes with it (RFC 9110 §9.3.2). By itself: what a page loads, and no API.
fn files<F, Args>(path: &'static str, handler: F) -> Resource
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
        self.default_service(web::to(move |_: BodyLimit| async move {
            Err::<&str, _>(ApiError::MethodNotAllowed { allow })
        }))
    }
}

/// How a token is presented (RFC 6750).
const BEARER: &str = "bearer";

/// A fresh access token, as RFC 6749 §5.1 hands one out.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names are the standard's")]
struct AccessToken<'a> {
    #[schema(schema_with = schemas::token)]
    access_token: &'a str,
    #[schema(schema_with = schemas::bearer)]
    token_type: &'static str,
    /// Seconds.
    #[schema(minimum = 1)]
    expires_in: u64,
    /// Whether a second factor was shown.
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
