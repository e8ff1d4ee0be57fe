//! Request of a page: language, cookies, form and the checks that the form is ours, read once.

mod input;

use std::future::Future;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{HttpMessage as _, HttpRequest};
use mfa_core::{SecretText, Stage, Timestamp};
use mfa_flows::{AcceptedStages, Call, FlowError, Flows, Profile};
use mfa_http::i18n::Argument;
use mfa_http::problem::{ApiError, FieldErrorKind};
use mfa_http::request::{ApiRequest, CodeKind, UnparsedBody};
use mfa_http::{Language, RequestContext};
use mfa_infra::Mfa;

pub(crate) use self::input::without_spaces;
use self::input::{Fields, is_loopback, parse_fields, read_form, value};
use super::SiteConfig;
use super::cookies::{Cookie, YEAR};
use super::csrf::{self, form_key, is_same_origin, new_browser_id};
use super::error::PageError;
use super::flash::Flash;
use super::form_error::FormError;
use super::refused_form::{Notice, RefusedForm};
use super::region::Region;
use super::return_to::ReturnTo;
use super::sealed_state::SealedState;

/// The hidden field with the CSRF key.
pub(crate) const FORM_KEY: &str = "key";
/// Hidden fields that the pages read themselves. The others are for the flows.
const CONTROL_FIELDS: [&str; 3] = [FORM_KEY, "then", "sent"];

/// The request of a page. It is read once and does not change; what the answer changes is in
/// [`PageResponse`](super::response::PageResponse).
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the request of its own")]
pub(crate) struct PageRequest {
    pub(crate) site: Arc<SiteConfig>,
    mfa: Arc<Mfa>,
    api: ApiRequest,
    path: String,
    query: Fields,
    control: Fields,
    flash: Option<Flash>,
    sealed_state: Option<SealedState>,
    /// A refused form and one that a step-up interrupted, of this session.
    forms: [Option<RefusedForm>; 2],
    return_to: Option<ReturnTo>,
    browser_id: SecretText,
    session: Option<SecretText>,
    cookies: Vec<String>,
    is_loopback: bool,
    is_from_login_page: bool,
    is_form: bool,
    /// The browser sent no id of its own: it is new here, or keeps no cookies.
    is_new_browser: bool,
    region: Region,
}

impl PageRequest {
    /// Reads a request. The second part of the result is the reason why it must not reach its handler, if there is one.
    ///
    /// # Errors
    ///
    /// [`ApiError`] if not even an error page can be made: a defect, or no randomness for the id of a new browser.
    pub(crate) async fn read(
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<(Self, Result<(), PageError>), ApiError> {
        let mfa = request.app_data::<Data<Mfa>>().ok_or(ApiError::Bug("no Mfa in the application"))?;
        let site = request
            .app_data::<Data<SiteConfig>>()
            .ok_or(ApiError::Bug("no SiteConfig in the application"))?;
        let (mfa, site) = (Arc::clone(mfa), Arc::clone(site));
        let context = request.extensions().get::<RequestContext>().cloned();
        let mut context = context.ok_or(ApiError::Bug("no context in the request"))?;
        let headers = request.headers();
        let query = parse_fields(request.query_string().as_bytes());
        let mut cookies = Vec::new();
        if let Some(language) = value(&query, "lang").and_then(Language::from_tag) {
            cookies.push(Cookie::Language.set(language.tag(), Some(YEAR), &site));
            context.set_language(language);
        } else if let Some(tag) = Cookie::Language.read(headers, &site) {
            context.set_language(Language::from_tag(tag.expose()).unwrap_or(context.language));
        }
        let flash = Cookie::Flash.read(headers, &site);
        if flash.is_some() {
            cookies.push(Cookie::Flash.clear(&site));
        }
        let session = Cookie::Session.read(headers, &site);
        let known = Cookie::Browser.read(headers, &site);
        let is_new_browser = known.is_none();
        let browser_id = if let Some(browser_id) = known {
            browser_id
        } else {
            let browser_id = new_browser_id(mfa.flows().entropy().as_ref()).map_err(FlowError::from)?;
            cookies.push(Cookie::Browser.set(browser_id.expose(), None, &site));
            browser_id
        };
        let sealed_state = Cookie::SealedState.read(headers, &site).and_then(|sealed| {
            let key = form_key(&browser_id, session.as_ref());
            SealedState::unseal(&sealed, &mfa, &key, mfa.flows().now())
        });
        let path = request.path().to_owned();
        let is_form = request.method() == Method::POST;
        let below_base = path.strip_prefix(site.base()).unwrap_or_default();
        let forms = [Cookie::RefusedForm, Cookie::InterruptedForm].map(|cookie| {
            let sealed = cookie.read(headers, &site)?;
            let key = form_key(&browser_id, session.as_ref());
            let form = RefusedForm::unseal(&sealed, &mfa, &key, mfa.flows().now())?;
            // Its page shows it once.
            if request.method() == Method::GET && form.is_for(below_base) {
                cookies.push(cookie.clear(&site));
            }
            Some(form)
        });
        let return_to = Cookie::ReturnTo.read(headers, &site);
        let return_to = return_to.map(|it| ReturnTo::parse(Some(it.expose())));
        let (form, error) = match read_form(request, payload).await {
            Ok(fields) => (fields, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let (control, form): (Fields, Fields) =
            form.into_iter().partition(|(name, _)| CONTROL_FIELDS.contains(&name.as_str()));
        let page = Self {
            api: ApiRequest::for_page(Arc::clone(&mfa), context, session.clone(), form),
            is_loopback: is_loopback(request),
            is_form,
            is_new_browser,
            region: Region::negotiate(headers),
            is_from_login_page: site.handover_from().is_some_and(|origin| csrf::is_from(headers, origin)),
            path,
            flash: flash.and_then(|it| Flash::parse(it.expose())),
            sealed_state,
            forms,
            return_to,
            query,
            control,
            site,
            mfa,
            browser_id,
            session,
            cookies,
        };
        let admitted = match error {
            Some(error) => Err(error.into()),
            None => page.admit(request),
        };
        Ok((page, admitted))
    }

    fn admit(&self, request: &HttpRequest) -> Result<(), PageError> {
        if self.mfa.database().is_overloaded() {
            return Err(ApiError::Overloaded.into());
        }
        // The one form that another site sends has its own check: `require_handover`.
        let is_handover = self.path.strip_prefix(self.site.base()) == Some("/handover");
        if request.method() != Method::POST || is_handover {
            return Ok(());
        }
        let key = self.control_value(FORM_KEY).map(|it| SecretText::new(it.to_owned()));
        let is_ours = is_same_origin(request.headers(), self.site.public_origin());
        if is_ours && key == Some(self.form_key()) {
            return Ok(());
        }
        if !is_ours {
            return Err(PageError::NotOurForm);
        }
        // The browser sent back no cookie that the page with the form had set.
        if self.is_new_browser {
            return Err(PageError::NoCookies);
        }
        let below_base = self.path_below_base();
        let is_login = below_base == "/login";
        // The session of the form's page has ended meanwhile, and the browser has dropped its cookie.
        if !self.has_session() && !is_login {
            return Err(FlowError::TokenMissing.into());
        }
        // Another tab has logged in since: this one has nothing left to do.
        let is_part_of_a_login = is_login || below_base.starts_with("/verify/");
        Err(if self.has_session() && is_part_of_a_login {
            PageError::LoggedInElsewhere
        } else {
            PageError::NotOurForm
        })
    }

    /// Checks that the form comes from the login page at `MFA_LOGIN_URL`.
    pub(crate) const fn require_handover(&self) -> Result<(), PageError> {
        if self.is_from_login_page { Ok(()) } else { Err(PageError::NotOurForm) }
    }

    /// Returns the CSRF key for the forms of this page.
    pub(crate) fn form_key(&self) -> SecretText {
        form_key(&self.browser_id, self.session.as_ref())
    }

    /// Returns the random id of the browser.
    pub(crate) const fn browser_id(&self) -> &SecretText {
        &self.browser_id
    }

    /// Returns the token in the session cookie, valid or not.
    pub(crate) const fn session(&self) -> Option<&SecretText> {
        self.session.as_ref()
    }

    /// Returns the `Set-Cookie` values that reading the request requires: a chosen language, a new browser id, the
    /// end of a flash message.
    pub(crate) fn cookies(&self) -> &[String] {
        &self.cookies
    }

    /// Returns a text in the reader's language.
    pub(crate) fn translate(&self, name: &str) -> String {
        self.translate_with(name, &[])
    }

    /// Returns a text with these arguments.
    pub(crate) fn translate_with(&self, name: &str, arguments: &[(&str, Argument<'_>)]) -> String {
        self.context().translate(name, arguments).into_owned()
    }

    /// Returns the language of the page.
    pub(crate) const fn language(&self) -> Language {
        self.context().language
    }

    /// Returns the language tag for the format of times: the language of the page, with the region of the browser.
    pub(crate) const fn format_tag(&self) -> &'static str {
        match (self.language(), self.region) {
            (Language::French, _) => "fr",
            (Language::English, Region::UnitedStates) => "en-US",
            (Language::English, Region::Other) => "en-GB",
        }
    }

    /// Returns what the middleware found out about the request.
    pub(crate) const fn context(&self) -> &RequestContext {
        self.api.context()
    }

    /// Returns the use cases.
    pub(crate) fn flows(&self) -> &Arc<Flows> {
        self.mfa.flows()
    }

    /// Returns the service.
    pub(crate) fn mfa(&self) -> &Mfa {
        &self.mfa
    }

    /// Returns the product, for answers that outlive the request.
    pub(crate) const fn shared_mfa(&self) -> &Arc<Mfa> {
        &self.mfa
    }

    /// Returns the current time.
    pub(crate) fn now(&self) -> Timestamp {
        self.flows().now()
    }

    /// Returns the path of this page.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Returns the path of this page below the first page.
    pub(crate) fn path_below_base(&self) -> &str {
        self.path.strip_prefix(self.site.base()).unwrap_or_default()
    }

    /// Returns the URL of a path below the first page.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.site.base())
    }

    /// Returns the parameters of the query string.
    pub(crate) fn query_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().map(|(name, value)| (name.as_str(), value.expose()))
    }

    /// Returns a parameter of the query string that occurs once.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        value(&self.query, name)
    }

    /// Returns a hidden field that the pages read themselves.
    pub(crate) fn control_value(&self, name: &str) -> Option<&str> {
        value(&self.control, name)
    }

    /// Returns a form field as it was typed: in this form, or in a refused form that this page shows again.
    pub(crate) fn form_value(&self, name: &str) -> Option<&str> {
        if !self.is_form {
            return self.shown_form().and_then(|it| it.typed(name));
        }
        match self.api.body() {
            UnparsedBody::Form(fields) => value(fields, name),
            UnparsedBody::Raw(_) => None,
        }
    }

    /// Returns the fields of the form that are for the flows.
    pub(crate) fn form_fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = match self.api.body() {
            UnparsedBody::Form(fields) => fields.as_slice(),
            UnparsedBody::Raw(_) => &[],
        };
        fields.iter().map(|(name, value)| (name.as_str(), value.expose()))
    }

    /// Returns the error of a refused form that this page shows again.
    pub(crate) fn form_error(&self) -> Option<FormError> {
        self.shown_form().and_then(|it| it.error(self.now()))
    }

    /// Returns the error of a refused form that this page shows instead of its content.
    pub(crate) fn notice(&self) -> Option<Notice> {
        self.shown_form().and_then(|it| it.notice(self.now()))
    }

    fn shown_form(&self) -> Option<&RefusedForm> {
        let mut forms = self.forms.iter().flatten();
        forms.find(|it| !self.is_form && it.is_for(self.path_below_base()))
    }

    /// Returns a form that a step-up interrupted, for its page.
    pub(crate) fn interrupted_form(&self) -> Option<&RefusedForm> {
        let [_, interrupted] = &self.forms;
        interrupted.as_ref()
    }

    /// Returns the page that the reader wanted before the login.
    pub(crate) const fn return_to(&self) -> Option<&ReturnTo> {
        self.return_to.as_ref()
    }

    /// Returns the message that the previous page left.
    pub(crate) const fn flash(&self) -> Option<Flash> {
        self.flash
    }

    /// Returns the state that a previous page sealed for this browser and session.
    pub(crate) const fn sealed_state(&self) -> Option<&SealedState> {
        self.sealed_state.as_ref()
    }

    /// Returns true if there is a session cookie, valid or not.
    pub(crate) const fn has_session(&self) -> bool {
        self.session.is_some()
    }

    /// Returns true if a form was posted.
    pub(crate) const fn is_form(&self) -> bool {
        self.is_form
    }

    /// Returns true if the browser runs on this machine and no proxy is in between.
    pub(crate) const fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Returns the form, for a flow that needs no session.
    pub(crate) const fn form(&self) -> &UnparsedBody {
        self.api.body()
    }

    /// Verifies the token of the session.
    pub(crate) fn open(&self, accepts: AcceptedStages) -> Result<Call, ApiError> {
        self.open_token(self.session.as_ref().map(SecretText::expose), accepts)
    }

    /// Verifies a token that the login page handed over.
    pub(crate) fn open_token(&self, token: Option<&str>, accepts: AcceptedStages) -> Result<Call, ApiError> {
        Ok(self.flows().open(token, accepts, self.context().origin.clone())?)
    }

    /// Returns the seconds until the session ends, if it has not yet, and whether a verification prolongs it.
    pub(crate) fn session_left(&self) -> Option<(u64, bool)> {
        let token = self.session.as_ref()?;
        let token = self.flows().valid_token(token.expose())?;
        let left = token.expires_at.since(self.now()).as_secs();
        Some((left, matches!(token.stage, Stage::TwoFactors(_))))
    }

    /// Verifies the token of the session and returns the user's profile.
    pub(crate) async fn profile(&self, accepts: AcceptedStages) -> Result<Profile, ApiError> {
        let call = self.open(accepts)?;
        self.run(|flows| async move { flows.profile(&call).await }).await
    }

    /// Checks on a page with a form that its change will be accepted: the second factor is recent.
    ///
    /// # Errors
    ///
    /// [`FlowError::StepUpRequired`] before anything is typed, instead of after the form was sent.
    pub(crate) fn require_fresh(&self, profile: &Profile) -> Result<(), ApiError> {
        let token = self.open(AcceptedStages::Any)?.token;
        let (max_age, now) = (self.flows().policy().step_up_max_age, self.now());
        let is_fresh = token.auth_time.is_some_and(|at| now.since(at) <= max_age);
        match token.stage {
            Stage::TwoFactors(_) if profile.has_factor && !is_fresh => {
                Err(FlowError::StepUpRequired { max_age }.into())
            }
            _ => Ok(()),
        }
    }

    /// Runs a flow to completion, even if the browser disconnects.
    pub(crate) async fn run<T, E, F>(&self, flow: impl FnOnce(Arc<Flows>) -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<ApiError> + Send + 'static,
    {
        self.api.run(flow).await
    }

    /// Parses the form and runs a flow with it, after the rate limit by address.
    pub(crate) async fn rate_limited<B, T, F>(
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
        self.api.rate_limited(accepts, parse, flow).await
    }

    /// Runs a flow that verifies the code of the form, after the rate limit by address.
    pub(crate) async fn code_check<C, T, F>(
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
        let parse = |text: &str| parse(&without_spaces(text));
        self.api.code_check(accepts, parse, flow).await
    }
}
