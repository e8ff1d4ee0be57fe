//! What a call must present: a bearer token of the right stage, or a key.

use mfa_flows::AcceptedStages;
use utoipa::openapi::schema::ComponentsBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};

const PENDING: &str = "pending";
const ONE_FACTOR: &str = "one_factor";
const TWO_FACTORS: &str = "two_factors";
const INTROSPECTION: &str = "introspection_key";

const SCHEMES: [(&str, &str, Option<&str>); 4] = [
    (
        PENDING,
        "A pending token: the first factor has passed, the second one is owed. 300 seconds; spent by what \
         it buys.",
        Some("JWT"),
    ),
    (ONE_FACTOR, "An access token of one factor (`mfa_ok: false`, `acr: aal1`).", Some("JWT")),
    (TWO_FACTORS, "An access token of two factors (`mfa_ok: true`, `acr: aal2`).", Some("JWT")),
    (INTROSPECTION, "The key of the setting `INTROSPECTION_KEY`, for backends.", None),
];

/// Adds the schemes to the components.
pub(super) fn components(components: ComponentsBuilder) -> ComponentsBuilder {
    SCHEMES.into_iter().fold(components, |components, (name, says, format)| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(says));
        let scheme = match format {
            Some(format) => scheme.bearer_format(format),
            None => scheme,
        };
        components.security_scheme(name, SecurityScheme::Http(scheme.build()))
    })
}

/// Any one of the tokens that a call accepts.
pub(super) fn tokens(accepts: AcceptedStages) -> Vec<SecurityRequirement> {
    let names: &[&str] = match accepts {
        AcceptedStages::Any => &[PENDING, ONE_FACTOR, TWO_FACTORS],
        AcceptedStages::Access => &[ONE_FACTOR, TWO_FACTORS],
        AcceptedStages::Pending => &[PENDING],
        AcceptedStages::SecondFactor => &[PENDING, TWO_FACTORS],
        AcceptedStages::TwoFactors => &[TWO_FACTORS],
    };
    names.iter().copied().map(requirement).collect()
}

/// The key of whoever may ask about tokens.
pub(super) fn introspection() -> Vec<SecurityRequirement> {
    vec![requirement(INTROSPECTION)]
}

fn requirement(name: &str) -> SecurityRequirement {
    SecurityRequirement::new(name, Vec::<String>::new())
}
