//! Whole verification of a TOTP code on SQLite.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use mfa_core::testing::ManualClock;
use mfa_core::{FactorKind, Origin, Phase, SecretText, UserId};
use mfa_flows::AcceptedStages;
use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};
use mfa_totp::TotpCode;
use nova_mfa_tests::Installation;

use crate::NOW;
use crate::decision::{enrol, origin};
use crate::part::MeasuredPart;
use crate::sealing::{code, secret};

/// Users that one statement adds.
const ADDED_USERS: i64 = 250;

/// Verification by the use cases, as the HTTP server calls them: token, rate limit, decision, commit and new token.
#[derive(Debug)]
pub(crate) struct SqliteVerification {
    mfa: Mfa,
    origin: Origin,
    /// Users without a factor.
    users: RefCell<Range<i64>>,
    /// Folder of the database, removed last.
    installation: Installation,
}

/// Pending token of a new user, and the current code.
#[derive(Debug)]
pub(crate) struct PendingLogin {
    token: SecretText,
    code: TotpCode,
}

impl SqliteVerification {
    /// Opens an empty database in a temporary folder.
    pub(crate) fn open() -> Self {
        let installation = Installation::sqlite(&[]);
        let sources = Sources { dir: installation.folder().to_owned(), env: installation.settings().clone() };
        let settings = Settings::load(&sources).expect("valid settings");
        let mfa = Mfa::open_with(settings, Arc::new(ManualClock::at(NOW))).expect("an open database");
        Self { mfa, origin: origin(), users: RefCell::new(0..0), installation }
    }

    /// Returns a user without a factor.
    fn user(&self) -> UserId {
        let mut users = self.users.borrow_mut();
        if users.is_empty() {
            *users = self.add_users();
        }
        UserId::new(users.next().expect("users were added"))
    }

    /// Adds users by SQL and returns their IDs.
    fn add_users(&self) -> Range<i64> {
        let first = self.installation.number("SELECT COALESCE(MAX(id), 0) FROM users").saturating_add(1);
        let end = first.saturating_add(ADDED_USERS);
        self.installation.sql(&format!(
            "WITH RECURSIVE new(id) AS (SELECT {first} UNION ALL SELECT id + 1 FROM new WHERE id + 1 < {end}) \
             INSERT INTO users (id, email, username, hashed_password) \
             SELECT id, 'user' || id || '@example.com', 'user' || id, '-' FROM new"
        ));
        first..end
    }
}

impl MeasuredPart for SqliteVerification {
    type Input = PendingLogin;

    fn input(&self) -> PendingLogin {
        let ports = self.mfa.flows().test_ports();
        let (secret, cipher) = (secret(), Arc::clone(&ports.cipher));
        let code = code(&secret);
        let enrolled = ports.accounts.update(self.user(), Phase::Begin, move |account| {
            enrol(account, &secret, cipher.as_ref());
            account.subject()
        });
        let subject = self.mfa.block_on(enrolled).expect("the runtime runs").expect("the store answers");
        let subject = subject.expect("the user exists");
        let issued = ports.tokens.pending(&subject, ports.entropy.as_ref(), NOW).expect("a pending token");
        PendingLogin { token: issued.token, code }
    }

    fn run(&self, login: &mut PendingLogin) {
        let flows = self.mfa.flows();
        let opened =
            flows.open(Some(login.token.expose()), AcceptedStages::SecondFactor, self.origin.clone());
        let call = opened.expect("a valid token");
        let granted = self.mfa.block_on(async {
            flows.limit_code_checks(Some(call.token.user), &call.origin).await?;
            flows.verify_totp(&call, login.code.clone()).await?.access()
        });
        let granted = granted.expect("the runtime runs").expect("an access token");
        assert_eq!(granted.method, FactorKind::Totp);
    }
}

impl Drop for SqliteVerification {
    fn drop(&mut self) {
        self.mfa.stop(Duration::from_secs(5));
    }
}
