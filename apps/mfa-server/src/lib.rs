//! The NOVA MFA server: the API of `mfa-http` and the pages of `mfa-pages` on a listener, with TLS and signals.
//!
//! Those two crates handle every request. This crate has the command line, the TLS certificate, the signals and the start
//! banner.

mod banner;
mod run;
mod signals;
mod tls;

pub use banner::Banner;
pub use mfa_http::{listen, listen_failure};
pub use run::{Server, serve};
pub use signals::Signals;
