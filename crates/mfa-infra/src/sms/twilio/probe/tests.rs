use mfa_core::SecretText;
use tokio::runtime::Runtime;

use super::*;
use crate::sms::fake_network::{FakeNetwork, PATIENT, ScriptedReply};

fn probed(network: &FakeNetwork) -> ProviderStatus {
    let settings = TwilioSettings {
        account_sid: "AC0".into(),
        auth_token: SecretText::new("authtoken".into()),
        from: "+15551234567".into(),
        endpoint: network.url("http"),
    };
    let runtime = Runtime::new().unwrap();
    probe(&settings, &SmsHttpClient::new(runtime.handle().clone(), PATIENT))
}

#[test]
fn the_request_names_the_account_and_sends_nothing() {
    let network = FakeNetwork::new(vec![ScriptedReply::json(200, r#"{"status":"active","type":"Full"}"#)]);
    assert_eq!(probed(&network), ProviderStatus::Ok { note: None });
    let [request] = network.received().try_into().ok().unwrap();
    assert_eq!(request.line, "GET /2010-04-01/Accounts/AC0.json HTTP/1.1");
    // base64 of "AC0:authtoken".
    assert_eq!(request.header("authorization"), Some("Basic QUMwOmF1dGh0b2tlbg=="));
}

#[test]
fn each_response_has_its_status() {
    let answered = |status, body: &str| probed(&FakeNetwork::new(vec![ScriptedReply::json(status, body)]));
    for (status, body) in [
        (200, r#"{"status":"suspended"}"#),
        (200, "{}"),
        (401, r#"{"code":20003}"#),
        (404, r#"{"code":20404}"#),
    ] {
        assert!(matches!(answered(status, body), ProviderStatus::Rejected { .. }), "{status} {body}");
    }
    for (status, body) in [(200, r#"{"status":"active","type":"Trial"}"#), (200, "nothing"), (503, "")] {
        assert!(matches!(answered(status, body), ProviderStatus::Degraded { .. }), "{status} {body}");
    }
    assert_eq!(probed(&FakeNetwork::new(vec![])), ProviderStatus::unreachable());
}
