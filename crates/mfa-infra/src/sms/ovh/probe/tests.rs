use mfa_core::testing::ManualClock;
use mfa_core::{SecretText, Timestamp};
use tokio::runtime::Runtime;

use super::*;
use crate::sms::fake_network::{FakeNetwork, LIMITS, PATIENT, ScriptedReply};

const NOW: i64 = 1_700_000_000;

fn probed(network: &FakeNetwork) -> ProviderStatus {
    let secret = |text: &str| SecretText::new(text.to_owned());
    let settings = OvhSettings {
        app_key: secret("appkey"),
        app_secret: secret("appsecret"),
        consumer_key: secret("consumerkey"),
        account: "sms-ab12345-1".into(),
        sender: "NOVA".into(),
        endpoint: network.url("http"),
    };
    let runtime = Runtime::new().unwrap();
    let http = SmsHttpClient::new(runtime.handle().clone(), PATIENT);
    probe(&settings, &http, Arc::new(ManualClock::at(Timestamp::from_seconds(NOW))))
}

fn answered(status: u16, body: &str) -> ProviderStatus {
    probed(&FakeNetwork::new(vec![
        ScriptedReply::json(200, &NOW.to_string()),
        ScriptedReply::json(status, body),
    ]))
}

#[test]
fn the_request_is_signed_and_sends_nothing() {
    let network = FakeNetwork::new(vec![
        ScriptedReply::json(200, &(NOW + 60).to_string()),
        ScriptedReply::json(200, r#"{"creditsLeft":1234.2,"status":"enable"}"#),
    ]);
    let known = ProviderStatus::Ok { note: Some("1234 credits are left".to_owned()) };
    assert_eq!(probed(&network), known);
    let [_, request] = network.received().try_into().ok().unwrap();
    assert_eq!(request.line, "GET /sms/sms-ab12345-1 HTTP/1.1");
    assert_eq!(request.body, "");
    assert_eq!(request.header("x-ovh-application"), Some("appkey"));
    assert_eq!(request.header("x-ovh-timestamp"), Some("1700000060"));
    // sha1 of "appsecret+consumerkey+GET+URL++TIME", by the formula of the provider.
    let signature = request.header("x-ovh-signature").unwrap();
    assert!(signature.starts_with("$1$") && signature.len() == 43, "{signature}");
}

#[test]
fn each_response_has_its_status() {
    let is_rejected = |it: &ProviderStatus| matches!(it, ProviderStatus::Rejected { .. });
    for (status, body) in [
        (200, r#"{"creditsLeft":0}"#),
        (400, r#"{"errorCode":"INVALID_SIGNATURE","message":"Invalid signature"}"#),
        (403, r#"{"errorCode":"INVALID_CREDENTIAL","message":"This credential is not valid"}"#),
        (403, r#"{"errorCode":"INVALID_KEY","message":"This application key is invalid"}"#),
        (404, r#"{"message":"The requested object does not exist"}"#),
        (401, ""),
    ] {
        assert!(is_rejected(&answered(status, body)), "{status} {body}");
    }
    assert!(matches!(answered(200, r#"{"creditsLeft":12}"#), ProviderStatus::Degraded { .. }));
    assert!(matches!(answered(200, "{}"), ProviderStatus::Degraded { .. }));
    assert!(matches!(answered(500, ""), ProviderStatus::Degraded { .. }));
    let granted =
        answered(403, r#"{"errorCode":"NOT_GRANTED_CALL","message":"This call has not been granted"}"#);
    assert!(matches!(granted, ProviderStatus::Ok { note: Some(_) }), "{granted:?}");
}

#[test]
fn a_provider_that_does_not_answer_is_reported() {
    assert_eq!(probed(&FakeNetwork::new(vec![])), ProviderStatus::unreachable());
    let runtime = Runtime::new().unwrap();
    let http = SmsHttpClient::new(runtime.handle().clone(), LIMITS);
    let network = FakeNetwork::new(vec![ScriptedReply::json(200, &NOW.to_string()), ScriptedReply::Hang]);
    let secret = |text: &str| SecretText::new(text.to_owned());
    let settings = OvhSettings {
        app_key: secret("a"),
        app_secret: secret("b"),
        consumer_key: secret("c"),
        account: "sms-ab12345-1".into(),
        sender: "NOVA".into(),
        endpoint: network.url("http"),
    };
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(NOW)));
    assert_eq!(probe(&settings, &http, clock), ProviderStatus::unreachable());
}
