//! OpenAPI 3.1 document, generated from the table of routes: a route cannot exist without its description.
//!
//! Each [`Route`] names a function that returns its [`Operation`]; these functions are in a file `doc.rs` per area.
//! Errors are described from [`ProblemKind`](crate::problem::ProblemKind) and the translated texts, bodies and
//! responses from the serde types of the handlers.

mod headers;
mod operation;
mod problems;
mod route;
mod security;

use std::io;

use actix_web::web::Bytes;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, Server,
};

pub(crate) use operation::{ApiTag, Operation, path_parameter, query_parameter};
#[cfg(feature = "swagger-ui")]
pub(crate) use route::files;
pub(crate) use route::{Route, delete, delete_after_patch, get, patch, post};

use crate::request_context::RequestContext;

/// OpenAPI document in serialised form.
#[derive(Clone, Debug)]
pub(crate) struct OpenApiDocument(Bytes);

impl OpenApiDocument {
    /// Generates the document of these routes. Examples are in the language of `reader`.
    ///
    /// # Errors
    ///
    /// A document that cannot be serialised: a defect of this crate.
    pub(crate) fn from_routes(routes: &[Route], reader: &RequestContext) -> io::Result<Self> {
        let json = describe(routes, reader).to_json().map_err(io::Error::other)?;
        Ok(Self(Bytes::from(json)))
    }

    /// Generates the document of these routes as indented JSON.
    ///
    /// # Errors
    ///
    /// As for [`from_routes`](Self::from_routes).
    pub(crate) fn pretty_json(routes: &[Route], reader: &RequestContext) -> io::Result<String> {
        describe(routes, reader).to_pretty_json().map_err(io::Error::other)
    }

    /// Returns the bytes of the document.
    pub(crate) fn bytes(&self) -> Bytes {
        self.0.clone()
    }
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
