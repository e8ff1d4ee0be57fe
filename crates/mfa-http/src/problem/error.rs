//! Error of a request, which becomes a problem document.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use mfa_flows::FlowError;

use super::field_error::FieldError;
use super::flow_error::problem_kind;
use super::kind::ProblemKind;

/// Error of a request: the error of a flow, or one that comes before the flow.
///
/// Handlers return it; the middleware turns it into a problem document in the language of the request.
#[derive(Debug)]
#[non_exhaustive]
pub enum ApiError {
    /// Error of a flow.
    Flow(FlowError),
    /// The body is not a JSON object.
    Malformed,
    /// The delivery report of a provider has no message id.
    MalformedReport,
    /// The body did not arrive in time.
    BodyTooSlow,
    /// Fields of the request are not valid.
    Fields(Vec<FieldError>),
    /// The path or resource does not exist.
    NotFound,
    /// The path does not support this method.
    MethodNotAllowed {
        /// Value of the header `Allow`.
        allow: &'static str,
    },
    /// The body is too large.
    TooLarge,
    /// The content type is not supported.
    UnsupportedMediaType,
    /// Too many requests are waiting.
    Overloaded,
    /// The server is stopping.
    Stopping,
    /// Defect of the server, with its description for the log.
    Bug(&'static str),
}

impl ApiError {
    /// Returns the kind of problem.
    pub fn kind(&self) -> ProblemKind {
        match self {
            Self::Flow(error) => problem_kind(error),
            Self::Malformed | Self::MalformedReport => ProblemKind::MalformedRequest,
            Self::BodyTooSlow => ProblemKind::BodyTooSlow,
            Self::Fields(_) => ProblemKind::InvalidField,
            Self::NotFound => ProblemKind::NotFound,
            Self::MethodNotAllowed { .. } => ProblemKind::MethodNotAllowed,
            Self::TooLarge => ProblemKind::TooLarge,
            Self::UnsupportedMediaType => ProblemKind::UnsupportedMediaType,
            Self::Overloaded | Self::Stopping => ProblemKind::Overloaded,
            Self::Bug(_) => ProblemKind::InternalError,
        }
    }
}

impl From<FlowError> for ApiError {
    fn from(error: FlowError) -> Self {
        Self::Flow(error)
    }
}

impl fmt::Display for ApiError {
    /// Writes the text for the log, without any value that the client sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flow(error) => error.fmt(f),
            Self::Malformed => f.write_str("the body is not a JSON object"),
            Self::MalformedReport => f.write_str("the delivery report has no message id"),
            Self::BodyTooSlow => f.write_str("the body did not arrive in time"),
            Self::Fields(_) => f.write_str("a field is missing or not valid"),
            Self::NotFound => f.write_str("the path or resource does not exist"),
            Self::MethodNotAllowed { .. } => f.write_str("the path does not support the method"),
            Self::TooLarge => f.write_str("the body exceeds the size limit"),
            Self::UnsupportedMediaType => f.write_str("the content type is not supported"),
            Self::Overloaded => f.write_str("too many requests are waiting"),
            Self::Stopping => f.write_str("the server is stopping"),
            Self::Bug(what) => write!(f, "bug: {what}"),
        }
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // `Display` has the text of the flow error itself.
            Self::Flow(error) => error.source(),
            _ => None,
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.kind().status()
    }

    /// Returns an empty response: the middleware writes the document.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
