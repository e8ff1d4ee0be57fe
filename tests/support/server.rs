//! Server in the test process, with a manual clock.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::testing::ManualClock;
use mfa_core::{Clock as _, FactorResult, Origin, Phase, SecretText, Timestamp, UserId};
use mfa_flows::{AdminCall, NewUserRequest, TokenKind};
use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};
use mfa_server::Server;
use mfa_totp::TotpCode;
use serde_json::json;

use crate::stores::add_user;
use crate::{AdminAnswer, Answer, Client, Installation, Member, NOON, Request};

const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Server of a single test, whose clock starts at [`NOON`].
#[derive(Debug)]
pub struct TestServer {
    /// Folder, database and settings.
    pub installation: Installation,
    /// Clock of the server.
    pub clock: Arc<ManualClock>,
    client: Client,
    operators: Option<Client>,
    mfa: Arc<Mfa>,
    running: Option<Server>,
}

impl TestServer {
    /// Starts a server on each database, with high rate limits.
    pub fn each() -> [Self; 2] {
        Self::each_with(&[])
    }

    /// Starts a server on each database with these settings.
    pub fn each_with(settings: &[(&str, &str)]) -> [Self; 2] {
        // The clock of PostgreSQL cannot be changed, so the clock comparison is disabled.
        let settings = [&[("MFA_MAX_CLOCK_SKEW", "0")], settings].concat();
        Installation::each(&settings).map(Self::start)
    }

    /// Starts a server on PostgreSQL with these settings.
    pub fn postgres_with(settings: &[(&str, &str)]) -> Self {
        let settings = [&[("MFA_MAX_CLOCK_SKEW", "0")], settings].concat();
        Self::start(Installation::postgres(&settings))
    }

    /// Starts a server on an existing PostgreSQL database.
    pub fn postgres_at(url: &str) -> Self {
        Self::start(Installation::postgres_at(url, &[("MFA_MAX_CLOCK_SKEW", "0")]))
    }

    /// Starts a server on this installation, which may have been used before.
    pub fn start(installation: Installation) -> Self {
        let sources = Sources { dir: installation.folder().to_owned(), env: installation.settings().clone() };
        let settings = Settings::load(&sources).expect("good settings");
        let clock = Arc::new(ManualClock::at(NOON));
        let bind = settings.server.bind;
        let mfa = Mfa::open_with(settings, clock.clone()).expect("the database of a test opens");
        let mfa = Arc::new(mfa);
        let listener = mfa_server::listen(bind).expect("127.0.0.1 has a free port");
        let running = mfa_server::serve(Arc::clone(&mfa), listener).expect("the server starts");
        let client = Client::new(running.address());
        let operators = running.ops_address().map(Client::new);
        Self { installation, clock, client, operators, mfa, running: Some(running) }
    }

    /// Returns the name of the database, for messages.
    pub const fn name(&self) -> &'static str {
        self.installation.name
    }

    /// Returns a client of the server.
    pub const fn client(&self) -> Client {
        self.client
    }

    /// Returns a client of the operator address.
    pub fn operators(&self) -> Client {
        self.operators.expect("a server with MFA_OPS_BIND")
    }

    /// Sends a `GET` with this token.
    pub fn get(&self, path: &str, token: &str) -> Answer {
        self.client.get(path).bearer(token).send()
    }

    /// Sends a `POST` with this token and no body.
    pub fn post(&self, path: &str, token: &str) -> Answer {
        self.client.post(path).bearer(token).send()
    }

    /// Sends a `POST` of a code with this token.
    pub fn send_code(&self, path: &str, token: &str, code: &str) -> Answer {
        self.client.post(path).bearer(token).code(code).send()
    }

    /// Verifies a TOTP code.
    pub fn verify(&self, token: &str, code: &str) -> Answer {
        self.send_code("/api/mfa/verify/totp", token, code)
    }

    /// Creates a login request.
    pub fn login(&self, username: &str, password: &str) -> Request {
        self.client.post("/api/auth/login").json(&json!({ "username": username, "password": password }))
    }

    /// Returns the time of the server's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Advances the clock.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Adds a user without a known password, which avoids hashing one.
    pub fn add_user(&self, name: &str) -> UserId {
        let added = add_user(self.mfa.flows().test_ports().users.as_ref(), name);
        self.mfa.block_on(added).expect("the runtime runs")
    }

    /// Adds a user with a password.
    pub fn add_user_with_password(&self, name: &str, password: &str) -> UserId {
        let request = NewUserRequest {
            email: format!("{name}@example.com"),
            username: name.to_owned(),
            full_name: None,
            password: SecretText::new(password.to_owned()),
            is_superuser: false,
            mfa_enforced: false,
        };
        let made = self.mfa.block_on(self.mfa.flows().create_user(&operator(), request));
        made.expect("the runtime runs").expect("an unused name")
    }

    /// Issues a token of this kind.
    pub fn token(&self, user: UserId, kind: TokenKind) -> String {
        let minted = self.mfa.block_on(self.mfa.flows().mint_token(&operator(), user, kind));
        let minted = minted.expect("the runtime runs").expect("an existing user");
        minted.token.token.expose().to_owned()
    }

    /// Issues a pending token.
    pub fn pending(&self, user: UserId) -> String {
        self.token(user, TokenKind::Pending)
    }

    /// Adds a user and enrols an authenticator app. Advances the clock by five minutes, so that all codes of the window
    /// are unused.
    pub fn enrol(&self, name: &str) -> Member {
        let id = self.add_user(name);
        self.enrol_user(id)
    }

    /// Enrols an authenticator app for an existing user, without HTTP and without recovery codes (slow to hash).
    pub fn enrol_user(&self, id: UserId) -> Member {
        let (ports, now) = (self.mfa.flows().test_ports(), self.now());
        let secret = mfa_totp::generate_secret(ports.entropy.as_ref()).expect("randomness");
        let member = Member { id, secret, access: self.token(id, TokenKind::TwoFactors) };
        let (enrolling, cipher) = (member.clone(), Arc::clone(&ports.cipher));
        let code = TotpCode::parse(&enrolling.code(now)).expect("six digits");
        let enrolled = ports.accounts.update(id, Phase::Begin, move |account| {
            mfa_totp::begin_enrolment(account, &enrolling.secret, now, cipher.as_ref()).is_ok()
                && mfa_totp::confirm_enrolment(account, &code, now, cipher.as_ref())
                    == Ok(FactorResult::Correct)
        });
        let enrolled = self.mfa.block_on(enrolled).expect("the runtime runs").expect("the store answers");
        assert_eq!(enrolled, Some(true));
        self.advance(300);
        member
    }

    /// Adds a user and enrols an authenticator app over HTTP. Returns the recovery codes too.
    pub fn enrol_with_codes(&self, name: &str) -> (Member, Vec<String>) {
        let id = self.add_user(name);
        let token = self.token(id, TokenKind::OneFactor);
        let mut member = Member::from_enrolment(id, &self.post("/api/mfa/totp/enroll/start", &token));
        let confirmed = self.send_code("/api/mfa/totp/enroll/verify", &token, &member.code(self.now()));
        member.access = confirmed.field("access_token");
        self.advance(300);
        (member, confirmed.texts("recovery_codes"))
    }

    /// Verifies a recovery code.
    pub fn verify_recovery_code(&self, token: &str, code: &str) -> Answer {
        self.send_code("/api/mfa/verify/recovery", token, code)
    }

    /// Submits this many wrong codes, each with a new pending token, and asserts that each is rejected.
    #[track_caller]
    pub fn fail(&self, member: &Member, times: usize) {
        for _ in 0..times {
            let wrong = member.wrong_code(self.now());
            self.verify(&self.pending(member.id), &wrong).assert_problem(401, "invalid_code");
        }
    }

    /// Returns the number of consecutive failures in the user's row.
    pub fn failures(&self, user: UserId) -> i64 {
        self.installation.number(&format!("SELECT mfa_failed_attempts FROM users WHERE id = {user}"))
    }

    /// Whether the log contains this text within two seconds: a separate thread writes the lines.
    pub fn log_contains(&self, text: &str) -> bool {
        self.installation.log_contains(text)
    }

    /// Removes the events past their retention and returns their number.
    pub fn trim_audit(&self) -> u64 {
        let (mfa, trimming) = (Arc::clone(&self.mfa), Arc::clone(&self.mfa));
        let trimmed = mfa.block_on(async move { trimming.audit().trim().await });
        trimmed.expect("the runtime runs").expect("the store answers")
    }

    /// Runs `mfa-admin` on the same database while the server runs.
    pub fn admin(&self, words: &[&str]) -> AdminAnswer {
        self.installation.admin(words, "")
    }

    /// Stops the server and returns its installation.
    pub fn stop(self) -> Installation {
        let Self { installation, mfa, running, .. } = self;
        drop(running);
        mfa.stop(STOP_TIMEOUT);
        installation
    }
}

fn operator() -> AdminCall {
    AdminCall { actor: "test".to_owned(), reason: None, origin: Origin::default() }
}
