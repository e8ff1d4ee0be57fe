//! Route of the API: method, path, handler and description in one value.

use std::fmt;

use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, Resource, Responder, guard};
use utoipa::openapi::HttpMethod;

use super::Operation;
use crate::problem::ApiError;
use crate::request::BodyLimit;

/// Method and path with their handler and description.
pub(crate) struct Route {
    method: HttpMethod,
    path: &'static str,
    resource: Resource,
    operation: fn() -> Operation,
}

impl Route {
    /// Returns the HTTP method.
    pub(crate) fn method(&self) -> HttpMethod {
        self.method.clone()
    }

    /// Returns the path, with parameters in braces.
    pub(crate) const fn path(&self) -> &'static str {
        self.path
    }

    /// Returns the description.
    pub(crate) fn operation(&self) -> Operation {
        (self.operation)()
    }

    /// Registers the handler, and an error for other methods.
    pub(crate) fn register(self, config: &mut ServiceConfig) {
        config.service(self.resource);
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Creates a `POST` route.
pub(crate) fn post<F, Args>(path: &'static str, handler: F, operation: fn() -> Operation) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let resource = web::resource(path).route(web::post().to(handler)).reject_other_methods("POST");
    Route { method: HttpMethod::Post, path, resource, operation }
}

/// Creates a `PATCH` route. A [`delete_after_patch`] route must follow it, which rejects other methods.
pub(crate) fn patch<F, Args>(path: &'static str, handler: F, operation: fn() -> Operation) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let resource = web::resource(path).guard(guard::Patch()).route(web::patch().to(handler));
    Route { method: HttpMethod::Patch, path, resource, operation }
}

/// Creates a `DELETE` route.
pub(crate) fn delete<F, Args>(path: &'static str, handler: F, operation: fn() -> Operation) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    delete_beside(path, handler, operation, "DELETE")
}

/// Creates a `DELETE` route on the path of a [`patch`] route that precedes it.
pub(crate) fn delete_after_patch<F, Args>(
    path: &'static str,
    handler: F,
    operation: fn() -> Operation,
) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    delete_beside(path, handler, operation, "PATCH, DELETE")
}

fn delete_beside<F, Args>(
    path: &'static str,
    handler: F,
    operation: fn() -> Operation,
    allow: &'static str,
) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let resource = web::resource(path).route(web::delete().to(handler)).reject_other_methods(allow);
    Route { method: HttpMethod::Delete, path, resource, operation }
}

/// Creates a `GET` route, with `HEAD`.
pub(crate) fn get<F, Args>(path: &'static str, handler: F, operation: fn() -> Operation) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Route { method: HttpMethod::Get, path, resource: files(path, handler), operation }
}

/// Creates a resource for `GET` and `HEAD` (RFC 9110 §9.3.2) without a description, for static files.
pub(crate) fn files<F, Args>(path: &'static str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let method = guard::Any(guard::Get()).or(guard::Head());
    web::resource(path).route(web::route().guard(method).to(handler)).reject_other_methods("GET, HEAD")
}

trait RejectOtherMethods {
    /// Answers other methods with 405 and the methods in `allow`.
    fn reject_other_methods(self, allow: &'static str) -> Self;
}

impl RejectOtherMethods for Resource {
    fn reject_other_methods(self, allow: &'static str) -> Self {
        self.default_service(web::to(move |_: BodyLimit| async move {
            Err::<&str, _>(ApiError::MethodNotAllowed { allow })
        }))
    }
}
