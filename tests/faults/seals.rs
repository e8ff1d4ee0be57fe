//! Tests of encrypted values that cannot be decrypted: an error, and never "no second factor".

use mfa_flows::TokenKind;
use nova_mfa_tests::TestServer;

#[test]
fn a_secret_copied_to_another_users_row_is_not_accepted() {
    for server in TestServer::each() {
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        let copy = |past_the_guard: &str| {
            server.installation.sql(&format!(
                "UPDATE users SET totp_secret = (SELECT it.totp_secret FROM users it WHERE it.username = 'bob') \
                 {past_the_guard} WHERE username = 'ada'"
            ));
        };
        copy("");
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        server.advance(60);
        copy(", mfa_version = mfa_version + 1");
        for code in [ada.code(server.now()), bob.code(server.now())] {
            server.verify(&server.pending(ada.id), &code).assert_problem(503, "store_unavailable");
        }
        assert_eq!(server.failures(ada.id), 0, "{}: nobody guessed anything", server.name());
        let token = server.token(ada.id, TokenKind::TwoFactors);
        let status = server.get("/api/mfa/status", &token).ok();
        assert_eq!(status["totp_enabled"], true, "{}", server.name());
        server.verify(&server.pending(bob.id), &bob.code(server.now())).ok();
        let remains = server.stop();
        assert!(remains.log().contains("decrypt_fail"), "{}", remains.name);
    }
}

#[test]
fn a_tampered_secret_is_not_accepted() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let code = ada.code(server.now());
        for broken in ["substr(totp_secret, 1, length(totp_secret) - 1)", "'nonsense'", "''"] {
            let update = format!("UPDATE users SET totp_secret = {broken}, mfa_version = mfa_version + 1");
            server.installation.sql(&update);
            let answer = server.verify(&server.pending(ada.id), &code);
            assert!(answer.status >= 500, "{} {broken}: {answer:?}", server.name());
            answer.assert_problem_document();
        }
        server.client().get("/health/ready").send().ok();
    }
}
