//! Search for the secrets of a scripted account history in the log, the database and the responses.

use data_encoding::{BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use mfa_flows::TokenKind;
use nova_mfa_tests::{ENCRYPTION_KEY, Installation, JWT_SECRET, Member, Operation, TestServer};
use serde_json::json;

const PASSWORD: &str = "Canary söng/42+é";

/// Secrets that must not occur anywhere, in every likely encoding.
#[derive(Default)]
struct Canaries {
    texts: Vec<String>,
    bytes: Vec<Vec<u8>>,
    codes: Vec<String>,
}

/// Returns a digit of percent-encoding.
fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap().to_ascii_uppercase()
}

impl Canaries {
    fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let percent: String = bytes.iter().flat_map(|byte| ['%', hex(byte >> 4), hex(byte & 15)]).collect();
        let form = url::form_urlencoded::byte_serialize(bytes).collect();
        let escaped = serde_json::to_string(text).unwrap().trim_matches('"').to_owned();
        let forms = [text.to_owned(), percent, form, escaped];
        self.texts.extend(forms.into_iter().chain(encodings(bytes)));
    }

    fn secret(&mut self, secret: &[u8]) {
        self.bytes.push(secret.to_vec());
        self.texts.extend(encodings(secret));
    }

    /// Adds a token, and its signature separately.
    fn token(&mut self, token: &str) {
        self.texts.push(token.to_owned());
        self.texts.extend(token.rsplit('.').next().map(str::to_owned));
    }

    fn assert_absent(&self, place: &str, content: &[u8]) {
        let holds = |needle: &[u8]| content.windows(needle.len()).any(|it| it == needle);
        for text in &self.texts {
            assert!(!holds(text.as_bytes()), "{text} in {place}");
        }
        for bytes in &self.bytes {
            assert!(!holds(bytes), "{bytes:?} in {place}");
        }
    }

    /// Asserts that no code occurs. Codes are short, so digits next to other digits or letters do not count.
    fn assert_no_code(&self, place: &str, log: &str) {
        let mut words = log.split(|c: char| !c.is_ascii_alphanumeric());
        let found = words.find(|word| self.codes.iter().any(|code| code == word));
        assert_eq!(found, None, "a code in {place}");
    }
}

fn encodings(bytes: &[u8]) -> impl Iterator<Item = String> {
    let base32 = BASE32_NOPAD.encode(bytes);
    let forms = [base32.to_lowercase(), base32, BASE64_NOPAD.encode(bytes), BASE64.encode(bytes)];
    forms.into_iter().chain([BASE64URL_NOPAD.encode(bytes), HEXLOWER.encode(bytes)])
}

/// Runs every operation on an account and collects its secrets.
fn run_account_history(server: &TestServer) -> Canaries {
    let mut canaries = Canaries::default();
    canaries.text(PASSWORD);
    canaries.text("wrong canary password");
    canaries.text(JWT_SECRET);
    canaries.text(ENCRYPTION_KEY);
    canaries.secret(&BASE64.decode(ENCRYPTION_KEY.as_bytes()).unwrap());
    let id = server.add_user_with_password("ada", PASSWORD);
    server.login("ada", "wrong canary password").send().assert_problem(401, "invalid_credentials");
    let access = server.login("ada", PASSWORD).send().field("access_token");

    let started = server.post("/api/mfa/totp/enroll/start", &access);
    let ada = Member::from_enrolment(id, &started);
    canaries.secret(ada.secret.expose());
    canaries.text(&started.field("secret"));
    canaries.text(&started.field("otpauth_uri"));
    let mut codes = vec![ada.wrong_code(server.now()), ada.code(server.now())];
    server.send_code("/api/mfa/totp/enroll/verify", &access, &codes[0]).assert_problem(401, "invalid_code");
    let confirmed = server.send_code("/api/mfa/totp/enroll/verify", &access, &codes[1]);
    let recovery_codes = confirmed.texts("recovery_codes");
    for code in &recovery_codes {
        canaries.text(code);
        canaries.text(&code.replace('-', ""));
    }
    server.advance(300);
    let pending = server.login("ada", PASSWORD).send().field("mfa_token");
    let wrong = ada.wrong_code(server.now());
    server.verify(&pending, &wrong).assert_problem(401, "invalid_code");
    server.verify(&pending, &format!("{wrong} ")).assert_problem(422, "invalid_field");
    let code = ada.code(server.now());
    let second = server.verify(&pending, &code).field("access_token");
    server.verify(&pending, &code).assert_problem(401, "token_spent");
    let query = format!("/api/mfa/status?access_token={second}&code={code}");
    server.client().get(&query).send().assert_problem(401, "token_missing");
    server.client().get(&format!("/{second}/{code}")).send().assert_problem(404, "not_found");
    server.client().get("/api/mfa/status").header("Cookie", &second).bearer(&second).send().ok();
    server.post("/api/mfa/token/revoke", &second).ok();
    server.get("/api/mfa/status", &second).assert_problem(401, "token_revoked");
    let third = server.login("ada", PASSWORD).send().field("mfa_token");
    let third = server.verify_recovery_code(&third, &recovery_codes[0]).field("access_token");
    let fourth = server.login("ada", PASSWORD).send().field("mfa_token");
    server.verify_recovery_code(&fourth, &recovery_codes[0]).assert_problem(401, "invalid_code");
    let next = ada.code_at(server.now(), 1);
    server.send_code("/api/mfa/totp/disable", &third, &next).ok();
    codes.extend([wrong, code, next]);
    canaries.codes = codes;
    for token in [&access, &confirmed.field("access_token"), &pending, &second, &third, &fourth] {
        canaries.token(token);
    }
    canaries
}

fn assert_no_secret_stored(canaries: &Canaries, remains: &Installation) {
    let name = remains.name;
    let log = remains.log();
    assert!(log.lines().count() > 20, "{name}: the log is the one that was written");
    canaries.assert_absent(&format!("the log on {name}"), log.as_bytes());
    canaries.assert_no_code(&format!("the log on {name}"), &log);
    let url = remains.settings().get("DATABASE_URL").unwrap();
    assert!(!log.contains(url), "{name}");
    let stored = remains.stored_bytes();
    let holds = |needle: &[u8]| stored.windows(needle.len()).any(|it| it == needle);
    assert!(holds(b"ada@example.com"), "{name}: the database is the one that was written");
    canaries.assert_absent(&format!("the database on {name}"), &stored);
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok_and(|it| it.is_object()), "{line}");
    }
}

#[test]
fn no_secret_of_an_account_appears_in_the_log_or_the_database() {
    for server in TestServer::each_with(&[("MFA_LOG_LEVEL", "trace")]) {
        let canaries = run_account_history(&server);
        assert_no_secret_stored(&canaries, &server.stop());
    }
}

const KEY: &str = "an0therL0ngIntrospectionKey+/=";
/// Phone number in national form, with spaces, and in E.164.
const NUMBER: [&str; 4] = ["+33612345678", "0612345678", "06 12 34 56 78", "612345678"];

/// No response to a user or an administrator, whatever they request, contains a secret that was sent to the server
/// before.
#[test]
fn no_secret_of_an_account_appears_in_any_response() {
    for server in TestServer::each_with(&[("INTROSPECTION_KEY", KEY)]) {
        let mut canaries = run_account_history(&server);
        canaries.text(KEY);
        canaries.text(server.installation.settings().get("DATABASE_URL").unwrap());
        let root = server.add_user("root");
        server.installation.sql(&format!("UPDATE users SET is_superuser = TRUE WHERE id = {root}"));
        let root = server.enrol_user(root);
        let (eve, codes) = server.enrol_with_codes("eve");
        canaries.secret(eve.secret.expose());
        for code in &codes {
            canaries.text(code);
            canaries.text(&code.replace('-', ""));
        }
        let fresh = |user| server.token(user, TokenKind::TwoFactors);
        let set = server.client().post("/api/mfa/phone/set").bearer(&fresh(eve.id));
        set.json(&json!({ "phone": NUMBER[0] })).send().ok();
        for number in NUMBER {
            canaries.text(number);
        }
        let mut answers = 0;
        for operation in Operation::all(server.client()) {
            for token in [fresh(root.id), KEY.to_owned(), fresh(eve.id)] {
                let call =
                    || server.client().request(&operation.method, &operation.path_for_user(eve.id.value()));
                let call =
                    || call().bearer(&token).header("X-Request-Id", "r1").header("Accept-Language", PASSWORD);
                let secrets =
                    json!({ "code": codes[0], "password": PASSWORD, "phone": NUMBER[3], "reason": codes[1] });
                for answer in [
                    operation.example(server.client(), eve.id.value()).bearer(&token).send(),
                    call().json(&secrets).send(),
                    call().json(&json!({ "code": { "code": NUMBER[0] }, "username": codes[2] })).send(),
                ] {
                    let place = format!("{} on {}", operation.name(), server.name());
                    canaries.assert_absent(&place, format!("{answer:?}").as_bytes());
                    assert!(!answer.text().contains(&token), "{place}");
                    answers += 1;
                }
            }
        }
        assert!(answers > 300, "{answers}");
    }
}
