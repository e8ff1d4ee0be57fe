//! One operation: what is sent, what comes back, what may go wrong.

use std::collections::BTreeSet;

use mfa_flows::AcceptedStages;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Object, Ref, RefOr, Required, Response, ResponseBuilder, path};

use super::{headers, problems, security};
use crate::problem::{FieldError, FieldErrorKind, ProblemKind};
use crate::request_context::RequestContext;

/// What an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiTag {
    /// The seventeen endpoints of the second factor.
    Mfa,
    /// The first factor.
    Auth,
    /// For administrators.
    Admin,
    /// The server itself.
    System,
}

impl ApiTag {
    pub(super) const ALL: [Self; 4] = [Self::Mfa, Self::Auth, Self::Admin, Self::System];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mfa => "MFA/2FA",
            Self::Auth => "Auth",
            Self::Admin => "MFA Admin",
            Self::System => "System",
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Mfa => "The second factor: enrolling it, showing it, changing it.",
            Self::Auth => "The first factor, for a server that runs on its own.",
            Self::Admin => {
                "For administrators: a two-factor access token of a superuser. Every call is audited."
            }
            Self::System => {
                "The server itself: health, documents, what backends and providers ask and report."
            }
        }
    }
}

/// What there is to know of one operation.
#[must_use]
#[derive(Clone)]
pub(crate) struct Operation {
    id: &'static str,
    tag: ApiTag,
    summary: &'static str,
    description: &'static str,
    security: Vec<SecurityRequirement>,
    parameters: Vec<Parameter>,
    body: Option<RequestBody>,
    answers: Vec<(u16, Response)>,
    answer_headers: Vec<&'static str>,
    limit_headers: Vec<&'static str>,
    refusals: BTreeSet<ProblemKind>,
    wrong_field: FieldError,
    schemas: Vec<(String, RefOr<Schema>)>,
}

pub(super) struct OperationParts {
    pub(super) operation: path::Operation,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl Operation {
    /// An operation that reads nothing of its request but its size.
    pub(crate) fn new(
        id: &'static str,
        tag: ApiTag,
        summary: &'static str,
        description: &'static str,
    ) -> Self {
        let refusals = [
            ProblemKind::MalformedRequest,
            ProblemKind::BodyTooSlow,
            ProblemKind::TooLarge,
            ProblemKind::InternalError,
        ];
        Self {
            id,
            tag,
            summary,
            description,
            security: Vec::new(),
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            answer_headers: vec!["X-Request-Id"],
            limit_headers: Vec::new(),
            refusals: BTreeSet::from(refusals),
            wrong_field: FieldError { field: "unknown".to_owned(), error: FieldErrorKind::Unknown },
            schemas: Vec::new(),
        }
    }

    /// It takes one of these tokens, and asks the account whether it still holds.
    pub(crate) fn token(mut self, accepts: AcceptedStages) -> Self {
        self.security = security::tokens(accepts);
        if accepts != AcceptedStages::Any {
            self = self.refuses([ProblemKind::WrongTokenStage]);
        }
        self.refuses([
            ProblemKind::TokenMissing,
            ProblemKind::TokenInvalid,
            ProblemKind::TokenExpired,
            ProblemKind::TokenSpent,
            ProblemKind::TokenRevoked,
            ProblemKind::AccountDisabled,
        ])
        .stored()
    }

    /// It takes a two-factor token of a superuser, whose row must say so still and whose account must not be locked.
    pub(crate) fn superuser(self) -> Self {
        self.token(AcceptedStages::TwoFactors).refuses([ProblemKind::NotAllowed, ProblemKind::AccountLocked])
    }

    /// It takes the key of `INTROSPECTION_KEY`.
    pub(crate) fn introspection_key(mut self) -> Self {
        self.security = security::introspection();
        self.refuses([ProblemKind::TokenMissing, ProblemKind::TokenInvalid]).stored()
    }

    /// It takes any stage of token, and the account says whether its user may enrol with it.
    pub(crate) fn enrols(self) -> Self {
        self.token(AcceptedStages::Any).changes()
    }

    /// It changes what protects an account: not while that is locked, and not long after the second factor was shown.
    pub(crate) fn changes(self) -> Self {
        self.refuses([ProblemKind::WrongTokenStage, ProblemKind::AccountLocked, ProblemKind::StepUpRequired])
    }

    /// It checks a code: by the limit on client addresses, and only on a clock that can be relied on.
    pub(crate) fn checks_code(self) -> Self {
        self.limited_by_address().refuses([
            ProblemKind::InvalidCode,
            ProblemKind::AccountLocked,
            ProblemKind::ClockSkew,
        ])
    }

    /// It sends an SMS, as far as accounts, policy, budgets and providers go along.
    pub(crate) fn sends_sms(self) -> Self {
        self.refuses([
            ProblemKind::AccountLocked,
            ProblemKind::ClockSkew,
            ProblemKind::MethodNotAvailable,
            ProblemKind::PhoneRefused,
            ProblemKind::SmsBudgetSpent,
            ProblemKind::SmsUnavailable,
        ])
    }

    /// Each call takes one try of its client address.
    pub(crate) fn limited_by_address(mut self) -> Self {
        self.limit_headers = vec!["RateLimit-Policy", "RateLimit"];
        self.refuses([ProblemKind::RateLimited])
    }

    /// The answer has texts in the caller's language.
    pub(crate) fn tells_language(mut self) -> Self {
        self.answer_headers.push("Content-Language");
        self
    }

    /// It asks the database, or waits for what may be overloaded.
    pub(crate) fn stored(self) -> Self {
        self.refuses([
            ProblemKind::StoreUnavailable,
            ProblemKind::StoreOutcomeUnknown,
            ProblemKind::Overloaded,
        ])
    }

    /// It may end in these problems as well.
    pub(crate) fn refuses(mut self, kinds: impl IntoIterator<Item = ProblemKind>) -> Self {
        self.refusals.extend(kinds);
        self
    }

    /// It takes a parameter of its path or query.
    pub(crate) fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// It takes no body. One that is sent nevertheless must be an empty JSON object.
    pub(crate) fn nothing(self) -> Self {
        self.refuses([ProblemKind::UnsupportedMediaType, ProblemKind::InvalidField])
    }

    /// It takes a JSON object of this form. The field is the one that the example of a refusal is about.
    pub(crate) fn body(self, form: Object, example: Value, wrong: (&str, FieldErrorKind)) -> Self {
        self.json(form, example, Required::True, wrong)
    }

    /// The same where the body may be left out.
    pub(crate) fn optional_body(self, form: Object, example: Value, wrong: (&str, FieldErrorKind)) -> Self {
        self.json(form, example, Required::False, wrong)
    }

    fn json(
        mut self,
        form: Object,
        example: Value,
        required: Required,
        wrong: (&str, FieldErrorKind),
    ) -> Self {
        self.wrong_field = FieldError { field: wrong.0.to_owned(), error: wrong.1 };
        self.nothing().content("application/json", form, example, required)
    }

    /// It takes a form of these fields, or takes one as well.
    pub(crate) fn form(self, form: Object, example: Value) -> Self {
        self.refuses([ProblemKind::UnsupportedMediaType]).content(
            "application/x-www-form-urlencoded",
            form,
            example,
            Required::True,
        )
    }

    fn content(mut self, media_type: &str, form: Object, example: Value, required: Required) -> Self {
        let content = ContentBuilder::new().schema(Some(form)).example(Some(example)).build();
        let body = self.body.map_or_else(RequestBodyBuilder::new, RequestBodyBuilder::from);
        self.body = Some(body.content(media_type, content).required(Some(required)).build());
        self
    }

    /// It answers 200 with this document.
    pub(crate) fn answers<T: ToSchema>(self, description: &str, example: Value) -> Self {
        self.answers_with::<T>(200, description, vec![("example", example)])
    }

    /// It answers with this status and document, of which there are these examples.
    pub(crate) fn answers_with<T: ToSchema>(
        mut self,
        status: u16,
        description: &str,
        examples: Vec<(&str, Value)>,
    ) -> Self {
        let name = T::name();
        self.schemas.push((name.to_string(), T::schema()));
        T::schemas(&mut self.schemas);
        let examples = examples
            .into_iter()
            .map(|(name, value)| (name, ExampleBuilder::new().value(Some(value)).build()));
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(name)))
            .examples_from_iter(examples)
            .build();
        let response = ResponseBuilder::new().description(description).content("application/json", content);
        self.answers.push((status, response.build()));
        self
    }

    /// It answers 200 with something that is no document of ours.
    pub(crate) fn answers_media(mut self, description: &str, media_type: &str, form: Object) -> Self {
        let content = ContentBuilder::new().schema(Some(form)).build();
        self.answers.push((
            200,
            ResponseBuilder::new().description(description).content(media_type, content).build(),
        ));
        self
    }

    /// It answers 204, without a word.
    pub(crate) fn answers_nothing(mut self, description: &str) -> Self {
        self.answers.push((204, Response::new(description)));
        self
    }

    pub(super) fn describe(self, path: &str, reader: &RequestContext) -> OperationParts {
        let mut refusals = self.refusals;
        if path.starts_with("/api/") {
            refusals.insert(ProblemKind::Overloaded);
        }
        let mut responses = OperationBuilder::new();
        for (status, response) in self.answers {
            let response =
                headers::with(response.into(), &[&self.answer_headers[..], &self.limit_headers].concat())
                    .build();
            responses = responses.response(status.to_string(), response);
        }
        for (status, response) in
            problems::responses(&refusals, &self.wrong_field, &self.limit_headers, reader)
        {
            responses = responses.response(status.to_string(), response);
        }
        let parameters = (!self.parameters.is_empty()).then_some(self.parameters);
        let operation = responses
            .operation_id(Some(self.id))
            .tag(self.tag.name())
            .summary(Some(self.summary))
            .description(Some(self.description))
            .securities((!self.security.is_empty()).then_some(self.security))
            .parameters(parameters)
            .request_body(self.body)
            .build();
        OperationParts { operation, schemas: self.schemas }
    }
}

/// A part of the path.
pub(crate) fn path_parameter(
    name: &str,
    description: &str,
    form: Object,
    example: impl Into<Value>,
) -> Parameter {
    parameter(name, ParameterIn::Path, description, form)
        .required(Required::True)
        .example(Some(example.into()))
        .build()
}

/// A part of the query, which may be left out.
pub(crate) fn query_parameter(name: &str, description: &str, form: Object) -> Parameter {
    parameter(name, ParameterIn::Query, description, form).required(Required::False).build()
}

fn parameter(name: &str, place: ParameterIn, description: &str, form: Object) -> ParameterBuilder {
    ParameterBuilder::new().name(name).parameter_in(place).description(Some(description)).schema(Some(form))
}
