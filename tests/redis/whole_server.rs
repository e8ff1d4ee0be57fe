//! Tests of a server whose Redis is stopped, emptied or slow during work.

use std::time::Duration;

use nova_mfa_tests::{Member, TestServer, timed};
use serde_json::{Value, json};

use super::proxy::Proxy;
use super::server::RedisServer;

const NUMBER: &str = "+33612345612";

fn readiness(server: &TestServer) -> Value {
    server.client().get("/health/ready").send().ok()
}

fn right(server: &TestServer, member: &Member) -> String {
    server.verify(&server.pending(member.id), &member.code(server.now())).outcome()
}

#[test]
fn when_redis_stops_during_an_attack_the_eleventh_wrong_code_is_rejected() {
    let redis = RedisServer::start();
    let line = Proxy::to(redis.port());
    for server in TestServer::each_with(&[("REDIS_URL", line.url().as_str())]) {
        line.restore();
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        server.fail(&ada, 6);
        line.cut();
        server.fail(&ada, 4);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).assert_problem(403, "account_locked");
        assert_eq!(server.failures(ada.id), 10, "{}", server.name());
        assert_eq!(right(&server, &bob), "ok", "{}: others work on", server.name());
        let (cara, codes) = server.enrol_with_codes("cara");
        server.verify_recovery_code(&server.pending(cara.id), &codes[0]).ok();
        let ready = readiness(&server);
        assert_eq!((&ready["status"], &ready["degraded"][0]["part"]), (&json!("degraded"), &json!("redis")));
    }
}

#[test]
fn with_redis_stopped_this_server_enforces_its_share_of_the_address_limit() {
    let redis = RedisServer::start();
    let line = Proxy::to(redis.port());
    let settings = [
        ("REDIS_URL", line.url()),
        ("REDIS_PREFIX", super::own_prefix()),
        ("MFA_RATE_LIMIT_MAX", "10".to_owned()),
        ("MFA_SERVERS", "2".to_owned()),
    ];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    for (server, subject) in TestServer::each_with(&settings).into_iter().zip(["ada", "bob"]) {
        line.cut();
        let member = server.enrol(subject);
        let pending = server.pending(member.id);
        let outcomes: Vec<_> =
            (0..12).map(|_| server.verify(&pending, &member.wrong_code(server.now())).outcome()).collect();
        let checked = outcomes.iter().filter(|it| *it == "invalid_code").count();
        assert_eq!(checked, 5, "{}: {outcomes:?}", server.name());
        assert!(outcomes[5..].iter().all(|it| it == "rate_limited"), "{}: {outcomes:?}", server.name());
    }
}

#[test]
fn an_emptied_redis_restores_no_attempt_and_no_message() {
    let redis = RedisServer::start();
    for server in TestServer::each_with(&[("REDIS_URL", redis.url().as_str())]) {
        let ada = server.enrol("ada");
        let body = json!({ "phone": NUMBER });
        let set = || server.client().post("/api/mfa/phone/set").bearer(&ada.access).json(&body).send();
        for _ in 0..3 {
            set().ok();
            server.advance(60);
        }
        server.fail(&ada, 9);
        assert_eq!(redis.command(&["FLUSHALL"]), "+OK");
        set().assert_problem(429, "rate_limited");
        assert_eq!(server.outbox().len(), 3, "{}", server.name());
        server.fail(&ada, 1);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).assert_problem(403, "account_locked");
    }
}

#[test]
fn a_slow_redis_does_not_delay_logins_for_long() {
    let redis = RedisServer::start();
    let line = Proxy::to(redis.port());
    for server in TestServer::each_with(&[("REDIS_URL", line.url().as_str())]) {
        line.restore();
        let ada = server.enrol("ada");
        assert_eq!(right(&server, &ada), "ok");
        line.slow_down(Duration::from_secs(5));
        for _ in 0..4 {
            server.advance(30);
            let (outcome, took) = timed(|| right(&server, &ada));
            assert_eq!(outcome, "ok", "{}", server.name());
            // One deadline of 200 ms for pool and command, and a margin for a machine busy with other tests.
            assert!(took < Duration::from_secs(3), "{}", server.name());
        }
        server.fail(&ada, 10);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).assert_problem(403, "account_locked");
    }
}
