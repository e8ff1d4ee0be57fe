//! Use cases over a real store, with a manual clock and real ciphers.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::testing::{ManualClock, NoLimits, TestHasher};
use mfa_core::{Origin, SecretBytes, SecretText, UserId};
use mfa_flows::{
    AcceptedStages, AdminCall, Call, Flows, PasskeyPolicy, Policy, Ports, SmsPorts, TokenKind,
    TotpEnrolmentRequest,
};
use mfa_infra::crypto::{AesGcmCipher, DerivedDigests, OsEntropy};
use mfa_infra::database::Database;
use mfa_infra::sms::{SmsLogObserver, TokioSleep};
use mfa_jwt::{SecretKey, TokenConfig, TokenKeyRing, TokenService};
use mfa_passkey::testing::SoftwareAuthenticator;
use mfa_passkey::{AuthenticationResponse, RegistrationResponse, RelyingParty, RelyingPartyConfig};
use mfa_sms::{PhoneNumber, PhonePolicy, SmsGateway, SmsLanguage, SmsSender};
use mfa_totp::{Parameters, TimeStep, TotpCode};

use crate::stores::test_keys;
use crate::{NOON, RecordingGateway, TestStore};

/// Origin of the pages that use passkeys.
const PASSKEY_ORIGIN: &str = "https://mfa.example.com";

/// Use cases over one store, without rate limits.
#[derive(Debug)]
pub struct TestFlows {
    /// Store of the accounts.
    pub store: TestStore,
    /// Use cases.
    pub flows: Arc<Flows>,
    /// Clock of the use cases.
    pub clock: Arc<ManualClock>,
    /// Gateway that records the SMS.
    pub gateway: Arc<RecordingGateway>,
}

/// User with an authenticator app.
#[derive(Clone, Debug)]
pub struct EnrolledUser {
    /// User id.
    pub user: UserId,
    /// TOTP secret of the app.
    pub secret: SecretBytes,
}

impl TestFlows {
    /// Over this store, at noon.
    pub fn new(store: TestStore) -> Self {
        Self::with_ports(store, |ports| ports)
    }

    /// Over this store, at noon, with other ports.
    pub fn with_ports(store: TestStore, adapt: impl FnOnce(Ports) -> Ports) -> Self {
        let clock = Arc::new(ManualClock::at(NOON));
        let gateway = Arc::new(RecordingGateway::default());
        let ports = ports(&store, store.database.clone(), clock.clone(), gateway.clone());
        Self { flows: flows(adapt(ports), |_| ()), store, clock, gateway }
    }

    /// Over this store, at noon, with another policy.
    pub fn with_policy(store: TestStore, adapt: impl FnOnce(&mut Policy)) -> Self {
        let clock = Arc::new(ManualClock::at(NOON));
        let gateway = Arc::new(RecordingGateway::default());
        let ports = ports(&store, store.database.clone(), clock.clone(), gateway.clone());
        Self { flows: flows(ports, adapt), store, clock, gateway }
    }

    /// The flows of a second server on the same database.
    pub fn second_server(&self) -> Arc<Flows> {
        let ports = ports(&self.store, self.store.reopen(), self.clock.clone(), self.gateway.clone());
        flows(ports, |policy| *policy = self.flows.policy().clone())
    }

    /// Creates a call with a new token of this kind.
    pub fn call(&self, user: UserId, kind: TokenKind) -> Call {
        let admin = AdminCall { actor: "test".to_owned(), reason: None, origin: Origin::default() };
        let minted = self.store.runtime.block_on(self.flows.mint_token(&admin, user, kind)).expect("a token");
        let token = minted.token.token.expose().to_owned();
        self.flows.open(Some(&token), AcceptedStages::Any, Origin::default()).expect("a good token")
    }

    /// Creates a user with an authenticator app. Advances the clock, so that the next code is unused.
    pub fn enrol(&self, name: &str) -> EnrolledUser {
        let user = self.store.add_user(name);
        let call = self.call(user, TokenKind::OneFactor);
        let enrolment = self
            .store
            .runtime
            .block_on(self.flows.start_totp_enrolment(&call, TotpEnrolmentRequest::default()));
        let base32 = enrolment.expect("an enrolment").provisioning.secret().expose().to_owned();
        let secret = mfa_totp::import_secret(&base32).expect("the secret that was shown");
        let enrolled = EnrolledUser { user, secret };
        let code = self.code(&enrolled);
        self.store.runtime.block_on(self.flows.confirm_totp_enrolment(&call, code)).expect("confirmed");
        self.clock.advance(Duration::from_secs(30));
        enrolled
    }

    /// Creates a user whose only factor is a passkey on this device.
    pub fn enrol_passkey(&self, name: &str, device: &mut SoftwareAuthenticator) -> UserId {
        let user = self.store.add_user(name);
        let call = self.call(user, TokenKind::OneFactor);
        self.register_passkey(&call, device);
        user
    }

    /// Registers a passkey on this device.
    pub fn register_passkey(&self, call: &Call, device: &mut SoftwareAuthenticator) {
        let started = self.store.runtime.block_on(self.flows.start_passkey_registration(call));
        let options = serde_json::to_string(&started.expect("options").options).expect("JSON");
        let response = device.register(&options, PASSKEY_ORIGIN).expect("a response");
        let response = RegistrationResponse::parse(response.as_bytes()).expect("a credential");
        let registered = self.flows.finish_passkey_registration(call, response, None);
        self.store.runtime.block_on(registered).expect("a registered passkey");
    }

    /// Returns the answer of this device to a new challenge.
    pub fn assertion(&self, call: &Call, device: &mut SoftwareAuthenticator) -> AuthenticationResponse {
        let started = self.store.runtime.block_on(self.flows.start_passkey_verification(call));
        let options = serde_json::to_string(&started.expect("options").options).expect("JSON");
        let response = device.authenticate(&options, PASSKEY_ORIGIN).expect("a response");
        AuthenticationResponse::parse(response.as_bytes()).expect("a credential")
    }

    /// Creates a user whose only factor is this number. Advances the clock, so that another code can be sent.
    pub fn enrol_phone(&self, name: &str, number: &str) -> UserId {
        let user = self.store.add_user(name);
        let call = self.call(user, TokenKind::OneFactor);
        let number = PhoneNumber::parse(number, "FR").expect("a number");
        let sent = self.store.runtime.block_on(self.flows.set_phone(&call, number, SmsLanguage::English));
        sent.expect("a code being sent");
        let code = self.gateway.newest_code();
        self.store.runtime.block_on(self.flows.confirm_phone(&call, code)).expect("confirmed");
        self.clock.advance(Duration::from_mins(2));
        user
    }

    /// Returns the current code.
    pub fn code(&self, enrolled: &EnrolledUser) -> TotpCode {
        use mfa_core::Clock as _;
        let step = TimeStep::at(self.clock.now());
        step.code(&enrolled.secret, Parameters::default()).expect("a time after 1970")
    }

    /// Returns a code that is wrong at every step of the window.
    pub fn wrong_code(&self, enrolled: &EnrolledUser) -> TotpCode {
        use mfa_core::Clock as _;
        let now = self.clock.now();
        let near: Vec<_> = [now.minus(mfa_totp::PERIOD), now, now.plus(mfa_totp::PERIOD)]
            .map(|at| TimeStep::at(at).code(&enrolled.secret, Parameters::default()))
            .into_iter()
            .flatten()
            .collect();
        let guesses = (0..9).map(|digit| TotpCode::parse(&digit.to_string().repeat(6)).expect("six digits"));
        guesses.into_iter().find(|code| !near.contains(code)).expect("three codes instead of nine")
    }
}

fn ports(
    store: &TestStore,
    database: Arc<dyn Database>,
    clock: Arc<ManualClock>,
    gateway: Arc<RecordingGateway>,
) -> Ports {
    let entropy = Arc::new(OsEntropy);
    let secret = SecretText::new("b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N".to_owned());
    let key = SecretKey::new(&secret).expect("a strong key");
    let tokens =
        TokenService::new(TokenConfig::new("nova-mfa", "nova", TokenKeyRing::shared_secret(key, Vec::new())));
    let pause = Arc::new(TokioSleep::new(store.runtime.handle().clone()));
    let gateways = [gateway as Arc<dyn SmsGateway>];
    let sms = SmsPorts {
        sender: Arc::new(SmsSender::new(gateways, clock.clone(), pause, entropy.clone())),
        budgets: database.clone(),
        sends: database.clone(),
        observer: Arc::new(SmsLogObserver::new(slog::Logger::root(slog::Discard, slog::o!()))),
    };
    Ports {
        accounts: database.clone(),
        users: database.clone(),
        audit_log: database.clone(),
        statistics: database,
        clock,
        entropy: entropy.clone(),
        cipher: Arc::new(AesGcmCipher::new(&test_keys(), entropy)),
        hasher: Arc::new(TestHasher),
        recovery_hasher: Arc::new(TestHasher),
        digests: Arc::new(DerivedDigests::new(&test_keys())),
        limiter: Arc::new(NoLimits),
        log: store.log.clone(),
        tokens: Arc::new(tokens.expect("a good configuration")),
        sms,
    }
}

fn flows(ports: Ports, adapt: impl FnOnce(&mut Policy)) -> Arc<Flows> {
    let phones = PhonePolicy::allowing(["FR", "BE"]).expect("two countries");
    let mut policy = Policy::default();
    policy.sms.phones = phones;
    let config = RelyingPartyConfig {
        rp_id: "mfa.example.com".to_owned(),
        rp_name: "NOVA".to_owned(),
        origins: vec!["https://mfa.example.com".to_owned()],
        ..RelyingPartyConfig::default()
    };
    let relying_party = RelyingParty::new(config).expect("a domain and its origin");
    policy.passkeys = Some(PasskeyPolicy { relying_party, max_per_user: 10 });
    adapt(&mut policy);
    Arc::new(Flows::new(ports, policy))
}
