//! Security schemes: bearer tokens by stage, and the introspection key.

use mfa_flows::AcceptedStages;
use utoipa::openapi::schema::ComponentsBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};

const PENDING: &str = "pending";
const ENROLMENT: &str = "enrolment";
const ONE_FACTOR: &str = "one_factor";
const TWO_FACTORS: &str = "two_factors";
const INTROSPECTION: &str = "introspection_key";

const SCHEMES: [(&str, &str, Option<&str>); 5] = [
    (
        PENDING,
        "Pending token: the first factor is verified, the second one is not. Valid for 300 seconds, and \
         for one exchange for an access token.",
        Some("JWT"),
    ),
    (
        ENROLMENT,
        "Enrolment token: a pending token with the claim `enrolment_only: true`, for a user who must register a passkey \
         first. Valid for 900 seconds, and for one enrolment.",
        Some("JWT"),
    ),
    (ONE_FACTOR, "Access token of a login with one factor (`mfa_ok: false`, `acr: aal1`).", Some("JWT")),
    (TWO_FACTORS, "Access token of a login with two factors (`mfa_ok: true`, `acr: aal2`).", Some("JWT")),
    (INTROSPECTION, "Key of the setting `INTROSPECTION_KEY`, for backends.", None),
];

/// Adds the security schemes to the components.
pub(super) fn components(components: ComponentsBuilder) -> ComponentsBuilder {
    SCHEMES.into_iter().fold(components, |components, (name, description, format)| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description));
        let scheme = match format {
            Some(format) => scheme.bearer_format(format),
            None => scheme,
        };
        components.security_scheme(name, SecurityScheme::Http(scheme.build()))
    })
}

/// Returns the schemes of the token stages that an endpoint accepts.
pub(super) fn tokens(accepts: AcceptedStages) -> Vec<SecurityRequirement> {
    let names: &[&str] = match accepts {
        AcceptedStages::Any => &[PENDING, ENROLMENT, ONE_FACTOR, TWO_FACTORS],
        AcceptedStages::Access => &[ONE_FACTOR, TWO_FACTORS],
        AcceptedStages::AccessOrEnrolment => &[ENROLMENT, ONE_FACTOR, TWO_FACTORS],
        AcceptedStages::Pending => &[PENDING],
        AcceptedStages::SecondFactor => &[PENDING, TWO_FACTORS],
        AcceptedStages::TwoFactors => &[TWO_FACTORS],
    };
    names.iter().copied().map(requirement).collect()
}

/// Returns the scheme of token introspection.
pub(super) fn introspection() -> Vec<SecurityRequirement> {
    vec![requirement(INTROSPECTION)]
}

fn requirement(name: &str) -> SecurityRequirement {
    SecurityRequirement::new(name, Vec::<String>::new())
}
