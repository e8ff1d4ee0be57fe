//! Contract of `Statistics`, on every adapter, and values that only the databases can hold.

use std::sync::Arc;

use mfa_contracts::statistics::StatisticsFixture;
use mfa_core::testing::MemoryAccounts;
use nova_mfa_tests::{NOON, TestStore};
use tokio::runtime::Runtime;

mod memory {
    mfa_contracts::statistics_tests!(|_| super::in_memory());
}

mod sqlite {
    mfa_contracts::statistics_tests!(|_| super::over(super::TestStore::sqlite()));
}

mod postgres {
    mfa_contracts::statistics_tests!(|_| super::over(super::TestStore::postgres()));
}

fn in_memory() -> StatisticsFixture {
    let store = Arc::new(MemoryAccounts::default());
    StatisticsFixture::without_sms(store.clone(), store.clone(), store)
}

fn over(store: TestStore) -> StatisticsFixture {
    let database = || store.database.clone();
    StatisticsFixture::new(database(), database(), database(), database()).with_guard(store)
}

#[test]
fn unconverted_values_of_the_python_service_are_counted_without_an_error() {
    for store in TestStore::each() {
        for (name, codes) in
            [("a", "'null'"), ("b", "'[\"$2b$12$x\", {\"used_at\": null}]'"), ("c", "'{\"x\":1}'")]
        {
            store.add_user(name);
            store.sql(&format!(
                "UPDATE users SET is_totp_enabled = TRUE, totp_secret = 'x', recovery_codes = {codes} \
                 WHERE username = '{name}'"
            ));
        }
        let runtime = Runtime::new().unwrap();
        let totals = runtime.block_on(store.database.totals(NOON)).unwrap();
        assert_eq!((totals.users, totals.recovery_codes_low), (3, 3), "{}", store.name);
    }
}
