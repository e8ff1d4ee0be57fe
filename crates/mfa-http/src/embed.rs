//! Embedding in an actix application: the routes of the API, and extractors for the application's own routes.
//!
//! The routes have a scope with the same middleware as in the server, so paths, order of checks, headers and problem
//! documents are the same. A guard limits the scope to the paths of the API; all other paths reach the application.

mod extract;

use std::fmt;
use std::io;
use std::sync::Arc;

use actix_web::guard;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use mfa_infra::Mfa;

use crate::extension::RouteExtension;
use crate::middleware::MiddlewareConfig;
use crate::openapi::OpenApiDocument;
use crate::routes::{self, RouteConfig};

pub use extract::{ExtractorError, MfaOk, MfaPending};

/// API that an actix application mounts. Create it once and clone it into each worker.
#[derive(Clone)]
pub struct Embedded {
    mfa: Arc<Mfa>,
    middleware: Arc<MiddlewareConfig>,
    extension: Option<Arc<dyn RouteExtension>>,
    document: Data<OpenApiDocument>,
}

impl Embedded {
    /// Creates the API without web pages. `BEHIND_TLS_PROXY=true`, or a certificate in `TLS_CERT`, means that clients
    /// use TLS.
    ///
    /// # Errors
    ///
    /// An invalid `TRUSTED_PROXY_HEADER`.
    pub fn new(mfa: Arc<Mfa>) -> io::Result<Self> {
        Self::build(mfa, None)
    }

    /// Creates the API with the routes of an extension, such as `mfa_pages::Pages`.
    ///
    /// # Errors
    ///
    /// An invalid `TRUSTED_PROXY_HEADER`, or a Fluent file of the extension that does not parse.
    pub fn with_extension(mfa: Arc<Mfa>, extension: Arc<dyn RouteExtension>) -> io::Result<Self> {
        Self::build(mfa, Some(extension))
    }

    fn build(mfa: Arc<Mfa>, extension: Option<Arc<dyn RouteExtension>>) -> io::Result<Self> {
        let settings = &mfa.settings().server;
        let over_tls = settings.behind_tls_proxy || settings.tls.is_some();
        let middleware = Arc::new(MiddlewareConfig::new(&mfa, over_tls, extension.as_deref())?);
        let mut mounted = routes::routes(RouteConfig::new(mfa.settings(), extension.is_some()));
        mounted.retain(|it| {
            routes::is_api_path(it.path(), true, true) || routes::is_documentation_path(it.path())
        });
        let document = Data::new(OpenApiDocument::from_routes(&mounted, &middleware.reader())?);
        Ok(Self { mfa, middleware, extension, document })
    }

    /// Mounts the routes of the API at the root of an application, those of the extension under `/interface/`, and
    /// what [`MfaOk`] and [`MfaPending`] need.
    ///
    /// Health, metrics and documentation are left to the application, which may have its own: see
    /// [`mount_for_operators`](Self::mount_for_operators) and [`mount_documentation`](Self::mount_documentation).
    pub fn mount(&self, config: &mut ServiceConfig) {
        config.app_data(Data::new(self.clone()));
        let settings = self.mfa.settings();
        let (login, pages) = (settings.login.enabled, self.extension.is_some());
        let matches = move |path: &str| routes::is_api_path(path, login, pages);
        self.add(config, matches, |config| {
            routes::configure(config, RouteConfig::new(settings, self.extension.is_some()), |config| {
                if let Some(extension) = &self.extension {
                    extension.configure(config);
                }
            });
        });
    }

    /// Mounts `/health`, `/health/live` and `/health/ready` with its detail, and `/metrics`.
    pub fn mount_for_operators(&self, config: &mut ServiceConfig) {
        self.add(config, routes::is_operator_path, routes::configure_for_operators);
    }

    /// Mounts `/openapi.json`, which describes what [`mount`](Self::mount) adds, and the page that shows it at `/docs`.
    pub fn mount_documentation(&self, config: &mut ServiceConfig) {
        let document = self.document.clone();
        self.add(config, routes::is_documentation_path, |config| {
            config.app_data(document);
            routes::configure_documentation(config);
        });
    }

    fn add(
        &self,
        config: &mut ServiceConfig,
        matches: impl Fn(&str) -> bool + 'static,
        routes: impl FnOnce(&mut ServiceConfig),
    ) {
        let middleware = Arc::clone(&self.middleware);
        let scope = web::scope("")
            .guard(guard::fn_guard(move |context| matches(context.head().uri.path())))
            .app_data(Data::from(Arc::clone(&self.mfa)))
            .configure(routes)
            .wrap(from_fn(move |request, next| {
                let middleware = Arc::clone(&middleware);
                async move { middleware.handle(request, next).await }
            }));
        config.service(scope);
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
