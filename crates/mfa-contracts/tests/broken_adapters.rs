//! Adapters with one fault each: the suites name the rules that it breaks, and no other.

#![cfg(test)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use mfa_contracts::accounts::{self, AccountsFixture};
use mfa_contracts::audit_log::{self, AuditLogFixture};
use mfa_contracts::rate_limiter::{self, RateLimiterFixture};
use mfa_contracts::sms_budgets::{self, SmsBudgetsFixture};
use mfa_contracts::sms_send_log::{self, SmsSendLogFixture, StoredSend};
use mfa_contracts::statistics::{self, StatisticsFixture};
use mfa_contracts::users::{self, UsersFixture};
use mfa_core::testing::MemoryAccounts;
use mfa_core::{
    Account, Accounts, AuditLog, AuditPage, AuditQuery, BoxFuture, Decision, IssuedTokenEvent, NewUser,
    PasswordDigest, Phase, RateLimitDecision, RateLimiter, RateRule, StoreError, StoredEvent, Timestamp,
    UserEventsQuery, UserId, Users as _,
};
use mfa_sms::testing::{MemorySmsBudgets, MemorySmsSendLog};

/// Store that forgets the last method when an account is read.
#[derive(Debug)]
struct ForgetfulAccounts(Arc<MemoryAccounts>);

impl Accounts for ForgetfulAccounts {
    fn apply(
        &self,
        user: UserId,
        phase: Phase,
        decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.0.apply(user, phase, decision)
    }

    fn find(&self, user: UserId) -> BoxFuture<'_, Result<Option<Account>, StoreError>> {
        Box::pin(async move {
            let found = self.0.find(user).await?;
            Ok(found.map(|account| Account { last_method: None, ..account }))
        })
    }
}

/// Log that shows every user the events of all.
#[derive(Debug)]
struct OpenAuditLog(Arc<MemoryAccounts>);

impl AuditLog for OpenAuditLog {
    fn list_for_user(
        &self,
        _: UserId,
        page: UserEventsQuery,
    ) -> BoxFuture<'_, Result<Vec<StoredEvent>, StoreError>> {
        Box::pin(async move {
            let query = AuditQuery::newest(page.limit);
            Ok(self.0.list_all(query).await?.events)
        })
    }

    fn list_all(&self, query: AuditQuery) -> BoxFuture<'_, Result<AuditPage, StoreError>> {
        self.0.list_all(query)
    }

    fn list_issued_tokens(
        &self,
        user: UserId,
        since: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<IssuedTokenEvent>, StoreError>> {
        self.0.list_issued_tokens(user, since)
    }
}

/// Limiter that limits nobody.
#[derive(Debug)]
struct NoLimiter;

impl RateLimiter for NoLimiter {
    fn take<'a>(&'a self, _: RateRule, _: &'a str) -> BoxFuture<'a, RateLimitDecision> {
        Box::pin(async { RateLimitDecision::Allowed { remaining: 1 } })
    }
}

/// Returns the names of the rules that a suite reports as broken.
fn broken(rules: &[&'static str], verify: impl FnOnce()) -> Vec<&'static str> {
    let panic = catch_unwind(AssertUnwindSafe(verify)).expect_err("a rule is broken");
    let message = panic.downcast_ref::<String>().unwrap();
    let is_named = |rule: &str| message.lines().any(|line| line.starts_with(&format!("{rule}: ")));
    let names: Vec<_> = rules.iter().copied().filter(|rule| is_named(rule)).collect();
    let count = format!(": {} of {} rules are broken", names.len(), rules.len());
    assert!(message.contains(&count), "{message}");
    names
}

#[test]
fn a_field_that_does_not_read_back_breaks_one_rule_of_accounts() {
    let names = broken(accounts::RULES, || {
        accounts::verify(|_| {
            let store = Arc::new(MemoryAccounts::default());
            AccountsFixture::new(Arc::new(ForgetfulAccounts(store.clone())), store)
        });
    });
    assert_eq!(names, ["everything_a_decision_stores_reads_back"]);
}

#[test]
fn events_of_others_in_a_users_list_break_one_rule_of_the_audit_log() {
    let names = broken(audit_log::RULES, || {
        audit_log::verify(|_| {
            let store = Arc::new(MemoryAccounts::default());
            AuditLogFixture::new(Arc::new(OpenAuditLog(store.clone())), store.clone(), store)
        });
    });
    assert_eq!(names, ["a_users_events_are_paginated_newest_first_without_those_of_others"]);
}

#[test]
fn a_limiter_that_limits_nobody_breaks_every_rule() {
    let names = broken(rate_limiter::RULES, || {
        rate_limiter::verify(|_| RateLimiterFixture::new(|_, _, _| Arc::new(NoLimiter)));
    });
    assert_eq!(names, rate_limiter::RULES);
}

#[test]
fn budgets_that_a_restart_resets_break_one_rule() {
    let names = broken(sms_budgets::RULES, || {
        sms_budgets::verify(|_| {
            let budgets = || Arc::new(MemorySmsBudgets::default());
            SmsBudgetsFixture::new(budgets(), move || budgets())
        });
    });
    assert_eq!(names, ["a_restart_does_not_reset_the_budgets"]);
}

#[test]
fn a_reader_that_finds_no_send_breaks_the_rules_that_look_for_one() {
    let names = broken(sms_send_log::RULES, || {
        let read = |_: &_| -> Option<StoredSend> { None };
        sms_send_log::verify(|_| SmsSendLogFixture::new(Arc::new(MemorySmsSendLog::default()), read));
    });
    let expected = [
        "sends_that_certainly_failed_are_not_counted_in_the_conversion",
        "a_delivery_report_changes_one_message_and_a_final_status_is_kept",
        "a_send_without_a_message_id_matches_no_delivery_report",
        "a_sweep_settles_abandoned_sends_as_unknown_and_deletes_old_ones",
        "a_send_id_is_used_once",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_store_that_is_not_empty_breaks_the_rules_that_count_its_users() {
    let with_a_user = |runtime: &tokio::runtime::Runtime| {
        let store = Arc::new(MemoryAccounts::default());
        let user = NewUser {
            email: "zoe@example.com".to_owned(),
            username: "zoe".to_owned(),
            full_name: None,
            digest: PasswordDigest::from_column("$2b$13$x".to_owned()),
            is_superuser: false,
            mfa_enforced: false,
            created_at: Timestamp::from_seconds(1_800_000_000),
        };
        runtime.block_on(store.insert(user)).unwrap();
        store
    };
    let names = broken(users::RULES, || users::verify(|runtime| UsersFixture::new(with_a_user(runtime))));
    let expected = [
        "a_list_continues_after_a_given_user_and_wildcards_match_literally",
        "each_word_of_a_search_is_found_without_case_and_accents",
        "pages_lead_forth_and_back_in_every_order",
        "the_kinds_of_password_hash_are_those_of_the_users",
    ];
    assert_eq!(names, expected);
    let names = broken(statistics::RULES, || {
        statistics::verify(|runtime| {
            let store = with_a_user(runtime);
            StatisticsFixture::without_sms(store.clone(), store.clone(), store)
        });
    });
    assert_eq!(names, ["totals_count_users_by_their_current_protection"]);
}
