//! Interface of routes that another crate mounts beside the API.

use std::fmt;

use actix_web::web::ServiceConfig;

use crate::i18n::TranslationSource;

/// Routes that are served beside the API, behind the same middleware: the web pages of the crate `mfa-pages`.
///
/// An extension reads requests with [`crate::request`], reports errors as [`crate::problem::ApiError`] and translates
/// its texts through [`crate::RequestContext`].
pub trait RouteExtension: fmt::Debug + Send + Sync {
    /// Registers the routes and the application data that they need. Their paths start with `/interface/`.
    fn configure(&self, config: &mut ServiceConfig);

    /// Registers redirects from addresses outside `/interface/`, such as `/`. Only the server calls this: an embedding
    /// application has a first page of its own.
    fn configure_entry_points(&self, config: &mut ServiceConfig);

    /// Returns the Fluent files with the texts of the routes.
    fn translations(&self) -> &'static [TranslationSource];
}
