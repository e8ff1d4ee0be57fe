//! Contract of `Accounts`, on every adapter.

use std::sync::Arc;

use mfa_contracts::accounts::AccountsFixture;
use mfa_core::testing::MemoryAccounts;
use nova_mfa_tests::TestStore;

mod memory {
    mfa_contracts::accounts_tests!(|_| super::in_memory());
}

mod sqlite {
    mfa_contracts::accounts_tests!(|_| super::over(super::TestStore::sqlite()));
}

mod postgres {
    mfa_contracts::accounts_tests!(|_| super::over(super::TestStore::postgres()));
}

fn in_memory() -> AccountsFixture {
    let store = Arc::new(MemoryAccounts::default());
    AccountsFixture::new(store.clone(), store)
}

fn over(store: TestStore) -> AccountsFixture {
    AccountsFixture::new(store.database.clone(), store.database.clone()).with_guard(store)
}
