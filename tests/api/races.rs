//! Races of concurrent requests over HTTP.

use std::sync::Barrier;

use nova_mfa_tests::{Answer, Member, TestServer};

/// Sends this many requests concurrently and returns the responses. A 503 with `Retry-After` is repeated at once.
fn at_once(count: usize, call: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    let barrier = Barrier::new(count);
    let (barrier, call) = (&barrier, &call);
    let persist = move |n: usize| {
        barrier.wait();
        loop {
            let answer = call(n);
            if answer.outcome() != "overloaded" {
                break answer;
            }
            assert!(answer.assert_problem(503, "overloaded").retry_after() >= 1);
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|n| scope.spawn(move || persist(n))).collect();
        threads.into_iter().map(|it| it.join().unwrap()).collect()
    })
}

fn count(answers: &[Answer], outcome: &str) -> usize {
    answers.iter().filter(|it| it.outcome() == outcome).count()
}

fn tokens(server: &TestServer, member: &Member, count: usize) -> Vec<String> {
    (0..count).map(|_| server.pending(member.id)).collect()
}

#[test]
fn of_sixty_concurrent_wrong_codes_ten_are_checked() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let (tokens, wrong) = (tokens(&server, &ada, 30), ada.wrong_code(server.now()));
        let answers = at_once(60, |n| server.verify(&tokens[n % 30], &wrong));
        assert_eq!(count(&answers, "invalid_code"), 10, "{}", server.name());
        assert_eq!(count(&answers, "account_locked"), 50, "{}", server.name());
        assert_eq!(server.failures(ada.id), 10, "{}", server.name());
        let query = "SELECT count(*) FROM mfa_events WHERE event = 'totp_verify' AND outcome = 'failure'";
        assert_eq!(server.installation.number(query), 10, "{}", server.name());
    }
}

#[test]
fn of_fifty_concurrent_submissions_of_one_code_one_succeeds() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let (tokens, code) = (tokens(&server, &ada, 50), ada.code(server.now()));
        let answers = at_once(50, |n| server.verify(&tokens[n], &code));
        assert_eq!(count(&answers, "ok"), 1, "{}", server.name());
        let others = count(&answers, "invalid_code") + count(&answers, "account_locked");
        assert_eq!(others, 49, "{}: the others are replays, and replays lock", server.name());
        let successes = "SELECT count(*) FROM mfa_events WHERE event = 'totp_verify' AND outcome = 'success'";
        assert_eq!(server.installation.number(successes), 1, "{}", server.name());
    }
}

#[test]
fn one_pending_token_yields_one_access_token_under_concurrency() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let token = server.pending(ada.id);
        let codes = [0, 1].map(|steps| ada.code_at(server.now(), steps));
        let answers = at_once(20, |n| server.verify(&token, &codes[n % 2]));
        assert_eq!(count(&answers, "ok"), 1, "{}", server.name());
        assert_eq!(count(&answers, "token_spent"), 19, "{}", server.name());
        assert_eq!(server.failures(ada.id), 0, "{}", server.name());
    }
}

#[test]
fn concurrent_requests_of_one_address_pass_up_to_its_limit() {
    for server in TestServer::each_with(&[("MFA_RATE_LIMIT_MAX", "10")]) {
        let ada = server.enrol("ada");
        let (token, wrong) = (server.pending(ada.id), ada.wrong_code(server.now()));
        let answers = at_once(40, |_| server.verify(&token, &wrong));
        assert!(count(&answers, "invalid_code") <= 10);
        assert!(count(&answers, "rate_limited") >= 30, "{}", server.name());
    }
}
