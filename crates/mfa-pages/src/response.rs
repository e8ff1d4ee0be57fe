//! Response of a page: content or redirect, and the cookies that it sets.

use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, HeaderValue, LOCATION, RETRY_AFTER, SET_COOKIE,
};
use actix_web::{HttpResponse, ResponseError as _};
use maud::Markup;
use mfa_core::SecretText;
use mfa_flows::FlowError;
use mfa_http::problem::{ApiError, RenderedError, retry_after};
use mfa_jwt::IssuedToken;

use super::assets::Asset;
use super::cookies::Cookie;
use super::csrf::{form_key, new_browser_id};
use super::error::PageError;
use super::flash::Flash;
use super::form_error::FormError;
use super::parts::form_error_for;
use super::refused_form::{self, RefusedForm};
use super::request::PageRequest;
use super::return_to::ReturnTo;
use super::sealed_state::{LASTS, SealedState};

/// The result of a page handler.
pub(crate) type PageResult = Result<PageResponse, PageError>;

/// Files of ours and nothing else: no line of script or style in the page, no other host, no frame, no plug-in, and no
/// text that a script could turn into elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";
/// No sensor and no payment; codes that come by SMS may be read by ourselves.
const PERMISSIONS: &str =
    "camera=(), geolocation=(), microphone=(), payment=(), usb=(), otp-credentials=(self)";
/// Seconds that the cookie of a session remains after its end.
const SESSION_REMEMBERED: u64 = 12 * 3600;
/// Seconds for a login, after which the page that was wanted is forgotten.
const RETURN_LASTS: u64 = 600;
const FOREVER: &str = "public, max-age=31536000, immutable";

/// The response of a page.
#[derive(Debug)]
pub(crate) struct PageResponse {
    http: HttpResponse,
    cookies: Vec<String>,
    /// The browser id, if this response replaces it.
    browser_id: Option<SecretText>,
    /// The token of the session, if this response starts one.
    session: Option<SecretText>,
}

impl PageResponse {
    /// Creates a page.
    pub(crate) fn page(request: &PageRequest, status: StatusCode, markup: Markup) -> Self {
        let mut response = HttpResponse::build(status);
        response.content_type("text/html; charset=utf-8");
        response.insert_header((CONTENT_LANGUAGE, request.language().tag()));
        response.insert_header((CONTENT_SECURITY_POLICY, POLICY));
        response.insert_header(("Permissions-Policy", PERMISSIONS));
        response.insert_header(("Cross-Origin-Resource-Policy", "same-origin"));
        if request.site.over_tls() {
            response.insert_header(("Cross-Origin-Opener-Policy", "same-origin"));
        }
        response.body(markup.into_string()).into()
    }

    /// Creates a page for an error, with the status of the error and `Retry-After` if waiting helps.
    pub(crate) fn error_page(request: &PageRequest, markup: Markup, error: ApiError) -> Self {
        let mut response = Self::page(request, error.kind().status(), markup);
        if let Some(seconds) = retry_after(&error) {
            response.http.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response.with_error(error)
    }

    /// Creates the answer to a form that was refused: a redirect to the page with the form, at `path` below the first
    /// page. That page reads the error with [`PageRequest::form_error`], and what was typed with
    /// [`PageRequest::form_value`].
    ///
    /// # Errors
    ///
    /// [`ApiError`] if there is no randomness to encrypt the cookie.
    pub(crate) fn refused(request: &PageRequest, path: &str, error: ApiError) -> PageResult {
        let form_error = form_error_for(request, &error);
        Self::refused_with(request, path, &form_error, error)
    }

    /// As [`Self::refused`], with another text than that of the error. Without an error, nothing is logged.
    ///
    /// # Errors
    ///
    /// [`ApiError`] if there is no randomness to encrypt the cookie.
    pub(crate) fn refused_with(
        request: &PageRequest,
        path: &str,
        form_error: &FormError,
        error: impl Into<Option<ApiError>>,
    ) -> PageResult {
        let form = RefusedForm::on_form(path, form_error, request.now()).with_typed(request.form_fields());
        let response = Self::redirect(request, path).with_refused_form(request, &form)?;
        Ok(match error.into() {
            Some(error) => response.with_error(error),
            None => response,
        })
    }

    /// Adds what a refused or interrupted form leaves for its page.
    ///
    /// # Errors
    ///
    /// [`ApiError`] if there is no randomness to encrypt it.
    pub(crate) fn with_refused_form(
        mut self,
        request: &PageRequest,
        form: &RefusedForm,
    ) -> Result<Self, ApiError> {
        let key = self.login_key(request);
        let sealed = form.seal(request.mfa(), &key, request.now()).map_err(FlowError::from)?;
        let lasts = Some(refused_form::LASTS.as_secs());
        self.cookies.push(form.cookie().set(&sealed, lasts, &request.site));
        Ok(self)
    }

    /// Makes the next login continue to this page.
    pub(crate) fn returning_to(mut self, request: &PageRequest, page: &ReturnTo) -> Self {
        if *page != ReturnTo::Home {
            self.cookies.push(Cookie::ReturnTo.set(&page.name(), Some(RETURN_LASTS), &request.site));
        }
        self
    }

    /// Forgets the page to return to.
    pub(crate) fn clear_return_to(mut self, request: &PageRequest) -> Self {
        if request.return_to().is_some() {
            self.cookies.push(Cookie::ReturnTo.clear(&request.site));
        }
        self
    }

    /// Returns what identifies browser and session after this response.
    fn login_key(&self, request: &PageRequest) -> SecretText {
        let browser_id = self.browser_id.as_ref().unwrap_or_else(|| request.browser_id());
        form_key(browser_id, self.session.as_ref().or_else(|| request.session()))
    }

    /// Creates a redirect to another page, to be fetched by `GET`.
    pub(crate) fn redirect(request: &PageRequest, path: &str) -> Self {
        HttpResponse::SeeOther().insert_header((LOCATION, request.url(path))).finish().into()
    }

    /// Creates the response with an asset, which browsers may cache for a year.
    pub(crate) fn asset(asset: &Asset) -> Self {
        let mut response = HttpResponse::Ok();
        response.content_type(asset.media_type);
        response.insert_header((CACHE_CONTROL, FOREVER));
        response.insert_header(("Cross-Origin-Resource-Policy", "same-origin"));
        response.body(asset.bytes.clone()).into()
    }

    /// Creates the problem document that is sent if not even an error page can be made.
    pub(crate) fn without_a_page(error: ApiError) -> HttpResponse {
        Self::from(error.error_response()).with_error(error).http
    }

    /// Adds the error that the page shows, so that the middleware logs it.
    pub(crate) fn with_error(mut self, error: ApiError) -> Self {
        self.http.extensions_mut().insert(RenderedError(Rc::new(error)));
        self
    }

    /// Adds a message that the next page shows.
    pub(crate) fn with_flash(mut self, request: &PageRequest, flash: Flash) -> Self {
        self.cookies.push(Cookie::Flash.set(flash.as_str(), Some(60), &request.site));
        self
    }

    /// Adds state that the next pages of this session can read, and replaces older state.
    ///
    /// # Errors
    ///
    /// [`ApiError`] if there is no randomness to encrypt it.
    pub(crate) fn with_sealed_state(
        mut self,
        request: &PageRequest,
        state: &SealedState,
    ) -> Result<Self, ApiError> {
        let key = self.login_key(request);
        let sealed = state.seal(request.mfa(), &key, request.now()).map_err(FlowError::from)?;
        self.cookies.push(Cookie::SealedState.set(&sealed, Some(LASTS.as_secs()), &request.site));
        Ok(self)
    }

    /// Removes the state of earlier pages.
    pub(crate) fn clear_sealed_state(mut self, request: &PageRequest) -> Self {
        self.cookies.push(Cookie::SealedState.clear(&request.site));
        self
    }

    /// Stores a new token in the session cookie. Forms of older pages stop working.
    pub(crate) fn sign_in(self, request: &PageRequest, issued: &IssuedToken) -> Self {
        self.sign_in_with(request, &issued.token, issued.expires_in)
    }

    /// Stores a token that the login page handed over in the session cookie.
    pub(crate) fn sign_in_with(mut self, request: &PageRequest, token: &SecretText, seconds: u64) -> Self {
        // The cookie outlives the token, so that the next page can say that the session has ended.
        let lasts = seconds.saturating_add(SESSION_REMEMBERED);
        self.cookies.push(Cookie::Session.set(token.expose(), Some(lasts), &request.site));
        self.session = Some(token.clone());
        self
    }

    /// Gives the browser a new id, so that no form from before a login works after it. Call it before [`Self::sign_in`].
    ///
    /// # Errors
    ///
    /// [`ApiError`] if there is no randomness.
    pub(crate) fn renew_browser_id(mut self, request: &PageRequest) -> Result<Self, ApiError> {
        let entropy = request.flows().entropy().as_ref();
        let browser_id = new_browser_id(entropy).map_err(FlowError::from)?;
        self.cookies.push(Cookie::Browser.set(browser_id.expose(), None, &request.site));
        self.browser_id = Some(browser_id);
        Ok(self)
    }

    /// Removes session and state from the browser.
    pub(crate) fn sign_out(mut self, request: &PageRequest) -> Self {
        self.cookies.extend(
            [Cookie::Session, Cookie::SealedState, Cookie::RefusedForm, Cookie::InterruptedForm]
                .map(|it| it.clear(&request.site)),
        );
        self
    }

    /// Returns the HTTP response with all cookies. Of two cookies with one name, the later is sent.
    pub(crate) fn into_http(mut self, request: &PageRequest) -> HttpResponse {
        let cookies: Vec<_> = request.cookies().iter().chain(&self.cookies).collect();
        let name = |it: &str| it.split('=').next().map(str::to_owned);
        for (index, cookie) in cookies.iter().enumerate() {
            let later = cookies.iter().skip(index.saturating_add(1));
            if later.into_iter().any(|later| name(later) == name(cookie)) {
                continue;
            }
            if let Ok(value) = HeaderValue::from_str(cookie) {
                self.http.headers_mut().append(SET_COOKIE, value);
            }
        }
        self.http
    }
}

impl From<HttpResponse> for PageResponse {
    fn from(http: HttpResponse) -> Self {
        Self { http, cookies: Vec::new(), browser_id: None, session: None }
    }
}
