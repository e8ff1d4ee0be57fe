use std::time::Duration;

use mfa_sms::{NumberRefusal, ProviderRefusal, RefusalScope};
use tokio::runtime::Runtime;

use super::*;
use crate::sms::HttpLimits;
use crate::sms::fake_network::{FakeNetwork, LIMITS, PATIENT, ScriptedReply, message, send};

const SID: &str = "SM00000000000000000000000000000001";
const LATER: SendOutcome = SendOutcome::Retryable { after: None };

fn gateway(network: &FakeNetwork, scheme: &str, http: &SmsHttpClient) -> TwilioGateway {
    let settings = TwilioSettings {
        account_sid: "AC01".into(),
        auth_token: SecretText::new("authtoken".into()),
        from: "+15005550006".into(),
        endpoint: network.url(scheme),
    };
    TwilioGateway::new(settings, None, http)
}

fn answered_within(limits: HttpLimits, reply: ScriptedReply) -> SendOutcome {
    let network = FakeNetwork::new(vec![reply]);
    send(limits, |http| gateway(&network, "http", http))
}

fn answered(reply: ScriptedReply) -> SendOutcome {
    answered_within(PATIENT, reply)
}

fn created(sid: &str, code: &str) -> ScriptedReply {
    let body = format!(r#"{{"sid":"{sid}","status":"queued","body":"012345","error_code":{code}}}"#);
    ScriptedReply::json(201, &body)
}

const fn operator(problem: ProviderRefusal) -> SendOutcome {
    SendOutcome::Permanent(RefusalScope::Operator(problem))
}

const fn user(problem: NumberRefusal) -> SendOutcome {
    SendOutcome::Permanent(RefusalScope::User(problem))
}

#[test]
fn a_message_is_a_form_with_the_credentials_in_a_header() {
    let network = FakeNetwork::new(vec![created(SID, "null")]);
    let outcome = send(PATIENT, |http| gateway(&network, "http", http));
    assert_eq!(outcome, SendOutcome::Accepted { id: SID.into() });
    let [call] = network.received().try_into().ok().unwrap();
    assert_eq!(call.line, "POST /2010-04-01/Accounts/AC01/Messages.json HTTP/1.1");
    assert_eq!(call.header("authorization"), Some("Basic QUMwMTphdXRodG9rZW4="));
    assert_eq!(call.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(call.header("transfer-encoding"), None);
    assert_eq!(
        call.body,
        "To=%2B33612345612&From=%2B15005550006&Body=NOVA+%3A+012345+est+%C3%A0+vous+%26+%C3%A0+nul+autre\
         &ValidityPeriod=300"
    );
}

#[test]
fn every_row_of_the_table_has_its_class() {
    use NumberRefusal::{Country, Invalid, OptedOut, Premium, Unreachable};
    use ProviderRefusal::{Account, Content, Credentials, Request, Sender};
    for (status, code, expected) in [
        (401, 20003, operator(Credentials)),
        (404, 20404, operator(Account)),
        (400, 10001, operator(Account)),
        (429, 20429, LATER),
        (400, 21211, user(Invalid)),
        (400, 21268, user(Premium)),
        (400, 21408, user(Country)),
        (400, 21610, user(OptedOut)),
        (400, 21612, user(Unreachable)),
        (400, 21614, user(Unreachable)),
        (400, 21604, operator(Request)),
        (400, 21606, operator(Sender)),
        (400, 21608, operator(Account)),
        (429, 21611, operator(Sender)),
        (400, 30001, operator(Sender)),
        (400, 30003, LATER),
        (400, 30005, user(Invalid)),
        (400, 30006, user(Unreachable)),
        (400, 30007, operator(Content)),
        (400, 30034, operator(Sender)),
        (400, 1, operator(Request)),
        (500, 20429, SendOutcome::Unknown),
        (502, 0, SendOutcome::Unknown),
        (503, 0, SendOutcome::Unknown),
    ] {
        let body = format!(r#"{{"code":{code},"message":"+33612345612","more_info":"x","status":{status}}}"#);
        assert_eq!(answered(ScriptedReply::json(status, &body)), expected, "{status} {code}");
    }
}

#[test]
fn a_refusal_without_a_code_counts_by_its_status() {
    use ProviderRefusal::{Account, Credentials, Credit, Request};
    for (status, expected) in [
        (400, operator(Request)),
        (401, operator(Credentials)),
        (402, operator(Credit)),
        (403, operator(Credentials)),
        (404, operator(Account)),
        (429, LATER),
    ] {
        assert_eq!(answered(ScriptedReply::json(status, "<html>")), expected, "{status}");
        assert_eq!(answered(ScriptedReply::HalfABody(status)), expected, "{status}");
    }
}

#[test]
fn a_201_is_only_believed_with_the_name_of_a_message_and_without_an_error() {
    assert_eq!(answered(created(SID, "30007")), operator(ProviderRefusal::Content));
    assert_eq!(answered(created(SID, "1")), SendOutcome::Unknown);
    for sid in ["", "your code is 012345", &"A".repeat(65)] {
        assert_eq!(answered(created(sid, "null")), SendOutcome::Unknown, "{sid}");
    }
    assert_eq!(answered(ScriptedReply::json(201, "{}")), SendOutcome::Unknown);
    assert_eq!(answered(ScriptedReply::json(200, "{}")), SendOutcome::Unknown);
}

#[test]
fn what_breaks_off_after_the_body_was_sent_is_unknown() {
    assert_eq!(answered_within(LIMITS, ScriptedReply::Hang), SendOutcome::Unknown);
    assert_eq!(answered(ScriptedReply::CloseAfterBody), SendOutcome::Unknown);
    assert_eq!(answered(ScriptedReply::HalfABody(201)), SendOutcome::Unknown);
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = FakeNetwork::new(vec![created(SID, "null")]);
    let location: &'static str = format!("Location: {}\r\n", elsewhere.url("http")).leak();
    assert_eq!(answered(ScriptedReply::Answer(302, location, String::new())), SendOutcome::Unknown);
    assert!(elsewhere.received().is_empty());
}

#[test]
fn without_a_connection_or_without_tls_nothing_was_sent() {
    let unreachable = FakeNetwork::new(vec![]);
    assert_eq!(send(PATIENT, |http| gateway(&unreachable, "http", http)), LATER);
    let no_tls = FakeNetwork::new(vec![ScriptedReply::Gibberish]);
    assert_eq!(send(PATIENT, |http| gateway(&no_tls, "https", http)), LATER);
}

#[test]
fn a_send_without_a_free_slot_in_time_sends_nothing() {
    let runtime = Runtime::new().unwrap();
    let network = FakeNetwork::new(vec![
        ScriptedReply::Hang,
        ScriptedReply::Hang,
        created(SID, "null"),
        created(SID, "null"),
    ]);
    let limits = HttpLimits { total: Duration::from_secs(1), connect: Duration::from_secs(1), ..LIMITS };
    let http = SmsHttpClient::new(runtime.handle().clone(), limits);
    let (gateway, other) = (Arc::new(gateway(&network, "http", &http)), gateway(&network, "http", &http));
    let hanging = [(); 2].map(|()| {
        let gateway = Arc::clone(&gateway);
        runtime.spawn(async move { gateway.send(&message()).await })
    });
    for _ in 0..2 {
        let arrived = network.next();
        assert!(arrived.line.starts_with("POST"), "both slots are taken");
    }
    assert_eq!(runtime.block_on(gateway.send(&message())), LATER);
    assert!(network.received().is_empty(), "nothing was sent");
    let accepted = SendOutcome::Accepted { id: SID.into() };
    assert_eq!(runtime.block_on(other.send(&message())), accepted, "another provider has its own slots");
    for send in hanging {
        assert_eq!(runtime.block_on(send).unwrap(), SendOutcome::Unknown);
    }
    assert_eq!(runtime.block_on(gateway.send(&message())), accepted, "the slots are free again");
}

#[test]
fn debug_shows_no_credentials() {
    let runtime = Runtime::new().unwrap();
    let network = FakeNetwork::new(vec![]);
    let shown =
        format!("{:?}", gateway(&network, "http", &SmsHttpClient::new(runtime.handle().clone(), LIMITS)));
    assert!(shown.starts_with("TwilioGateway { messages: \"http://127.0.0.1:"), "{shown}");
    for secret in ["authtoken", "QUMwMTph"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
