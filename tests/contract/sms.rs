//! Contracts of `SmsBudgets` and `SmsSendLog`, on every adapter, and the sweep of large tables.

use nova_mfa_tests::{NOON, TestStore};

mod budgets {
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::sync::Arc;
    use std::time::Duration;

    use mfa_contracts::sms_budgets::SmsBudgetsFixture;
    use mfa_sms::testing::MemorySmsBudgets;
    use nova_mfa_tests::TestStore;

    mod memory {
        mfa_contracts::sms_budgets_tests!(|_| super::in_memory());
    }

    mod sqlite {
        mfa_contracts::sms_budgets_tests!(|_| super::over(super::TestStore::sqlite()));
    }

    mod postgres {
        mfa_contracts::sms_budgets_tests!(|_| super::over(super::TestStore::postgres()));
    }

    fn in_memory() -> SmsBudgetsFixture {
        SmsBudgetsFixture::in_memory(Arc::new(MemorySmsBudgets::default()))
    }

    fn over(store: TestStore) -> SmsBudgetsFixture {
        let database = store.database.clone();
        let store = Rc::new(RefCell::new(store));
        let restarted = Rc::clone(&store);
        let reopen = move || {
            let mut store = restarted.borrow_mut();
            store.database.stop(Duration::from_secs(5));
            store.database = store.reopen();
            store.database.clone() as _
        };
        SmsBudgetsFixture::new(database, reopen).with_guard(store)
    }
}

mod sends {
    use std::rc::Rc;
    use std::sync::Arc;

    use mfa_contracts::sms_send_log::{SmsSendLogFixture, StoredSend};
    use mfa_sms::testing::MemorySmsSendLog;
    use mfa_sms::{DeliveryStatus, SendId};
    use nova_mfa_tests::TestStore;

    mod memory {
        mfa_contracts::sms_send_log_tests!(|_| super::in_memory());
    }

    mod sqlite {
        mfa_contracts::sms_send_log_tests!(|_| super::over(super::TestStore::sqlite()));
    }

    mod postgres {
        mfa_contracts::sms_send_log_tests!(|_| super::over(super::TestStore::postgres()));
    }

    fn in_memory() -> SmsSendLogFixture {
        let log = Arc::new(MemorySmsSendLog::default());
        SmsSendLogFixture::new(log.clone(), move |id| {
            let state = log.state_of(id)?.as_str().to_owned();
            let arrival = log.arrival_of(id).map(|it| it.as_str().to_owned());
            Some(StoredSend { state, arrival })
        })
    }

    fn over(store: TestStore) -> SmsSendLogFixture {
        let store = Rc::new(store);
        let read = Rc::clone(&store);
        let stored = move |id: &SendId| stored(&read, id);
        SmsSendLogFixture::new(store.database.clone(), stored).with_guard(store)
    }

    /// Reads a send and demands that its arrival has a time.
    fn stored(store: &TestStore, id: &SendId) -> Option<StoredSend> {
        let id = id.as_str();
        let is = |condition: &str| {
            let condition = format!("FROM mfa_sms_sends WHERE id = '{id}' {condition}");
            store.number(&format!("SELECT count(*) {condition}")) == 1
        };
        if !is("") {
            return None;
        }
        assert!(is("AND (arrival IS NULL) = (arrival_at IS NULL)"));
        let states = ["sending", "accepted", "refused", "unknown", "not_sent"];
        let state = states.into_iter().find(|state| is(&format!("AND state = '{state}'"))).unwrap();
        let arrivals = [DeliveryStatus::Pending, DeliveryStatus::Delivered, DeliveryStatus::Failed];
        let arrival =
            arrivals.map(DeliveryStatus::as_str).into_iter().find(|it| is(&format!("AND arrival = '{it}'")));
        assert_eq!(arrival.is_none(), is("AND arrival IS NULL"));
        Some(StoredSend { state: state.to_owned(), arrival: arrival.map(str::to_owned) })
    }
}

#[test]
fn a_sweep_deletes_every_old_row_however_many_and_no_other() {
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)";
    for store in TestStore::each() {
        let time = |seconds: i64| match store.name {
            "SQLite" => (seconds * 1000).to_string(),
            _ => format!("to_timestamp({seconds})"),
        };
        let noon = NOON.seconds();
        for (name, at) in [("old", noon - 1), ("new", noon)] {
            let at = time(at);
            store.sql(&format!(
                "INSERT INTO mfa_sms_budget (scope, key, full_at) {numbers} SELECT 'ip', '{name} ' || i, {at} FROM n; \
                 INSERT INTO mfa_sms_sends (id, user_id, purpose, number, prefix, country, at, state) {numbers} \
                 SELECT '{name} ' || i, 7, 'second_factor', 'n', 'p', 'FR', {at}, 'accepted' FROM n"
            ));
        }
        assert_eq!(store.runtime.block_on(store.database.sweep(NOON, NOON)).unwrap(), 0, "{}", store.name);
        for (table, name) in [("mfa_sms_budget", "key"), ("mfa_sms_sends", "id")] {
            let count =
                |like| store.number(&format!("SELECT count(*) FROM {table} WHERE {name} LIKE '{like} %'"));
            assert_eq!((count("old"), count("new")), (0, 2_500), "{}: {table}", store.name);
        }
    }
}
