//! Tests that need the database server or the memory to themselves.
//!
//! Cargo runs one test binary after another, and the tests of this one run one at a time.

#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows panics, as it should")]

use std::net::Ipv6Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use mfa_core::testing::ManualClock;
use mfa_core::{
    Account, AuthenticatedToken, AuthenticatorColumn, FactorAttempt, FactorKind, FactorResult, LockoutPolicy,
    Origin, Phase, PhishingResistantPolicy, RateLimitDecision, RateLimiter as _, RateRule, Requirement,
    Stage, Timestamp, TokenDenylist, TokenId, UserId, VerificationOutcome, verify_factor,
};
use mfa_flows::TokenKind;
use mfa_infra::memory::{MemoryRateLimiter, Quota, Quotas};
use mfa_passkey::testing::SoftwareAuthenticator;
use nova_mfa_tests::{NOON, TestFlows, TestStore};

/// Returns a lock that lets one test run at a time.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the changes that a verification makes: step, success, spent token and event.
fn verification(user: UserId, at: Timestamp) -> impl FnMut(&mut Account) + Send + 'static {
    let token = AuthenticatedToken {
        user,
        id: TokenId::from_jti(&format!("{user} {at}")),
        stage: Stage::Pending,
        session: Some(1),
        issued_at: at,
        expires_at: at.plus(Duration::from_mins(5)),
        auth_time: None,
        is_superuser: false,
    };
    let attempt = FactorAttempt {
        token,
        factor: FactorKind::Totp,
        requirement: Requirement::SecondFactor,
        at,
        origin: Origin::new(None, Some("tests/1"), Some("r-1")),
        lockout: LockoutPolicy::default(),
        phishing_resistant: PhishingResistantPolicy::None,
        new_token: None,
        replaces_token: false,
    };
    move |account| {
        let verdict = verify_factor::<()>(account, &attempt, |account| {
            account.totp.last_step = Some(at.seconds() / 30);
            Ok(FactorResult::Correct)
        });
        assert!(matches!(verdict, Ok(VerificationOutcome::Verified(_))));
    }
}

/// A row as after an enrolment: encrypted secret, chain head, a first success.
const ENROLLED: &str = "INSERT INTO users (email, username, hashed_password, is_totp_enabled, totp_secret, totp_enrolled_at, \
    totp_last_step, mfa_last_success_at, mfa_last_method, mfa_internal, mfa_authenticators, recovery_codes) \
    SELECT n || '@example.com', 'user' || n, repeat('x', 97), true, repeat('s', 90), now(), 1, now(), 'totp', \
    internal, authenticators, codes FROM generate_series(1, 10000) AS n, ";

/// Lets ten thousand users with these documents log in. At least 95 of 100 updates must be HOT.
fn assert_verifications_are_hot(documents: &str) {
    // An open transaction anywhere on the server, even in another database, prevents the pruning of dead row
    // versions, and then updates leave their page.
    let store = TestStore::postgres();
    store.sql(&format!("{ENROLLED}{documents}"));
    store.sql("VACUUM ANALYZE users");
    let first = store.number("SELECT min(id) FROM users");
    let accounts = store.accounts();
    store.runtime.block_on(async {
        for round in 0..200_i64 {
            // Users log in in any order: a stride that reaches each of them once.
            let users = (round * 50..round * 50 + 50).map(|n| UserId::new(first + n * 7919 % 10_000));
            for answer in
                join_all(users.map(|user| accounts.update(user, Phase::Begin, verification(user, NOON))))
                    .await
            {
                answer.expect("stored").expect("an existing user");
            }
        }
    });
    // A session flushes its statistics when it ends.
    store.database.stop(Duration::from_secs(5));
    let count = |column: &str| {
        store.number(&format!("SELECT {column} FROM pg_stat_user_tables WHERE relname = 'users'"))
    };
    let (updated, hot) = (count("n_tup_upd"), count("n_tup_hot_upd"));
    assert_eq!(updated, 10_000);
    assert!(hot * 100 >= updated * 95, "{hot} of {updated} updates were HOT");
}

#[test]
fn at_least_95_percent_of_ten_thousand_verification_updates_are_hot() {
    let _turn = turn();
    assert_verifications_are_hot(
        "(SELECT jsonb_build_object('sv', 1, 'sv_at', 1, 'chain', jsonb_build_object('n', 2, 'mac', repeat('0', 64))) \
         AS internal, '[]'::jsonb AS authenticators, NULL::jsonb AS codes) AS row",
    );
}

#[test]
fn verification_updates_of_users_with_ten_passkeys_and_a_full_token_list_are_hot_too() {
    let _turn = turn();
    let account = owner_of_ten_passkeys();
    let column = AuthenticatorColumn { passkeys: account.passkeys, ..AuthenticatorColumn::default() };
    let [internal, codes] =
        [serde_json::to_string(&account.internal), serde_json::to_string(&account.recovery.codes)]
            .map(|it| it.expect("JSON"));
    assert!(internal.len() > 2000 && codes.len() > 500);
    assert_verifications_are_hot(&format!(
        "(SELECT '{internal}'::jsonb AS internal, '{}'::jsonb AS authenticators, '{codes}'::jsonb AS codes) AS row",
        column.to_text().expect("JSON"),
    ));
}

/// Returns an account with ten passkeys, whose token list has room for one token.
fn owner_of_ten_passkeys() -> Account {
    let world = TestFlows::new(TestStore::postgres());
    let mut devices = (0..10).map(SoftwareAuthenticator::synced);
    let user = world.enrol_passkey("ada", &mut devices.next().expect("the first of ten"));
    for mut device in devices {
        world.register_passkey(&world.call(user, TokenKind::TwoFactors), &mut device);
    }
    let accounts = world.store.accounts();
    let filled = accounts.update(user, Phase::Begin, |account| {
        let later = NOON.plus(Duration::from_hours(1));
        for n in 1..TokenDenylist::CAPACITY {
            account.spend_challenge(TokenId::from_jti(&format!("spent {n}")), later, NOON);
        }
        account.clone()
    });
    let account = world.store.runtime.block_on(filled).expect("stored").expect("an existing user");
    assert_eq!((account.passkeys.keys.len(), account.internal.session), (10, 1), "no session ended");
    account
}

/// Returns the resident memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux reports the memory");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line of it");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number")
}

#[test]
fn a_million_client_addresses_use_less_than_64_mib_and_a_busy_one_stays_limited() {
    let _turn = turn();
    let quota = Quota::new(10, Duration::from_mins(1)).expect("ten a minute");
    let quotas = Quotas {
        code_check_per_ip: quota,
        recovery_per_user: quota,
        login_per_user: quota,
        login_per_name: quota,
        login_per_ip: quota,
        regenerate_per_user: quota,
        enrol_per_user: quota,
        backup_per_user: quota,
        change_per_admin: quota,
    };
    // The clock does not advance, so no quota is restored.
    let limiter = MemoryRateLimiter::with_clock(quotas, Arc::new(ManualClock::at(NOON)));
    let take = |rule, subject: &str| futures::executor::block_on(limiter.take(rule, subject));
    let is_limited = |rule| matches!(take(rule, "hot"), RateLimitDecision::Limited { .. });
    let rules = [RateRule::CodeCheckPerIp, RateRule::LoginPerIp];
    for rule in rules {
        assert!((0..10).all(|_| !is_limited(rule)));
    }
    let before = resident();
    for n in 0..1_000_000_u128 {
        let address = format!("{}/64", Ipv6Addr::from(0x2001_0db8_u128 << 96 | n << 64));
        for rule in rules {
            let _ = take(rule, &address);
        }
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB");
    for rule in rules {
        assert!(is_limited(rule), "a hot address is forgotten in the flood: {rule:?}");
    }
}
