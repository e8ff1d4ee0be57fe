use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::to_bytes;
use mfa_core::{CipherError, EntropyError, HashError, Lock, Origin, RateRule, StoreError, StoreErrorKind};
use mfa_infra::settings::RateSetting;
use mfa_jwt::IssueError;
use serde_json::{Value, json};

use super::*;
use crate::i18n::Translations;
use crate::language::Language;
use crate::request_context::RateLimitStatus;

fn rates() -> PublicRateLimits {
    let rate = |max| RateSetting { max, window: Duration::from_mins(1) };
    PublicRateLimits::from_rates(rate(10), rate(20))
}

fn answer(fault: &ApiError, language: Language) -> HttpResponse {
    let texts = Arc::new(Translations::load(&[]).unwrap());
    let caller = RequestContext {
        language,
        texts,
        request_id: "r1".into(),
        origin: Origin::default(),
        allowance: RateLimitStatus::default(),
    };
    respond(fault, &caller, rates())
}

fn header(fault: &ApiError, name: &str) -> Option<String> {
    let response = answer(fault, Language::English);
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

async fn document(fault: &ApiError, language: Language) -> Value {
    let body = to_bytes(answer(fault, language).into_body()).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

fn store(kind: StoreErrorKind) -> FlowError {
    StoreError::new(kind, "reading accounts").with_source("host=db password=hunter2").into()
}

fn refusals() -> Vec<(FlowError, u16, &'static str)> {
    let lock = Lock::UntilAdministrator;
    vec![
        (FlowError::TokenMissing, 401, "token_missing"),
        (FlowError::TokenInvalid, 401, "token_invalid"),
        (FlowError::TokenExpired, 401, "token_expired"),
        (FlowError::TokenSpent, 401, "token_spent"),
        (FlowError::TokenRevoked, 401, "token_revoked"),
        (FlowError::WrongStage, 403, "wrong_token_stage"),
        (FlowError::StepUpRequired { max_age: Duration::from_mins(10) }, 401, "step_up_required"),
        (FlowError::InvalidCode, 401, "invalid_code"),
        (FlowError::InvalidCredentials, 401, "invalid_credentials"),
        (FlowError::AccountLocked { lock, retry_after: None }, 403, "account_locked"),
        (FlowError::AccountDisabled, 403, "account_disabled"),
        (FlowError::NotEnrolled, 409, "not_enrolled"),
        (FlowError::NoEnrolmentInProgress, 409, "no_enrolment_in_progress"),
        (FlowError::FactorRequired, 409, "factor_required"),
        (FlowError::RateLimited { rule: RateRule::LoginPerUser, retry_after: 12 }, 429, "rate_limited"),
        (FlowError::InvalidLabel, 422, "invalid_field"),
        (FlowError::UserTaken, 422, "invalid_field"),
        (FlowError::NoSuchUser, 404, "not_found"),
        (FlowError::NotAllowed, 403, "not_allowed"),
        (FlowError::ClockSkew, 503, "clock_skew"),
        (store(StoreErrorKind::Unavailable), 503, "store_unavailable"),
        (store(StoreErrorKind::Overloaded), 503, "overloaded"),
        (store(StoreErrorKind::Unknown), 503, "store_unavailable"),
        (store(StoreErrorKind::FailedOver), 503, "store_unavailable"),
        (store(StoreErrorKind::DecisionPanicked), 500, "internal_error"),
        (store(StoreErrorKind::Corrupt), 500, "internal_error"),
        (CipherError::UnknownKey.into(), 503, "store_unavailable"),
        (HashError::Overloaded.into(), 503, "overloaded"),
        (HashError::Failed.into(), 500, "internal_error"),
        (EntropyError.into(), 503, "store_unavailable"),
        (IssueError::Entropy(EntropyError).into(), 503, "store_unavailable"),
        (IssueError::Signing.into(), 500, "internal_error"),
        (FlowError::Drawing, 500, "internal_error"),
    ]
}

#[actix_web::test]
async fn every_refusal_has_its_status_and_code_and_shows_nothing_of_the_inside() {
    for (refusal, status, code) in refusals() {
        let fault = ApiError::from(refusal);
        let document = document(&fault, Language::French).await;
        assert_eq!((&document["status"], &document["code"]), (&json!(status), &json!(code)));
        assert_eq!(document["type"], format!("urn:nova-mfa:problem:{code}"));
        assert_eq!(document["request_id"], "r1");
        assert!(!document.to_string().contains("hunter2") && !document.to_string().contains("accounts"));
        assert_eq!(answer(&fault, Language::French).status(), status);
    }
}

#[actix_web::test]
async fn an_unknown_outcome_asks_for_the_next_code() {
    for kind in [StoreErrorKind::Unknown, StoreErrorKind::FailedOver] {
        let error = ApiError::from(store(kind));
        let detail = document(&error, Language::English).await["detail"].to_string();
        assert!(detail.contains("may have been used: try again with the next one"), "{detail}");
    }
}

#[actix_web::test]
async fn the_language_of_the_text_is_named() {
    for (language, tag, title) in
        [(Language::French, "fr", "Code non valide"), (Language::English, "en", "Invalid code")]
    {
        let fault = ApiError::from(FlowError::InvalidCode);
        let response = answer(&fault, language);
        assert_eq!(response.headers().get("content-language").unwrap(), tag);
        assert_eq!(response.headers().get("vary").unwrap(), "Accept-Language");
        assert_eq!(response.headers().get("content-type").unwrap(), "application/problem+json");
        assert_eq!(document(&fault, language).await["title"], title);
    }
}

#[actix_web::test]
async fn who_may_come_back_is_told_when() {
    let locked = |retry_after| {
        ApiError::from(FlowError::AccountLocked { lock: Lock::UntilAdministrator, retry_after })
    };
    assert_eq!(header(&locked(Some(900)), "retry-after").as_deref(), Some("900"));
    assert_eq!(document(&locked(Some(900)), Language::French).await["retry_after"], 900);
    assert_eq!(header(&locked(None), "retry-after"), None);
    assert_eq!(document(&locked(None), Language::French).await.get("retry_after"), None);
    for (refusal, status, _) in refusals() {
        let told = header(&ApiError::from(refusal), "retry-after").is_some();
        assert_eq!(told, matches!(status, 429 | 503), "{status}");
    }
    assert_eq!(header(&ApiError::Overloaded, "retry-after").as_deref(), Some("1"));
    assert_eq!(header(&ApiError::Stopping, "retry-after").as_deref(), Some("1"));
}

#[test]
fn every_401_has_a_challenge_and_a_step_up_says_what_it_takes() {
    for (refusal, status, _) in refusals() {
        let fault = ApiError::from(refusal);
        assert_eq!(header(&fault, "www-authenticate").is_some(), status == 401);
    }
    assert_eq!(header(&FlowError::TokenExpired.into(), "www-authenticate").as_deref(), Some("Bearer"));
    assert_eq!(
        header(&FlowError::StepUpRequired { max_age: Duration::from_mins(10) }.into(), "www-authenticate")
            .as_deref(),
        Some(r#"Bearer error="insufficient_user_authentication", acr_values="aal2", max_age="600""#)
    );
}

#[test]
fn a_limit_is_told_where_it_names_no_user() {
    let limited = |rule| ApiError::from(FlowError::RateLimited { rule, retry_after: 6 });
    let by_ip = limited(RateRule::CodeCheckPerIp);
    assert_eq!(header(&by_ip, "ratelimit-policy").as_deref(), Some(r#""code-ip";q=10;w=60"#));
    assert_eq!(header(&by_ip, "ratelimit").as_deref(), Some(r#""code-ip";r=0;t=6"#));
    assert_eq!(
        header(&limited(RateRule::LoginPerIp), "ratelimit-policy").as_deref(),
        Some(r#""login-ip";q=20;w=60"#)
    );
    for (rule, policy) in [
        (RateRule::RegeneratePerUser, r#""regenerate-user";q=10;w=60"#),
        (RateRule::EnrolPerUser, r#""enrol-user";q=10;w=60"#),
        (RateRule::BackupPerUser, r#""backup-user";q=10;w=60"#),
        (RateRule::ChangePerAdmin, r#""change-admin";q=60;w=60"#),
    ] {
        assert_eq!(header(&limited(rule), "ratelimit-policy").as_deref(), Some(policy));
        assert_eq!(header(&limited(rule), "retry-after").as_deref(), Some("6"));
    }
    for rule in [RateRule::LoginPerUser, RateRule::LoginPerName, RateRule::RecoveryPerUser] {
        assert_eq!(header(&limited(rule), "ratelimit-policy"), None);
        assert_eq!(header(&limited(rule), "retry-after").as_deref(), Some("6"));
    }
}

#[actix_web::test]
async fn fields_are_named_with_what_is_wrong_in_the_callers_language() {
    let fault =
        ApiError::Fields(vec![FieldError { field: "code".into(), error: FieldErrorKind::NotSixDigits }]);
    assert_eq!(
        document(&fault, Language::English).await["errors"],
        json!([{ "field": "code", "message": "The code must have 6 digits." }])
    );
    assert_eq!(
        document(&FlowError::InvalidLabel.into(), Language::French).await["errors"][0]["field"],
        "label"
    );
    assert_eq!(document(&ApiError::Malformed, Language::French).await.get("errors"), None);
}

#[test]
fn a_method_that_is_refused_comes_with_those_that_are_not() {
    assert_eq!(
        header(&ApiError::MethodNotAllowed { allow: "GET, HEAD" }, "allow").as_deref(),
        Some("GET, HEAD")
    );
}

#[test]
fn the_reference_lists_every_code_with_its_status_and_no_other() {
    let reference = include_str!("../../../../docs/reference.md");
    let (_, section) = reference.split_once("\n## Errors\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let listed: BTreeSet<_> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(code, rest)| (code.to_owned(), rest.chars().take_while(char::is_ascii_digit).collect()))
        .collect();
    let kinds = ProblemKind::ALL.iter().map(|it| (it.code().to_owned(), it.status().as_u16().to_string()));
    assert_eq!(listed, kinds.collect::<BTreeSet<(String, String)>>());
}
