//! The HTTP API of NOVA MFA as an actix-web library.
//!
//! [`serve`] runs the API of an [`mfa_infra::Mfa`] on a listener; [`Embedded`] mounts the same routes in an actix
//! application, whose own routes require a second factor with the extractors [`MfaOk`] and [`MfaPending`]. A request
//! passes the `middleware` (request id, client address, language, headers, access log), [`request`] (size, content
//! type, token, limit, body, in this order) and one handler in `routes/`, which calls one flow. An error becomes a
//! problem document (RFC 9457) in [`problem`].
//!
//! This crate has no web pages, no business rule and no SQL. Pages are a [`RouteExtension`]: the crate `mfa-pages`.
//!
//! To add an endpoint: write a handler in the file of its area under `routes/`, its description in the area's `doc.rs`,
//! and a line in `routes.rs` that names both. A description is an `openapi::Operation`: id, tag, summary and
//! description, then the input (`.token(…)`, `.superuser()`, `.body::<Type>(…)`, `.no_body()`, `.parameter(…)`), the
//! responses (`.responds::<Type>(…)` of a type that derives `ToSchema`) and the errors beside those that the input
//! implies (`.problems([…])`). `schemas.rs` has the schemas of common values.
//!
//! A request body is a serde type with a [`request::Field`] for each JSON field; the handler validates each field.
//!
//! To add an error: add a kind in `problem/kind.rs`; the compiler names the other places, and a test the missing texts.
//! Texts are in `locales/` and translated with `context.translate("name-of-the-text", &[("argument", value.into())])`.

mod client_ip;
mod csv;
mod embed;
mod extension;
pub mod i18n;
mod language;
mod middleware;
mod openapi;
pub mod problem;
pub mod request;
mod request_context;
mod routes;
mod schemas;
mod server;

pub use csv::{event_csv_response, user_csv_response};
pub use embed::{Embedded, ExtractorError, MfaOk, MfaPending};
pub use extension::RouteExtension;
pub use language::Language;
pub use request_context::{RateLimitStatus, RequestContext};
pub use routes::{admin_reason, authenticator_name, backup_method, first_factor, openapi_json};
pub use server::{HttpServerHandle, listen, listen_failure, serve};
