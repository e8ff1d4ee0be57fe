use std::time::Duration;

use mfa_core::testing::ManualClock;
use mfa_core::{SecretText, Timestamp};
use mfa_sms::{NumberRefusal, ProviderRefusal, RefusalScope};
use tokio::runtime::Runtime;

use super::*;
use crate::sms::HttpLimits;
use crate::sms::fake_network::{FakeNetwork, LIMITS, PATIENT, ScriptedReply, message, send};

const NOW: i64 = 1_700_000_000;
const TAKEN: &str =
    r#"{"totalCreditsRemoved":1,"invalidReceivers":[],"ids":[27000421],"validReceivers":["+33612345612"]}"#;
const BAD_SIGNATURE: &str =
    r#"{"errorCode":"INVALID_SIGNATURE","httpCode":"400 Bad Request","message":"Invalid signature"}"#;

fn settings(endpoint: url::Url) -> OvhSettings {
    let secret = |text: &str| SecretText::new(text.to_owned());
    OvhSettings {
        app_key: secret("appkey"),
        app_secret: secret("appsecret"),
        consumer_key: secret("consumerkey"),
        account: "sms-ab12345-1".into(),
        sender: "NOVA".into(),
        endpoint,
    }
}

fn gateway(network: &FakeNetwork, http: &SmsHttpClient) -> (OvhGateway, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(NOW)));
    (OvhGateway::new(settings(network.url("http")), http, Arc::clone(&clock) as Arc<dyn Clock>), clock)
}

/// Sends one message, with equal clocks and this reply to the job.
fn answered_within(limits: HttpLimits, reply: ScriptedReply) -> SendOutcome {
    let network = FakeNetwork::new(vec![time(NOW), reply]);
    send(limits, |http| gateway(&network, http).0)
}

fn answered(reply: ScriptedReply) -> SendOutcome {
    answered_within(PATIENT, reply)
}

fn time(seconds: i64) -> ScriptedReply {
    ScriptedReply::json(200, &seconds.to_string())
}

fn accepted() -> SendOutcome {
    SendOutcome::Accepted { id: "27000421".into() }
}

const fn operator(problem: ProviderRefusal) -> SendOutcome {
    SendOutcome::Permanent(RefusalScope::Operator(problem))
}

const LATER: SendOutcome = SendOutcome::Retryable { after: None };
const NO_NUMBER: SendOutcome = SendOutcome::Permanent(RefusalScope::User(NumberRefusal::Invalid));

#[test]
fn a_job_is_signed_by_the_time_of_ovh_over_the_bytes_that_arrive() {
    let network = FakeNetwork::new(vec![time(NOW + 90), ScriptedReply::json(200, TAKEN)]);
    assert_eq!(send(PATIENT, |http| gateway(&network, http).0), accepted());
    let [time_request, job] = network.received().try_into().ok().unwrap();
    assert_eq!(time_request.line, "GET /auth/time HTTP/1.1");
    assert_eq!(time_request.header("x-ovh-application"), None);
    assert_eq!(job.line, "POST /sms/sms-ab12345-1/jobs HTTP/1.1");
    assert_eq!(job.header("content-type"), Some("application/json"));
    assert_eq!(job.header("transfer-encoding"), None);
    assert_eq!(job.header("x-ovh-timestamp"), Some("1700000090"));
    assert_eq!(job.body.as_bytes(), job::job(&message(), "NOVA").as_slice());
    let OvhSettings { app_key, app_secret, consumer_key, .. } = settings(network.url("http"));
    let keys = OvhKeys { app_key, app_secret, consumer_key };
    let url = format!("{}sms/sms-ab12345-1/jobs", network.url("http"));
    let signature =
        OvhSignature::new(&keys, "POST", &url, job.body.as_bytes(), Timestamp::from_seconds(NOW + 90));
    for (name, value) in signature.headers(&keys) {
        assert_eq!(job.header(&name.to_lowercase()), Some(value), "{name}");
    }
}

#[test]
fn every_row_of_the_table_has_its_class() {
    use ProviderRefusal::{Account, Credentials, Credit, Request};
    let refusal =
        |code: &str| format!(r#"{{"errorCode":"{code}","httpCode":"x","message":"+33612345612 012345"}}"#);
    for (status, code, expected) in [
        (400, "INVALID_ARGUMENT", operator(Request)),
        (401, "", operator(Credentials)),
        (402, "", operator(Credit)),
        (403, "NOT_CREDENTIAL", operator(Credentials)),
        (403, "INVALID_CREDENTIAL", operator(Credentials)),
        (403, "INVALID_KEY", operator(Credentials)),
        (403, "NOT_GRANTED_CALL", operator(Credentials)),
        (403, "FORBIDDEN", operator(Credentials)),
        (404, "", operator(Account)),
        (409, "", operator(Account)),
        (422, "", operator(Request)),
        (429, "", LATER),
        (460, "", operator(Account)),
        (500, "", LATER),
        (502, "", SendOutcome::Unknown),
        (503, "", SendOutcome::Unknown),
        (504, "", SendOutcome::Unknown),
    ] {
        assert_eq!(answered(ScriptedReply::json(status, &refusal(code))), expected, "{status} {code}");
        assert_eq!(answered(ScriptedReply::json(status, "<html>")), expected, "{status}");
    }
}

#[test]
fn a_200_may_be_a_refusal_and_is_only_believed_when_it_makes_sense() {
    for (body, expected) in [
        (r#"{"ids":[],"invalidReceivers":["+33612345612"]}"#, NO_NUMBER),
        (r#"{"ids":[1],"invalidReceivers":["+33612345612"]}"#, NO_NUMBER),
        (r#"{"ids":[],"invalidReceivers":[]}"#, NO_NUMBER),
        (r#"{"ids":[]}"#, NO_NUMBER),
        (r#"{"ids":[27000421]}"#, accepted()),
        ("{}", NO_NUMBER),
        ("", SendOutcome::Unknown),
        (r#"{"ids":["012345"]}"#, SendOutcome::Unknown),
    ] {
        assert_eq!(answered(ScriptedReply::json(200, body)), expected, "{body}");
    }
}

#[test]
fn what_breaks_off_after_the_body_was_sent_is_unknown() {
    assert_eq!(answered_within(LIMITS, ScriptedReply::Hang), SendOutcome::Unknown);
    assert_eq!(answered(ScriptedReply::CloseAfterBody), SendOutcome::Unknown);
    assert_eq!(answered(ScriptedReply::HalfABody(200)), SendOutcome::Unknown);
    assert_eq!(answered(ScriptedReply::Gibberish), SendOutcome::Unknown);
}

#[test]
fn a_refusal_counts_by_its_status_where_its_body_breaks_off() {
    assert_eq!(answered(ScriptedReply::HalfABody(403)), operator(ProviderRefusal::Credentials));
}

#[test]
fn an_answer_without_an_end_is_not_believed() {
    let long = format!("{}{TAKEN}", " ".repeat(64 * 1024));
    assert_eq!(answered(ScriptedReply::json(200, &long)), SendOutcome::Unknown);
}

#[test]
fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = FakeNetwork::new(vec![ScriptedReply::json(200, TAKEN)]);
        let location: &'static str = format!("Location: {}\r\n", elsewhere.url("http")).leak();
        let network =
            FakeNetwork::new(vec![time(NOW), ScriptedReply::Answer(status, location, String::new())]);
        assert_eq!(send(PATIENT, |http| gateway(&network, http).0), SendOutcome::Unknown, "{status}");
        assert!(elsewhere.received().is_empty(), "{status}");
    }
}

#[test]
fn the_retry_after_header_is_returned() {
    let reply = |headers| ScriptedReply::Answer(429, headers, String::new());
    let after = |seconds| SendOutcome::Retryable { after: Some(Duration::from_secs(seconds)) };
    assert_eq!(answered(reply("Retry-After: 3\r\n")), after(3));
    assert_eq!(answered(reply("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n")), LATER);
}

#[test]
fn without_a_connection_nothing_was_sent() {
    let unreachable = FakeNetwork::new(vec![]);
    assert_eq!(send(PATIENT, |http| gateway(&unreachable, http).0), LATER);
    let gone = FakeNetwork::new(vec![time(NOW)]);
    assert_eq!(send(PATIENT, |http| gateway(&gone, http).0), LATER);
}

#[test]
fn a_rejected_signature_is_retried_once_with_a_time_read_again() {
    let script = |last| vec![time(NOW), ScriptedReply::json(400, BAD_SIGNATURE), time(NOW - 7), last];
    let network = FakeNetwork::new(script(ScriptedReply::json(200, TAKEN)));
    assert_eq!(send(PATIENT, |http| gateway(&network, http).0), accepted());
    let stamps: Vec<_> =
        network.received().iter().filter_map(|it| it.header("x-ovh-timestamp").map(str::to_owned)).collect();
    assert_eq!(stamps, ["1700000000", "1699999993"]);

    let network = FakeNetwork::new(script(ScriptedReply::json(400, BAD_SIGNATURE)));
    let outcome = send(PATIENT, |http| gateway(&network, http).0);
    assert_eq!(outcome, operator(ProviderRefusal::Credentials));
    assert_eq!(network.received().len(), 4, "and not again");
}

#[test]
fn the_time_is_read_every_hour_and_when_the_clock_was_set_back() {
    let job = || ScriptedReply::json(200, TAKEN);
    let network =
        FakeNetwork::new(vec![time(NOW + 5), job(), job(), time(NOW + 3600), job(), time(NOW + 100), job()]);
    let runtime = Runtime::new().unwrap();
    let (gateway, clock) = gateway(&network, &SmsHttpClient::new(runtime.handle().clone(), PATIENT));
    for (passed, calls) in [(0, 2), (3599, 1), (3600, 2), (100, 2)] {
        clock.set(Timestamp::from_seconds(NOW + passed));
        assert_eq!(runtime.block_on(gateway.send(&message())), accepted());
        assert_eq!(network.received().len(), calls, "after {passed} s");
    }
}

#[test]
fn a_time_that_cannot_be_read_leaves_our_own() {
    for reply in [
        ScriptedReply::json(500, ""),
        ScriptedReply::json(200, "soon"),
        ScriptedReply::CloseAfterBody,
        ScriptedReply::Gibberish,
    ] {
        let network = FakeNetwork::new(vec![reply, ScriptedReply::json(200, TAKEN)]);
        assert_eq!(send(PATIENT, |http| gateway(&network, http).0), accepted());
        let job = network.received().pop().unwrap();
        assert_eq!(job.header("x-ovh-timestamp"), Some("1700000000"));
    }
}

#[test]
fn debug_shows_no_key() {
    let runtime = Runtime::new().unwrap();
    let network = FakeNetwork::new(vec![]);
    let shown = format!("{:?}", gateway(&network, &SmsHttpClient::new(runtime.handle().clone(), LIMITS)).0);
    assert!(shown.starts_with("OvhGateway { jobs: \"http://127.0.0.1:"), "{shown}");
    for key in ["appkey", "appsecret", "consumerkey"] {
        assert!(!shown.contains(key), "{shown}");
    }
}
