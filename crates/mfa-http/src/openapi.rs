//! The OpenAPI 3.1 document: made from the table of routes, so that there is none without its description.
//!
//! Each route names a function that gives its [`Operation`]; these functions are in a file `doc.rs` beside the handlers
//! of an area. Problems are described from [`ProblemKind`](crate::problem::ProblemKind) and the texts that callers
//! are told, answers from the types that handlers send.

mod headers;
mod operation;
mod problems;
pub(crate) mod schemas;
mod security;

use std::io;
use std::sync::Arc;

use actix_web::web::Bytes;
use mfa_infra::settings::Settings;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, Server,
};

pub(crate) use operation::{ApiTag, Operation, path_parameter, query_parameter};

use crate::i18n::Translations;
use crate::request_context::RequestContext;
use crate::routes::{self, Route, RouteConfig};

/// The document as it is served.
#[derive(Clone, Debug)]
pub(crate) struct OpenApiDocument(Bytes);

impl OpenApiDocument {
    /// Describes these routes to readers of this language.
    ///
    /// # Errors
    ///
    /// Where it is no JSON, which is a bug.
    pub(crate) fn from_routes(routes: &[Route], reader: &RequestContext) -> io::Result<Self> {
        let json = describe(routes, reader).to_json().map_err(io::Error::other)?;
        Ok(Self(Bytes::from(json)))
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> Bytes {
        self.0.clone()
    }
}

/// Returns the OpenAPI document of a server with these settings, as JSON. `pages` is true if web pages are mounted.
///
/// # Errors
///
/// A defect of this crate: a text or the document that cannot be built.
pub fn openapi_json(settings: &Settings, pages: bool) -> io::Result<String> {
    let texts = Translations::load(&[]).map_err(io::Error::other)?;
    let reader = RequestContext::for_documents(Arc::new(texts));
    let routes = routes::routes(RouteConfig::new(settings, pages));
    describe(&routes, &reader).to_pretty_json().map_err(io::Error::other)
}

fn describe(routes: &[Route], reader: &RequestContext) -> OpenApi {
    let mut paths = Paths::new();
    let mut components = headers::components(ComponentsBuilder::new());
    components = security::components(components);
    components = problems::components(components);
    for route in routes {
        let described = route.operation().describe(route.path(), reader);
        components = components.schemas_from_iter(described.schemas);
        paths.add_path_operation(route.path(), vec![route.method()], described.operation);
    }
    let info = InfoBuilder::new()
        .title("NOVA MFA")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("openapi/introduction.md")))
        .license(Some(
            LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build(),
        ));
    let tags = ApiTag::ALL
        .map(|tag| TagBuilder::new().name(tag.name()).description(Some(tag.description())).build());
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([Server::new("/")]))
        .tags(Some(tags))
        .paths(paths)
        .components(Some(components.build()))
        .build()
}

#[cfg(test)]
mod tests;
