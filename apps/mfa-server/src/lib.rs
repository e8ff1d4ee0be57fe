//! The HTTP server of NOVA MFA: HTTP to flows and back, nothing else.
//!
//! [`serve()`] puts an [`mfa_infra::Mfa`] on a listener. A call passes the edge (id, address, language, headers, access
//! line), the intake (size, content type, token, limit, body, in this order) and one handler in `routes/`, which calls
//! one flow; what the flow refuses becomes a problem document (RFC 9457) in `problem/`.
//!
//! An actix application of one's own takes the same routes by [`Embedded`], and asks callers of its other routes for a
//! second factor by the extractors [`MfaOk`] and [`MfaPending`]; `docs/embedding.md` shows how.
//!
//! It refuses to hold a rule or a line of SQL. To add an endpoint: a handler in the file of its area under `routes/`, its
//! description in the area's `doc.rs`, and a line in `routes/mod.rs` that names both.
//!
//! A description is an `openapi::Operation`: its id, tag and sentences, then what it takes (`.token(…)`, `.superuser()`,
//! `.body(…)`, `.nothing()`, `.parameter(…)`), what it answers (`.answers::<Type>(…)` of a type that derives `ToSchema`)
//! and what it refuses beside what these bring along (`.refuses([…])`). `openapi/schemas.rs` has the forms of values.
//!
//! To add a refusal: a kind in `problem/kind.rs`; the
//! compiler names the rest, and a test its texts. Every text that a reader sees is in `locales/`, told by `i18n/`:
//! `caller.translate("name-of-the-text", &[("argument", value.into())])`.

mod banner;
mod client_ip;
mod embed;
mod i18n;
mod interface;
mod language;
mod middleware;
mod openapi;
mod problem;
mod request;
mod request_context;
mod rfc3339;
mod routes;
mod serve;
mod signals;
mod tls;

/// The programs of the embedding guide, so that they compile and do what they say.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/embedding.md")]
struct EmbeddingGuide;

pub use banner::Banner;
pub use embed::{Embedded, ExtractorError, MfaOk, MfaPending};
pub use serve::{HttpServerHandle, listen, serve};
pub use signals::Signals;
