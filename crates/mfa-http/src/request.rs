//! Request extractors: the checks that come before a flow, in the order of the contract.
//!
//! size (413) → content type and method → token (401, 403) → rate limit per IP address (429) → body (400, 422) → flow.
//! The extractors check size and content type, the routes the method. Handlers can only follow the rest of the order:
//! [`ApiRequest::open`] verifies the token and returns the body; [`ApiRequest::code_check`] applies the rate limit in
//! between.
//!
//! Request bodies are serde types with a [`Field`] for each JSON field: see [`InputFields::parse`].

mod body;
mod code;
mod field_deserializer;
mod fields;
mod headers;
mod json;
mod query;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use mfa_core::{RateRule, SecretText};
use mfa_flows::{AcceptedStages, Call, FlowError, Flows};
use mfa_infra::Mfa;
use serde::de::DeserializeOwned;

pub use code::{
    AccessPassInput, CodeKind, DisableCode, access_pass_code, either_code, recovery_code, sms_code, totp_code,
};
pub use fields::{Field, FieldErrors, InputFields};
pub use headers::bearer;

use body::{MAX_BODY_BYTES, MAX_LARGE_BODY_BYTES};

pub(crate) use code::CodeRequest;

use crate::problem::{ApiError, FieldErrorKind};
use crate::request_context::RequestContext;

/// Request whose size and content type are valid.
#[derive(Debug)]
pub struct ApiRequest {
    mfa: Arc<Mfa>,
    context: RequestContext,
    bearer: Option<SecretText>,
    query: SecretText,
    accepts_csv: bool,
    body: UnparsedBody,
}

/// Request with a body of up to 128 KiB, for changes of many users.
#[derive(Debug)]
pub struct LargeApiRequest(ApiRequest);

impl LargeApiRequest {
    /// Returns the request itself.
    pub fn into_inner(self) -> ApiRequest {
        self.0
    }
}

/// Body that has not been parsed yet.
///
/// Exhaustive, so that each form of a body is parsed.
#[derive(Clone, Debug)]
pub enum UnparsedBody {
    /// Bytes that a client of the API sent: JSON, unless the content type is a form.
    Raw(Bytes),
    /// Fields of a web page's form, without those that only the page reads.
    Form(Vec<(String, SecretText)>),
}

/// URL-encoded form whose size and content type are valid.
#[derive(Debug)]
pub struct RawForm(Bytes);

impl RawForm {
    /// Returns the bytes of the body.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Request whose body is JSON or a form, for endpoints whose standard requires a form.
#[derive(Debug)]
pub struct ApiOrFormRequest {
    request: ApiRequest,
    is_form: bool,
}

impl ApiOrFormRequest {
    /// Returns the request itself.
    pub const fn request(&self) -> &ApiRequest {
        &self.request
    }

    /// Parses the body into a request type. Unknown fields of a form are ignored (RFC 6749 §3.2).
    ///
    /// # Errors
    ///
    /// [`ApiError::Malformed`], also if a known field of a form is repeated.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<(T, FieldErrors), ApiError> {
        match &self.request.body {
            UnparsedBody::Raw(bytes) if self.is_form => InputFields::from_oauth_form(bytes).parse(),
            body => body.parse(),
        }
    }
}

/// Request whose size is valid, for handlers that read no body.
#[derive(Debug)]
pub struct BodyLimit;

impl ApiRequest {
    /// Creates the request of a web page's form. Its token comes from a cookie.
    pub fn for_page(
        mfa: Arc<Mfa>,
        context: RequestContext,
        token: Option<SecretText>,
        form: Vec<(String, SecretText)>,
    ) -> Self {
        // The page reads its query string itself.
        Self {
            mfa,
            context,
            bearer: token,
            query: SecretText::new(String::new()),
            accepts_csv: false,
            body: UnparsedBody::Form(form),
        }
    }

    /// Returns the language, request id and client of the request.
    pub const fn context(&self) -> &RequestContext {
        &self.context
    }

    /// Returns the body, for endpoints without a token.
    pub const fn body(&self) -> &UnparsedBody {
        &self.body
    }

    /// Returns the fields of the query string. Call it after [`open`](Self::open): the token is checked first.
    ///
    /// # Errors
    ///
    /// [`ApiError::Fields`] for a repeated name.
    pub fn query(&self) -> Result<InputFields, ApiError> {
        query::fields(self.query.expose())
    }

    /// Verifies the token and returns the body.
    ///
    /// # Errors
    ///
    /// 401 and 403 for the token.
    pub fn open(&self, accepts: AcceptedStages) -> Result<(Call, &UnparsedBody), ApiError> {
        let bearer = self.bearer.as_ref().map(SecretText::expose);
        let call = self.mfa.flows().open(bearer, accepts, self.context.origin.clone())?;
        Ok((call, &self.body))
    }

    /// Returns the product.
    pub const fn mfa(&self) -> &Arc<Mfa> {
        &self.mfa
    }

    /// Returns the value of `Authorization: Bearer`.
    pub const fn bearer(&self) -> Option<&SecretText> {
        self.bearer.as_ref()
    }

    /// Runs a flow to its end, even if the client disconnects.
    ///
    /// # Errors
    ///
    /// The error of the flow; 503 while the server is stopping.
    pub async fn run<T, E, F>(&self, flow: impl FnOnce(Arc<Flows>) -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<ApiError> + Send + 'static,
    {
        run_flow(&self.mfa, flow).await
    }

    /// Whether the client asks for CSV instead of JSON.
    pub const fn accepts_csv(&self) -> bool {
        self.accepts_csv
    }

    /// Runs a flow that verifies a code. Each request counts against the rate limit of its IP address, before its body
    /// is parsed.
    ///
    /// # Errors
    ///
    /// 401 and 403 for the token, 429 for the address, 400 and 422 for the body; then the error of the flow.
    pub async fn code_check<C, T, F>(
        &self,
        accepts: AcceptedStages,
        parse: impl FnOnce(&str) -> Result<C, FieldErrorKind> + Send + 'static,
        flow: impl FnOnce(Arc<Flows>, Call, C) -> F + Send + 'static,
    ) -> Result<T, ApiError>
    where
        C: CodeKind + Send + 'static,
        F: Future<Output = Result<T, FlowError>> + Send + 'static,
        T: Send + 'static,
    {
        let parse = |body: &UnparsedBody| {
            let (body, mut errors) = body.parse::<CodeRequest<C>>()?;
            let code = body.code.text(&mut errors, parse);
            errors.finish(code)
        };
        self.rate_limited(accepts, parse, flow).await
    }

    /// Runs a flow that verifies a factor, as [`code_check`](Self::code_check) does, with any body.
    ///
    /// # Errors
    ///
    /// As [`code_check`](Self::code_check).
    pub async fn rate_limited<B, T, F>(
        &self,
        accepts: AcceptedStages,
        parse: impl FnOnce(&UnparsedBody) -> Result<B, ApiError> + Send + 'static,
        flow: impl FnOnce(Arc<Flows>, Call, B) -> F + Send + 'static,
    ) -> Result<T, ApiError>
    where
        B: Send + 'static,
        F: Future<Output = Result<T, FlowError>> + Send + 'static,
        T: Send + 'static,
    {
        let (call, body) = self.open(accepts)?;
        let (body, allowance) = (body.clone(), self.context.allowance.clone());
        self.run(|flows| async move {
            let left = flows.limit_code_checks(Some(call.token.user), &call.origin).await?;
            allowance.record(RateRule::CodeCheckPerIp, left);
            let body = parse(&body)?;
            flow(flows, call, body).await.map_err(ApiError::from)
        })
        .await
    }
}

/// Runs a flow to its end, even if the client disconnects: see [`ApiRequest::run`].
pub(crate) async fn run_flow<T, E, F>(
    mfa: &Arc<Mfa>,
    flow: impl FnOnce(Arc<Flows>) -> F,
) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Into<ApiError> + Send + 'static,
{
    let flow = AssertUnwindSafe(flow(Arc::clone(mfa.flows()))).catch_unwind();
    let outcome = mfa.run(flow).await.map_err(|_| ApiError::Stopping)?;
    outcome.map_err(|_| ApiError::Bug("a flow panicked"))?.map_err(Into::into)
}

impl UnparsedBody {
    fn object(&self) -> Result<InputFields, ApiError> {
        match self {
            Self::Raw(bytes) => InputFields::from_json(bytes),
            Self::Form(fields) => InputFields::from_page_form(fields),
        }
    }

    /// Parses the body into a request type: see [`InputFields::parse`].
    ///
    /// # Errors
    ///
    /// [`ApiError::Malformed`].
    pub fn parse<T: DeserializeOwned>(&self) -> Result<(T, FieldErrors), ApiError> {
        self.object()?.parse()
    }

    /// Parses a body that may be empty into a request type.
    ///
    /// # Errors
    ///
    /// [`ApiError::Malformed`].
    pub fn parse_optional<T: DeserializeOwned>(&self) -> Result<(T, FieldErrors), ApiError> {
        self.optional_object()?.parse()
    }

    /// Checks that the body is empty or an empty object.
    ///
    /// # Errors
    ///
    /// [`ApiError::Malformed`]; [`ApiError::Fields`] for any field.
    pub fn require_empty(&self) -> Result<(), ApiError> {
        self.optional_object()?.finish(Some(()))
    }

    fn optional_object(&self) -> Result<InputFields, ApiError> {
        if self.is_blank() { Ok(InputFields::empty()) } else { self.object() }
    }

    fn is_blank(&self) -> bool {
        match self {
            Self::Raw(bytes) => bytes.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')),
            Self::Form(fields) => fields.is_empty(),
        }
    }
}

/// Returns a parser of a whole number in this range, written in digits.
pub fn whole_number(least: i64, most: i64) -> impl FnOnce(&str) -> Result<i64, FieldErrorKind> {
    move |text| {
        let is_digits = !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        let number = text.parse().ok().filter(|it| is_digits && (least..=most).contains(it));
        number.ok_or(FieldErrorKind::OutOfRange { least, most })
    }
}

async fn read_body(headers: &HeaderMap, payload: Payload) -> Result<Bytes, ApiError> {
    read_body_up_to(MAX_BODY_BYTES, headers, payload).await
}

async fn read_body_up_to(most: usize, headers: &HeaderMap, payload: Payload) -> Result<Bytes, ApiError> {
    headers::check_content_length(headers, most)?;
    if headers::has_body(headers) { body::read(payload, most).await } else { Ok(Bytes::new()) }
}

impl ApiRequest {
    fn new(request: &HttpRequest, body: UnparsedBody) -> Result<Self, ApiError> {
        let mfa = request.app_data::<Data<Mfa>>().ok_or(ApiError::Bug("the application has no Mfa"))?;
        let context = request.extensions().get::<RequestContext>().cloned();
        Ok(Self {
            mfa: Arc::clone(mfa),
            context: context.ok_or(ApiError::Bug("the request has no RequestContext"))?,
            query: SecretText::new(request.query_string().to_owned()),
            accepts_csv: headers::accepts_csv(request.headers()),
            bearer: bearer(request.headers()).map(|token| SecretText::new(token.to_owned())),
            body,
        })
    }
}

impl FromRequest for ApiRequest {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = UnparsedBody::Raw(read_body(request.headers(), payload).await?);
            if !body.is_blank() {
                headers::require_json(request.headers())?;
            }
            Ok(Self::new(&request, body)?)
        })
    }
}

impl FromRequest for LargeApiRequest {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let read = read_body_up_to(MAX_LARGE_BODY_BYTES, request.headers(), payload);
            let body = UnparsedBody::Raw(read.await?);
            headers::require_json(request.headers())?;
            Ok(Self(ApiRequest::new(&request, body)?))
        })
    }
}

impl FromRequest for ApiOrFormRequest {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = UnparsedBody::Raw(read_body(request.headers(), payload).await?);
            let is_form = headers::require_form(request.headers()).is_ok();
            if !is_form && !body.is_blank() {
                headers::require_json(request.headers())?;
            }
            Ok(Self { request: ApiRequest::new(&request, body)?, is_form })
        })
    }
}

impl FromRequest for RawForm {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = read_body(request.headers(), payload).await?;
            headers::require_form(request.headers())?;
            Ok(Self(body))
        })
    }
}

impl FromRequest for BodyLimit {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            read_body(request.headers(), payload).await?;
            Ok(Self)
        })
    }
}
