//! Tests of SMS providers that reject, hang, answer late or disconnect: at most one message, and no false login.

use std::thread;
use std::time::Duration;

use mfa_core::{SecretText, UserId};
use mfa_flows::TokenKind;
use mfa_infra::sms::twilio_signature;
use nova_mfa_tests::{
    Answer, Behaviour, Client, Installation, Provider, SmsNetwork, TWILIO_TOKEN, TestServer, eventually,
    timed,
};
use serde_json::json;

use Provider::{Ovh, Twilio};

const NUMBER: &str = "+33612345612";
const PUBLIC_URL: &str = "https://mfa.example.com";
const HOOK_SECRET: &str = "0f8b1c6d4e2a79530f8b1c6d4e2a7953";

/// Returns a rejection of OVH with its error code.
fn ovh(status: u16, code: &str) -> Behaviour {
    let body = json!({ "errorCode": code, "httpCode": format!("{status} Any"), "message": "secret of OVH" });
    Behaviour::refuse(status, &body.to_string())
}

/// Returns a rejection of Twilio.
fn twilio(status: u16, code: u32) -> Behaviour {
    let body = json!({ "code": code, "message": "secret of Twilio", "more_info": "", "status": status });
    Behaviour::refuse(status, &body.to_string())
}

/// Starts a server on each database that sends through these providers.
fn servers(network: &SmsNetwork) -> [TestServer; 2] {
    let settings = network.settings();
    let hooks = [("PUBLIC_URL", PUBLIC_URL), ("HOOK_SECRET", HOOK_SECRET)];
    let settings = settings.iter().map(|(name, value)| (*name, value.as_str())).chain(hooks);
    TestServer::each_with(&settings.collect::<Vec<_>>())
}

/// Returns a request that sends a code to this number of a user without a factor, and the user's token.
fn set_number(server: &TestServer, user: UserId, number: &str) -> (String, Answer) {
    let token = server.token(user, TokenKind::OneFactor);
    let call = server.client().post("/api/mfa/phone/set").bearer(&token).json(&json!({ "phone": number }));
    (token, call.send())
}

fn confirm(server: &TestServer, token: &str, code: &str) -> Answer {
    server.send_code("/api/mfa/phone/verify", token, code)
}

/// Creates a user whose only factor is [`NUMBER`]. Returns a pending token too.
fn member(server: &TestServer, network: &SmsNetwork) -> (UserId, String) {
    let user = server.add_user("ada");
    let token = server.token(user, TokenKind::OneFactor);
    let call = server.client().post("/api/mfa/phone/set").bearer(&token);
    call.json(&json!({ "phone": NUMBER })).send().ok();
    confirm(server, &token, &network.code(NUMBER)).ok();
    server.advance(3_600);
    (user, server.pending(user))
}

/// Issues a token of a new user without a factor.
fn access_token(installation: &Installation) -> String {
    let user = installation.admin_creates_user("ada", "correct horse battery").to_string();
    let minted = installation.admin(&["token", "access", "--user-id", &user], "");
    minted.json["token"].as_str().expect("a token").to_owned()
}

/// Whether the newest send is recorded with this state and gateway.
fn recorded(server: &TestServer, state: &str, gateway: Option<&str>) -> bool {
    let gateway = gateway.map_or_else(|| "IS NULL".to_owned(), |it| format!("= '{it}'"));
    let newest = "id = (SELECT id FROM mfa_sms_sends ORDER BY at DESC LIMIT 1)";
    let query = format!(
        "SELECT count(*) FROM mfa_sms_sends WHERE {newest} AND state = '{state}' AND gateway {gateway}"
    );
    server.installation.number(&query) == 1
}

#[test]
fn if_ovh_rejects_twilio_sends_the_code_once_and_the_log_states_the_reason() {
    let network = SmsNetwork::new();
    network.set_behaviours(Ovh, [ovh(403, "NOT_GRANTED_CALL")]);
    for server in servers(&network) {
        let before = network.sends().len();
        let ada = server.add_user("ada");
        let (token, sent) = set_number(&server, ada, NUMBER);
        sent.ok();
        let asked = network.sends().split_off(before);
        let route: Vec<_> = asked.iter().map(|it| (it.provider, it.accepted)).collect();
        assert_eq!(route, [(Ovh, false), (Twilio, true)], "{}", server.name());
        assert_eq!(asked[0].text, asked[1].text, "one code per user, on any session");
        assert!(recorded(&server, "accepted", Some("twilio")), "{}", server.name());
        assert!(server.log_contains(r#""why":"credentials""#), "{}", server.installation.log());
        assert!(!server.installation.log().contains("secret of OVH"));
        let again = server.client().post("/api/mfa/phone/set").bearer(&token);
        let again = again.json(&json!({ "phone": NUMBER })).send();
        assert_eq!(again.assert_problem(429, "rate_limited").retry_after(), 60, "counted once");
        confirm(&server, &token, &network.code(NUMBER)).ok();
    }
}

#[test]
fn a_failover_counts_even_if_the_send_cannot_be_recorded() {
    let network = SmsNetwork::new();
    network.set_behaviours(Ovh, [ovh(403, "NOT_GRANTED_CALL")]);
    for server in servers(&network) {
        let name = server.name();
        server.installation.sql(if name == "SQLite" {
            "CREATE TRIGGER refuse BEFORE UPDATE ON mfa_sms_sends BEGIN SELECT RAISE(ABORT, 'no writes here'); END"
        } else {
            "CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS \
             'BEGIN RAISE EXCEPTION ''no writes here''; END'; \
             CREATE TRIGGER refuse BEFORE UPDATE ON mfa_sms_sends FOR EACH ROW EXECUTE FUNCTION refuse()"
        });
        let ada = server.add_user("ada");
        let (token, sent) = set_number(&server, ada, NUMBER);
        sent.ok();
        let metrics = server.client().get("/metrics").send().text();
        for sample in [
            "mfa_sms_tries_total{provider=\"ovh\",outcome=\"refused\"} 1\n",
            "mfa_sms_tries_total{provider=\"twilio\",outcome=\"accepted\"} 1\n",
            "mfa_sms_sends_total{provider=\"twilio\",outcome=\"sent\",country=\"FR\"} 1\n",
            "mfa_sms_unrecorded_total 1\n",
        ] {
            assert!(metrics.contains(sample), "{name}: {sample} in {metrics}");
        }
        assert!(recorded(&server, "sending", None), "{name}");
        let again = server.client().post("/api/mfa/phone/set").bearer(&token);
        let again = again.json(&json!({ "phone": NUMBER })).send();
        again.assert_problem(429, "rate_limited");
        let sends = "SELECT count(*) FROM mfa_events WHERE event = 'phone_set' AND outcome = 'success'";
        assert_eq!(server.installation.number(sends), 1, "{name}");
        confirm(&server, &token, &network.code(NUMBER)).ok();
    }
}

#[test]
fn each_provider_response_has_its_failover_route_and_api_response() {
    use Behaviour::{Accept, CloseAfterBody, InvalidReceiver, NoIds, Redirect, Refuse};

    let elsewhere = SmsNetwork::new();
    let busy = || Refuse(429, "Retry-After: 90\r\n", r#"{"code":20429}"#.to_owned());
    let cases: Vec<(&str, Behaviour, Behaviour, &[Provider], &str)> = vec![
        ("taken", Accept, Accept, &[Ovh], "ok"),
        // A message that was certainly not sent goes to the next provider.
        ("rights", ovh(403, "NOT_CREDENTIAL"), Accept, &[Ovh, Twilio], "ok"),
        ("credit", ovh(402, "NO_CREDIT"), Accept, &[Ovh, Twilio], "ok"),
        ("account", ovh(460, "EXPIRED"), Accept, &[Ovh, Twilio], "ok"),
        ("busy", ovh(429, "TOO_MANY"), Accept, &[Ovh, Twilio], "ok"),
        ("failing", ovh(500, "INTERNAL"), Accept, &[Ovh, Twilio], "ok"),
        // The time is fetched again and the request is signed again.
        ("signature", ovh(400, "INVALID_SIGNATURE"), Accept, &[Ovh, Ovh, Twilio], "ok"),
        ("both refuse", ovh(403, "FORBIDDEN"), twilio(401, 20003), &[Ovh, Twilio], "sms_unavailable"),
        ("both busy for long", busy(), busy(), &[Ovh, Twilio], "sms_unavailable"),
        // A rejected number is not tried with another provider.
        ("invalid receiver", InvalidReceiver, Accept, &[Ovh], "phone_refused"),
        ("no ids", NoIds, Accept, &[Ovh], "phone_refused"),
        ("no number", ovh(403, "FORBIDDEN"), twilio(400, 21211), &[Ovh, Twilio], "phone_refused"),
        ("no mobile", ovh(403, "FORBIDDEN"), twilio(400, 21614), &[Ovh, Twilio], "phone_refused"),
        ("stopped", ovh(403, "FORBIDDEN"), twilio(400, 21610), &[Ovh, Twilio], "phone_refused"),
        // A message that may have been sent is not sent again.
        ("bad gateway", ovh(502, "BAD_GATEWAY"), Accept, &[Ovh], "sms_unavailable"),
        ("broken off", CloseAfterBody, Accept, &[Ovh], "sms_unavailable"),
        ("moved", Redirect(elsewhere.url()), Accept, &[Ovh], "sms_unavailable"),
        ("twilio fails", ovh(403, "FORBIDDEN"), twilio(503, 0), &[Ovh, Twilio], "sms_unavailable"),
    ];
    let network = SmsNetwork::new();
    for server in servers(&network) {
        for (nth, (what, first, second, route, outcome)) in cases.iter().enumerate() {
            // No circuit is open because of an earlier case.
            server.advance(86_400);
            let before = network.sends().len();
            network.set_behaviours(Ovh, [first.clone()]);
            network.set_behaviours(Twilio, [second.clone()]);
            let (_, answer) = set_number(&server, server.add_user(&format!("user{nth}")), NUMBER);
            assert_eq!(answer.outcome(), *outcome, "{}: {what}: {answer:?}", server.name());
            assert_eq!(network.route().split_off(before), *route, "{}: {what}", server.name());
            assert!(!answer.text().contains("secret of"), "{what}: {answer:?}");
            if *what == "both busy for long" {
                assert!((90..=92).contains(&answer.retry_after()), "{answer:?}");
            }
            network.set_behaviours(Ovh, [Accept]);
            network.set_behaviours(Twilio, [Accept]);
            // A success closes every circuit breaker, so that all cases start equal.
            server.advance(86_400);
            set_number(&server, server.add_user(&format!("well{nth}")), NUMBER).1.ok();
        }
    }
    assert_eq!(elsewhere.connections(), 0, "a redirect is not followed");
}

#[test]
fn a_code_that_may_have_been_sent_stays_valid_and_a_rejected_one_does_not() {
    let network = SmsNetwork::new();
    for server in servers(&network) {
        network.set_behaviours(Ovh, [Behaviour::Accept]);
        let (ada, pending) = member(&server, &network);
        network.set_behaviours(Ovh, [Behaviour::CloseAfterBody]);
        let send = |pending: &str| server.post("/api/mfa/sms/send", pending);
        let unsure = send(&pending);
        assert_eq!(unsure.assert_problem(503, "sms_unavailable").retry_after(), 60, "{}", server.name());
        assert!(recorded(&server, "unknown", Some("ovh")), "{}", server.name());
        assert_eq!(
            send(&pending).assert_problem(429, "rate_limited").retry_after(),
            60,
            "the budget stays spent"
        );
        let code = network.code(NUMBER);
        server.send_code("/api/mfa/verify/sms", &pending, &code).ok();

        server.advance(60);
        network.set_behaviours(Ovh, [Behaviour::InvalidReceiver]);
        let pending = server.pending(ada);
        send(&pending).assert_problem(403, "phone_refused");
        let code = network.code(NUMBER);
        server.send_code("/api/mfa/verify/sms", &pending, &code).assert_problem(401, "invalid_code");
        let methods = server.get("/api/mfa/methods", &pending).ok();
        let sms = methods["methods"].as_array().unwrap().iter().find(|it| it["method"] == "sms");
        assert_eq!(sms.unwrap()["reason"], "phone_unreachable", "others are offered: {methods}");
        let access = server.token(ada, TokenKind::TwoFactors);
        let status = server.get("/api/mfa/status", &access).ok();
        assert_eq!(status["phone_verified"], json!(true), "it is marked and not removed");
    }
}

#[test]
fn a_hanging_provider_costs_eight_seconds_and_a_slow_one_is_waited_for() {
    let network = SmsNetwork::new();
    network.set_behaviours(Ovh, [Behaviour::Accept, Behaviour::Accept, Behaviour::Hang]);
    let [first, second] = servers(&network);
    let members = [&first, &second].map(|server| member(server, &network));
    let before = network.sends().len();
    thread::scope(|scope| {
        for (server, (_, pending)) in [&first, &second].into_iter().zip(&members) {
            scope.spawn(move || {
                let (answer, took) = timed(|| server.post("/api/mfa/sms/send", pending));
                answer.assert_problem(503, "sms_unavailable");
                assert!((7..11).contains(&took.as_secs()), "{}: {took:?}", server.name());
            });
        }
    });
    assert_eq!(network.route().split_off(before), [Ovh, Ovh], "nobody else is asked");
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).take(6).collect::<String>();
    let codes: Vec<_> = network.sends().iter().rev().take(2).map(|it| digits(&it.text)).collect();
    network.set_behaviours(Ovh, [Behaviour::Late(Duration::from_millis(1_500))]);
    for (server, (user, pending)) in [first, second].into_iter().zip(members) {
        let tried = codes.iter().map(|it| server.send_code("/api/mfa/verify/sms", &pending, it).outcome());
        let good = tried.filter(|it| it == "ok").count();
        assert_eq!(good, 1, "{}: the code stays good", server.name());
        server.advance(3_600);
        let before = network.sends().len();
        server.post("/api/mfa/sms/send", &server.pending(user)).ok();
        assert_eq!(network.sends().len() - before, 1);
        network.set_behaviours(Ovh, [Behaviour::Accept]);
    }
}

#[test]
fn wrong_keys_and_no_credit_count_no_failure_and_degrade_readiness() {
    let network = SmsNetwork::new();
    for server in servers(&network) {
        network.set_behaviours(Ovh, [Behaviour::Accept]);
        let (ada, _) = member(&server, &network);
        let app = server.enrol("bob");
        network.set_behaviours(Ovh, [ovh(403, "INVALID_CREDENTIAL")]);
        network.set_behaviours(Twilio, [twilio(401, 20003)]);
        for _ in 0..5 {
            server.post("/api/mfa/sms/send", &server.pending(ada)).assert_problem(503, "sms_unavailable");
            server.advance(3_600);
        }
        let ready = server.client().get("/health/ready").send().ok();
        assert_eq!(
            (&ready["status"], &ready["degraded"][0]["part"]),
            (&json!("degraded"), &json!("providers"))
        );
        assert_eq!(server.failures(ada), 0, "{}", server.name());
        server.verify(&server.pending(app.id), &app.code(server.now())).ok();
        server.advance(3_600);
        network.set_behaviours(Ovh, [Behaviour::Accept]);
        server.post("/api/mfa/sms/send", &server.pending(ada)).ok();
        let ready = server.client().get("/health/ready").send();
        assert!(ready.text().contains("the circuit breaker of Twilio"), "OVH is healthy again: {ready:?}");
    }
}

#[test]
fn delivery_reports_change_statistics_and_nothing_else() {
    let network = SmsNetwork::new();
    network.set_behaviours(Ovh, [ovh(403, "FORBIDDEN")]);
    for server in servers(&network) {
        let ada = server.add_user("ada");
        let (token, sent) = set_number(&server, ada, NUMBER);
        sent.ok();
        let text = |query: &str| server.installation.number(query);
        let arrived =
            |what: &str| text(&format!("SELECT count(*) FROM mfa_sms_sends WHERE arrival = '{what}'"));
        let sid = format!("SM{:032}", network.sends().len());
        let report = |sid: &str, status: &str, key: &str| {
            let fields = [("MessageSid", sid), ("MessageStatus", status), ("To", NUMBER)];
            let signature = twilio_signature(
                &SecretText::new(key.to_owned()),
                &format!("{PUBLIC_URL}/hooks/twilio"),
                &fields,
            );
            let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            let call = server.client().post("/hooks/twilio").header("X-Twilio-Signature", &signature);
            call.body("application/x-www-form-urlencoded", form).send()
        };
        assert_eq!(report(&sid, "delivered", "another token").assert_problem(403, "not_allowed").status, 403);
        assert_eq!(arrived("delivered"), 0, "{}: a forged report is not recorded", server.name());
        assert_eq!(report("SM404", "delivered", TWILIO_TOKEN).status, 204, "an unknown name is ignored");
        assert_eq!(report(&sid, "delivered", TWILIO_TOKEN).status, 204);
        assert_eq!(arrived("delivered"), 1, "{}", server.name());
        let status = server.get("/api/mfa/status", &token).ok();
        assert_eq!(status["phone_verified"], json!(false), "a delivered message verifies no number");

        let ovh = |secret: &str| server.client().get(&format!("/hooks/ovh/{secret}?id=1&ptt=4")).send();
        ovh("0f8b1c6d4e2a79530f8b1c6d4e2a7954").assert_problem(404, "not_found");
        assert_eq!(ovh(HOOK_SECRET).status, 204);

        // A late report, after the code expired, is only recorded.
        server.advance(7_200);
        assert_eq!(report(&sid, "failed", TWILIO_TOKEN).status, 204);
        assert_eq!((arrived("delivered"), arrived("failed")), (1, 0), "the first final status is kept");
        let later = server.token(ada, TokenKind::OneFactor);
        confirm(&server, &later, &network.code(NUMBER)).assert_problem(401, "invalid_code");
        assert!(!server.installation.log().contains(HOOK_SECRET));
    }
}

#[test]
fn a_server_killed_during_a_send_neither_repeats_nor_refunds_it() {
    for installation in Installation::each(&[]) {
        let network = SmsNetwork::new();
        let settings = network.settings();
        let installation =
            settings.iter().fold(installation, |installation, (name, value)| installation.with(name, value));
        let name = installation.name;
        let server = installation.start();
        let token = access_token(&installation);
        network.set_behaviours(Ovh, [Behaviour::Hang]);
        let client = server.client();
        let call = client.post("/api/mfa/phone/set").bearer(&token).json(&json!({ "phone": NUMBER }));
        let waiting = {
            let call = call.clone();
            thread::spawn(move || call.try_send())
        };
        network.wait_for(1);
        server.kill();
        assert!(waiting.join().unwrap().is_err(), "{name}: nobody was answered");
        let states = |state: &str| {
            installation.number(&format!("SELECT count(*) FROM mfa_sms_sends WHERE state = '{state}'"))
        };
        assert_eq!(states("sending"), 1, "{name}: it was recorded before the call");

        let two_minutes = if installation.name == "SQLite" { "120000" } else { "interval '2 minutes'" };
        installation.sql(&format!("UPDATE mfa_sms_sends SET at = at - {two_minutes}"));
        let server = installation.start();
        assert!(eventually(|| states("unknown") == 1), "{name}: it may have been sent");
        assert_eq!(states("sending"), 0, "{name}");
        assert_eq!(network.route(), [Ovh], "{name}: nothing is sent again by itself");
        let client = server.client();
        let again = client.post("/api/mfa/phone/set").bearer(&token).json(&json!({ "phone": NUMBER }));
        again.send().assert_problem(429, "rate_limited");
        // The message may have arrived: the code is valid.
        let code = network.code(NUMBER);
        client.post("/api/mfa/phone/verify").bearer(&token).code(&code).send().ok();
    }
}

#[test]
fn wrong_attempts_at_one_code_survive_restarts() {
    for installation in Installation::each(&[]) {
        let name = installation.name;
        let mut server = installation.start();
        let token = access_token(&installation);
        let call = server.client().post("/api/mfa/phone/set").bearer(&token);
        call.json(&json!({ "phone": NUMBER })).send().ok();
        let code = installation.sms_code(NUMBER);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let verify = |client: Client, code: &str| {
            client.post("/api/mfa/phone/verify").bearer(&token).code(code).send()
        };
        for nth in 0..5 {
            verify(server.client(), wrong).assert_problem(401, "invalid_code");
            if nth % 2 == 1 {
                server.kill();
                server = installation.start();
            }
        }
        verify(server.client(), &code).assert_problem(401, "invalid_code");
        assert_eq!(installation.number("SELECT mfa_failed_attempts FROM users"), 0, "{name}");
    }
}
