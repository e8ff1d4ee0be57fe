//! Why a call ends without what it asked for.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use mfa_flows::FlowError;

use super::ProblemKind;
use super::flow_error::kind_of_refusal;

/// Why a call ends without what it asked for: the flows refused, or HTTP never got that far.
///
/// Handlers return it as their error; the edge turns it into a problem document, because the caller's language and
/// the id of the request are known there.
#[derive(Debug)]
pub enum ApiError {
    /// The flows refused.
    Refused(FlowError),
    /// The body is no JSON object.
    Malformed,
    /// The report of a provider names no message.
    MalformedReport,
    /// The body did not arrive in time.
    BodyTooSlow,
    /// Fields of the body are not what they should be.
    Fields(Vec<FieldError>),
    /// There is nothing at this path.
    NotFound,
    /// The path does not take this method.
    MethodNotAllowed {
        /// What it takes, as `Allow` lists it.
        allow: &'static str,
    },
    /// The body is too large.
    TooLarge,
    /// The body is not announced as JSON.
    UnsupportedMediaType,
    /// Too much is waiting already.
    Overloaded,
    /// The server is being stopped.
    Stopping,
    /// We have a bug: what it looked like.
    Bug(&'static str),
}

/// A field of a body and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Its name.
    pub field: String,
    /// What is wrong.
    pub error: FieldErrorKind,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldErrorKind {
    /// It is not there.
    Missing,
    /// Nobody knows it.
    Unknown,
    /// It is no string.
    NotText,
    /// It holds NUL.
    Nul,
    /// It is no six digits.
    NotSixDigits,
    /// It is neither six digits nor a recovery code.
    NotACode,
    /// It is no phone number.
    NotAPhoneNumber,
    /// It is no code of a country.
    NotACountry,
    /// It is neither `sms` nor `none`.
    NotABackupMethod,
    /// It is empty or too long.
    Length {
        /// How long it may be.
        most: usize,
        /// Counted in what.
        unit: LengthUnit,
    },
    /// It cannot stand where it is to be put.
    Unusable,
    /// Somebody else has it.
    Taken,
    /// It is given more than once.
    Repeated,
    /// It is neither true nor false.
    NotAFlag,
    /// It is no whole number of that range.
    OutOfRange {
        /// The smallest.
        least: i64,
        /// The greatest.
        most: i64,
    },
    /// It is no time in the form of RFC 3339.
    NotATime,
    /// It is none of the words that are taken here.
    NotOneOf,
    /// What lies between `from` and it is nothing, or too long.
    Period {
        /// How long it may be.
        most_days: u32,
    },
}

/// What a length is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthUnit {
    /// Unicode characters.
    Characters,
    /// Bytes of UTF-8.
    Bytes,
}

impl ApiError {
    /// The kind of problem that it is told as.
    pub fn kind(&self) -> ProblemKind {
        match self {
            Self::Refused(refusal) => kind_of_refusal(refusal),
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
    fn from(refusal: FlowError) -> Self {
        Self::Refused(refusal)
    }
}

impl fmt::Display for ApiError {
    /// For the log. Says nothing of what the caller sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Malformed => f.write_str("the body is no JSON object"),
            Self::MalformedReport => f.write_str("the report names no message"),
            Self::BodyTooSlow => f.write_str("the body did not arrive in time"),
            Self::Fields(_) => f.write_str("a field of the body is not what it should be"),
            Self::NotFound => f.write_str("nothing at this path"),
            Self::MethodNotAllowed { .. } => f.write_str("method not taken here"),
            Self::TooLarge => f.write_str("body too large"),
            Self::UnsupportedMediaType => f.write_str("body not announced as JSON"),
            Self::Overloaded => f.write_str("too much is waiting"),
            Self::Stopping => f.write_str("the server is being stopped"),
            Self::Bug(what) => write!(f, "bug: {what}"),
        }
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Its own text is in `Display` above already.
            Self::Refused(refusal) => refusal.source(),
            _ => None,
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.kind().status()
    }

    /// A carrier: the edge writes the document.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
