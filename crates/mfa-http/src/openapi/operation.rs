//! Builder of one operation: input, responses and errors.

use std::collections::BTreeSet;

use mfa_flows::AcceptedStages;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Object, Ref, RefOr, Required, Response, ResponseBuilder, path};

use super::{headers, problems, security};
use crate::problem::{FieldError, FieldErrorKind, ProblemKind};
use crate::request_context::RequestContext;

/// Tag of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiTag {
    /// Endpoints of the second factor.
    Mfa,
    /// Passkeys, and the list of all authenticators.
    Authenticators,
    /// Sessions of the user.
    Sessions,
    /// Login with the first factor.
    Auth,
    /// Endpoints for administrators.
    Admin,
    /// Health, metadata, token introspection and webhooks.
    System,
}

impl ApiTag {
    pub(super) const ALL: [Self; 6] =
        [Self::Mfa, Self::Authenticators, Self::Sessions, Self::Auth, Self::Admin, Self::System];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mfa => "MFA/2FA",
            Self::Authenticators => "Authenticators",
            Self::Sessions => "Sessions",
            Self::Auth => "Auth",
            Self::Admin => "MFA Admin",
            Self::System => "System",
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Mfa => "Enrol, verify and manage second factors.",
            Self::Authenticators => {
                "Register and verify passkeys; verify an access pass; list, rename and remove authenticators."
            }
            Self::Sessions => "List and revoke the sessions of the user.",
            Self::Auth => "Log in with the first factor. For deployments without a login of their own.",
            Self::Admin => {
                "Manage users and read statistics. Requires a two-factor access token of a superuser; every request is audited."
            }
            Self::System => {
                "Check health, read metadata and metrics, introspect tokens, and receive delivery reports."
            }
        }
    }
}

/// Description of one operation in the OpenAPI document.
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
    responses: Vec<(u16, Response)>,
    response_headers: Vec<&'static str>,
    limit_headers: Vec<&'static str>,
    problems: BTreeSet<ProblemKind>,
    wrong_field: FieldError,
    schemas: Vec<(String, RefOr<Schema>)>,
}

/// Operation with the schemas that it refers to.
pub(super) struct OperationParts {
    pub(super) operation: path::Operation,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl Operation {
    /// Creates an operation without input. The summary starts with a verb in the imperative and has no full stop.
    pub(crate) fn new(
        id: &'static str,
        tag: ApiTag,
        summary: &'static str,
        description: &'static str,
    ) -> Self {
        let problems = [
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
            responses: Vec::new(),
            response_headers: vec!["X-Request-Id"],
            limit_headers: Vec::new(),
            problems: BTreeSet::from(problems),
            wrong_field: FieldError { field: "unknown".to_owned(), error: FieldErrorKind::Unknown },
            schemas: Vec::new(),
        }
    }

    /// Requires a token of one of these stages. The token is checked against the account.
    pub(crate) fn token(mut self, accepts: AcceptedStages) -> Self {
        self.security = security::tokens(accepts);
        if accepts != AcceptedStages::Any {
            self = self.problems([ProblemKind::WrongTokenStage]);
        }
        self.problems([
            ProblemKind::TokenMissing,
            ProblemKind::TokenInvalid,
            ProblemKind::TokenExpired,
            ProblemKind::TokenSpent,
            ProblemKind::TokenRevoked,
            ProblemKind::AccountDisabled,
        ])
        .uses_database()
    }

    /// Requires a two-factor token of a user who is still a superuser and whose account is not locked.
    pub(crate) fn superuser(self) -> Self {
        self.token(AcceptedStages::TwoFactors).problems([
            ProblemKind::NotAllowed,
            ProblemKind::PhishingResistantRequired,
            ProblemKind::AccountLocked,
        ])
    }

    /// Requires the key of `INTROSPECTION_KEY`.
    pub(crate) fn introspection_key(mut self) -> Self {
        self.security = security::introspection();
        self.problems([ProblemKind::TokenMissing, ProblemKind::TokenInvalid]).uses_database()
    }

    /// Enrols a factor. Accepts every token stage; whether the user may enrol depends on the account.
    pub(crate) fn enrols(self) -> Self {
        self.token(AcceptedStages::Any).changes_factor()
    }

    /// Changes a factor. Rejected while the account is locked, and without a recent verification (step-up).
    pub(crate) fn changes_factor(self) -> Self {
        self.problems([ProblemKind::WrongTokenStage, ProblemKind::AccountLocked, ProblemKind::StepUpRequired])
    }

    /// Verifies a code: with the rate limit per IP address, and only while the clock is reliable.
    pub(crate) fn verifies_code(self) -> Self {
        self.rate_limited_by_address().problems([
            ProblemKind::InvalidCode,
            ProblemKind::AccountLocked,
            ProblemKind::ClockSkew,
        ])
    }

    /// Sends an SMS, if account, policy, budgets and providers permit it.
    pub(crate) fn sends_sms(self) -> Self {
        self.problems([
            ProblemKind::AccountLocked,
            ProblemKind::ClockSkew,
            ProblemKind::MethodNotAvailable,
            ProblemKind::PhoneRefused,
            ProblemKind::PhishingResistantRequired,
            ProblemKind::SmsBudgetSpent,
            ProblemKind::SmsUnavailable,
        ])
    }

    /// Counts each request against the rate limit of its IP address.
    pub(crate) fn rate_limited_by_address(mut self) -> Self {
        self.limit_headers = vec!["RateLimit-Policy", "RateLimit"];
        self.problems([ProblemKind::RateLimited])
    }

    /// Counts each accepted change against a rate limit of its user or administrator.
    pub(crate) fn rate_limited_by_user(self) -> Self {
        self.problems([ProblemKind::RateLimited])
    }

    /// Adds `Content-Language`: the response has texts in the language of the request.
    pub(crate) fn localized(mut self) -> Self {
        self.response_headers.push("Content-Language");
        self
    }

    /// Adds the errors of endpoints that use the database.
    pub(crate) fn uses_database(self) -> Self {
        self.problems([
            ProblemKind::StoreUnavailable,
            ProblemKind::StoreOutcomeUnknown,
            ProblemKind::Overloaded,
        ])
    }

    /// Adds possible errors.
    pub(crate) fn problems(mut self, kinds: impl IntoIterator<Item = ProblemKind>) -> Self {
        self.problems.extend(kinds);
        self
    }

    /// Adds a path or query parameter.
    pub(crate) fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Declares that there is no request body. If one is sent, it must be an empty JSON object.
    pub(crate) fn no_body(self) -> Self {
        self.problems([ProblemKind::UnsupportedMediaType, ProblemKind::InvalidField])
    }

    /// Requires a JSON body of the type `T`. `invalid` is the field error that the example of a 422 response shows.
    pub(crate) fn body<T: ToSchema>(self, example: Value, invalid: (&str, FieldErrorKind)) -> Self {
        self.json::<T>(example, Required::True, invalid)
    }

    /// Accepts an optional JSON body of the type `T`: see [`body`](Self::body).
    pub(crate) fn optional_body<T: ToSchema>(self, example: Value, invalid: (&str, FieldErrorKind)) -> Self {
        self.json::<T>(example, Required::False, invalid)
    }

    fn json<T: ToSchema>(
        mut self,
        example: Value,
        required: Required,
        invalid: (&str, FieldErrorKind),
    ) -> Self {
        self.wrong_field = FieldError { field: invalid.0.to_owned(), error: invalid.1 };
        self.no_body().content::<T>("application/json", example, required)
    }

    /// Accepts a URL-encoded form of the type `T`, with further fields allowed.
    pub(crate) fn form<T: ToSchema>(self, example: Value) -> Self {
        self.problems([ProblemKind::UnsupportedMediaType]).content::<T>(
            "application/x-www-form-urlencoded",
            example,
            Required::True,
        )
    }

    fn content<T: ToSchema>(mut self, media_type: &str, example: Value, required: Required) -> Self {
        let schema = self.component::<T>();
        let content = ContentBuilder::new().schema(Some(schema)).example(Some(example)).build();
        let body = RequestBodyBuilder::new().content(media_type, content).required(Some(required));
        self.body = Some(body.build());
        self
    }

    /// Adds the response 200 with a JSON document of the type `T`.
    pub(crate) fn responds<T: ToSchema>(self, description: &str, example: Value) -> Self {
        self.responds_with::<T>(200, description, vec![("example", example)])
    }

    /// Adds a response with a JSON document of the type `T` and these examples.
    pub(crate) fn responds_with<T: ToSchema>(
        mut self,
        status: u16,
        description: &str,
        examples: Vec<(&str, Value)>,
    ) -> Self {
        let schema = self.component::<T>();
        let examples = examples
            .into_iter()
            .map(|(name, value)| (name, ExampleBuilder::new().value(Some(value)).build()));
        let content = ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples).build();
        let response = ResponseBuilder::new().description(description).content("application/json", content);
        self.responses.push((status, response.build()));
        self
    }

    /// Adds the schema of `T` to the components and returns a reference to it: generated clients take their names of
    /// types from the components.
    fn component<T: ToSchema>(&mut self) -> Ref {
        let name = T::name();
        self.schemas.push((name.to_string(), T::schema()));
        T::schemas(&mut self.schemas);
        Ref::from_schema_name(name)
    }

    /// Adds the response 200 with another media type, or with a JSON document of a standard.
    pub(crate) fn responds_with_media(mut self, description: &str, media_type: &str, schema: Object) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        self.responses.push((
            200,
            ResponseBuilder::new().description(description).content(media_type, content).build(),
        ));
        self
    }

    /// Adds CSV to the response 200, for a client that prefers it.
    pub(crate) fn or_csv(mut self, example: &str) -> Self {
        let schema = ObjectBuilder::new().schema_type(Type::String).build();
        let content = ContentBuilder::new().schema(Some(schema)).example(Some(json!(example))).build();
        if let Some((_, response)) = self.responses.iter_mut().find(|(status, _)| *status == 200) {
            response.content.insert("text/csv".to_owned(), RefOr::T(content));
        }
        self
    }

    /// Adds the response 204.
    pub(crate) fn responds_without_content(mut self, description: &str) -> Self {
        self.responses.push((204, Response::new(description)));
        self
    }

    /// Builds the operation for its path. Examples are in the language of `reader`.
    pub(super) fn describe(self, path: &str, reader: &RequestContext) -> OperationParts {
        let mut problems = self.problems;
        if path.starts_with("/api/") {
            problems.insert(ProblemKind::Overloaded);
        }
        let mut responses = OperationBuilder::new();
        for (status, response) in self.responses {
            let response =
                headers::with(response.into(), &[&self.response_headers[..], &self.limit_headers].concat())
                    .build();
            responses = responses.response(status.to_string(), response);
        }
        for (status, response) in
            problems::responses(&problems, &self.wrong_field, &self.limit_headers, reader)
        {
            responses = responses.response(status.to_string(), response);
        }
        let parameters = (!self.parameters.is_empty()).then_some(self.parameters);
        let operation = responses
            .operation_id(Some(self.id))
            .tag(self.tag.name())
            .summary(Some(self.summary))
            .description(Some(self.description))
            // An empty list states that the operation is public.
            .securities(Some(self.security))
            .parameters(parameters)
            .request_body(self.body)
            .build();
        OperationParts { operation, schemas: self.schemas }
    }
}

/// Returns a path parameter.
pub(crate) fn path_parameter(
    name: &str,
    description: &str,
    schema: Object,
    example: impl Into<Value>,
) -> Parameter {
    parameter(name, ParameterIn::Path, description, schema)
        .required(Required::True)
        .example(Some(example.into()))
        .build()
}

/// Returns an optional query parameter.
pub(crate) fn query_parameter(name: &str, description: &str, schema: Object) -> Parameter {
    parameter(name, ParameterIn::Query, description, schema).required(Required::False).build()
}

fn parameter(name: &str, place: ParameterIn, description: &str, schema: Object) -> ParameterBuilder {
    ParameterBuilder::new().name(name).parameter_in(place).description(Some(description)).schema(Some(schema))
}
