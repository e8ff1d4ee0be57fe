//! Tests that must have the database server to themselves: cargo runs one test binary after another.

#![cfg(test)]

use std::time::Duration;

use futures::future::join_all;
use mfa_core::{
    Account, Attempt, Check, FactorKind, LockoutPolicy, Need, Origin, Presented, Stage, Timestamp, TokenId,
    UserId, Verdict, judge,
};
use nova_mfa_tests::{NOON, TestStore};

/// What the ceremony leaves of a verification: step, success, spent token, event.
fn verification(user: UserId, at: Timestamp) -> impl FnMut(&mut Account) + Send + 'static {
    let token = Presented {
        user,
        id: TokenId::of(&format!("{user} {at}")),
        stage: Stage::Pending,
        session: Some(1),
        issued_at: at,
        expires_at: at.plus(Duration::from_mins(5)),
        auth_time: None,
    };
    let attempt = Attempt {
        token,
        factor: FactorKind::Totp,
        need: Need::SecondFactor,
        at,
        origin: Origin::new(None, Some("tests/1"), Some("r-1")),
        lockout: LockoutPolicy::default(),
    };
    move |account| {
        let verdict = judge::<()>(account, &attempt, |account| {
            account.totp.last_step = Some(at.seconds() / 30);
            Ok(Check::Right)
        });
        assert!(matches!(verdict, Ok(Verdict::Verified(_))));
    }
}

#[test]
fn ten_thousand_verifications_leave_at_least_ninety_five_in_a_hundred_updates_hot() {
    // A transaction that is open anywhere on the server, be it in another database, keeps dead versions of rows from
    // being cleared away, and updates from staying on their page.
    let store = TestStore::postgres();
    // As enrolment leaves a row: sealed secret, head of the chain, a first success.
    store.sql(
        "INSERT INTO users (email, username, hashed_password, is_totp_enabled, totp_secret, totp_enrolled_at, \
         totp_last_step, mfa_last_success_at, mfa_last_method, mfa_internal) \
         SELECT n || '@example.com', 'user' || n, repeat('x', 97), true, repeat('s', 90), now(), 1, now(), 'totp', \
         jsonb_build_object('sv', 1, 'sv_at', 1, 'chain', jsonb_build_object('n', 2, 'mac', repeat('0', 64))) \
         FROM generate_series(1, 10000) AS n",
    );
    store.sql("VACUUM ANALYZE users");
    let first = store.number("SELECT min(id) FROM users");
    let accounts = store.accounts();
    store.runtime.block_on(async {
        for round in 0..200_i64 {
            // Whoever logs in stands anywhere in the table: a stride that meets every user once.
            let users = (round * 50..round * 50 + 50).map(|n| UserId::new(first + n * 7919 % 10_000));
            for answer in join_all(users.map(|user| accounts.update(user, verification(user, NOON)))).await {
                answer.expect("stored").expect("a user who is there");
            }
        }
    });
    // Sessions report what they did when they end at the latest.
    store.database.stop(Duration::from_secs(5));
    let count = |column: &str| {
        store.number(&format!("SELECT {column} FROM pg_stat_user_tables WHERE relname = 'users'"))
    };
    let (updated, hot) = (count("n_tup_upd"), count("n_tup_hot_upd"));
    assert_eq!(updated, 10_000);
    assert!(hot * 100 >= updated * 95, "{hot} of {updated} updates were HOT");
}
