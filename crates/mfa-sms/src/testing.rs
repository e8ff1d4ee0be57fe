//! In-memory adapters for tests of this workspace and of embedding applications.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mfa_core::{BoxFuture, SmsPurpose, StoreError, StoreErrorKind, Timestamp, UserId};

use crate::{
    BudgetDecision, BudgetRequest, BudgetScope, CodeUsage, Conversion, ConversionQuery, ConversionRule,
    DeliveryStatus, LowConversion, SendId, SendRecord, SendState, SmsBudgets, SmsSendLog,
};

/// Shared budgets in memory.
#[derive(Debug, Default)]
pub struct MemorySmsBudgets(Mutex<HashMap<(BudgetScope, String), Timestamp>>);

impl SmsBudgets for MemorySmsBudgets {
    fn reserve<'a>(
        &'a self,
        request: &'a BudgetRequest,
    ) -> BoxFuture<'a, Result<BudgetDecision, StoreError>> {
        Box::pin(async move {
            let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let places: Vec<_> = request.lines().iter().map(|it| (it.scope, it.key.clone())).collect();
            let stored: Vec<_> = places.iter().map(|it| rows.get(it).copied()).collect();
            let settlement = request.settle(&stored);
            rows.extend(places.into_iter().zip(settlement.full_at));
            Ok(settlement.verdict)
        })
    }
}

/// Log of sends in memory. A sweep leaves [`MemorySmsBudgets`] unchanged.
#[derive(Debug, Default)]
pub struct MemorySmsSendLog(Mutex<HashMap<SendId, MemorySend>>);

#[derive(Debug)]
struct MemorySend {
    record: SendRecord,
    state: SendState,
    arrival: Option<DeliveryStatus>,
    used_at: Option<Timestamp>,
}

impl MemorySend {
    /// Returns whether the message may have been sent.
    const fn counts(&self) -> bool {
        match self.state {
            SendState::Sending | SendState::Accepted { .. } | SendState::Unknown { .. } => true,
            SendState::Refused | SendState::NotSent => false,
        }
    }

    fn is_named(&self, by: &str, name: &str) -> bool {
        matches!(&self.state, SendState::Accepted { gateway, message } if *gateway == by && message == name)
    }
}

impl MemorySmsSendLog {
    /// Returns the state of a send, or `None` if it does not exist.
    pub fn state_of(&self, id: &SendId) -> Option<SendState> {
        self.rows().get(id).map(|row| row.state.clone())
    }

    /// Returns the delivery status of a send, or `None` if none was reported.
    pub fn arrival_of(&self, id: &SendId) -> Option<DeliveryStatus> {
        self.rows().get(id).and_then(|row| row.arrival)
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<SendId, MemorySend>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nth_latest_at(rows: &[&MemorySend], nth: usize) -> Option<Timestamp> {
    let mut times: Vec<_> = rows.iter().map(|row| row.record.at).collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    times.get(nth).copied()
}

/// Returns at most this many sends of each user, the latest.
fn latest_of_each_user(mut rows: Vec<&MemorySend>, most: u32) -> Vec<&MemorySend> {
    rows.sort_unstable_by(|a, b| {
        (b.record.at, b.record.id.as_str()).cmp(&(a.record.at, a.record.id.as_str()))
    });
    let mut counts: HashMap<UserId, u32> = HashMap::new();
    rows.retain(|row| {
        let count = counts.entry(row.record.user).or_default();
        *count = count.saturating_add(1);
        *count <= most
    });
    rows
}

fn uses(rows: &[&MemorySend]) -> CodeUsage {
    rows.iter().fold(CodeUsage::default(), |uses, row| CodeUsage {
        sent: uses.sent.saturating_add(1),
        used: uses.used.saturating_add(u32::from(row.used_at.is_some())),
    })
}

impl SmsSendLog for MemorySmsSendLog {
    fn begin<'a>(&'a self, record: &'a SendRecord) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let mut rows = self.rows();
            if rows.contains_key(&record.id) {
                return Err(StoreError::new(StoreErrorKind::Unavailable, "begin send"));
            }
            let record = record.clone();
            let row = MemorySend { state: SendState::Sending, arrival: None, used_at: None, record };
            rows.insert(row.record.id.clone(), row);
            Ok(())
        })
    }

    fn settle<'a>(&'a self, id: &'a SendId, state: &'a SendState) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            if let Some(row) = self.rows().get_mut(id) {
                row.state = state.clone();
            }
            Ok(())
        })
    }

    fn mark_used<'a>(&'a self, id: &'a SendId, at: Timestamp) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            if let Some(row) = self.rows().get_mut(id) {
                row.used_at = Some(at);
            }
            Ok(())
        })
    }

    fn report<'a>(
        &'a self,
        gateway: &'a str,
        message: &'a str,
        arrival: DeliveryStatus,
        _at: Timestamp,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let mut rows = self.rows();
            let mut named = rows.values_mut().filter(|row| row.is_named(gateway, message)).peekable();
            let is_there = named.peek().is_some();
            for row in named.filter(|row| matches!(row.arrival, None | Some(DeliveryStatus::Pending))) {
                row.arrival = Some(arrival);
            }
            Ok(is_there)
        })
    }

    fn conversion<'a>(&'a self, query: &'a ConversionQuery) -> BoxFuture<'a, Result<Conversion, StoreError>> {
        Box::pin(async move {
            let rows = self.rows();
            let counted = rows.values().filter(|row| row.counts() && row.record.purpose == query.purpose);
            let recent: Vec<_> = counted.filter(|row| row.record.at > query.since).collect();
            let of = |is_in: &dyn Fn(&SendRecord) -> bool| {
                recent.iter().copied().filter(|row| is_in(&row.record)).collect::<Vec<_>>()
            };
            let prefix = latest_of_each_user(of(&|it| it.prefix == query.prefix), query.most_per_user);
            let country = latest_of_each_user(of(&|it| it.country == query.country), query.most_per_user);
            let user = of(&|it| it.user == query.user);
            let nth = usize::try_from(query.nth_latest.saturating_sub(1)).unwrap_or(usize::MAX);
            let has_converted = |row: &MemorySend| row.record.number == query.number && row.used_at.is_some();
            Ok(Conversion {
                prefix: uses(&prefix),
                country: uses(&country),
                user: uses(&user),
                prefix_nth_latest_at: nth_latest_at(&prefix, nth),
                country_nth_latest_at: nth_latest_at(&country, nth),
                user_nth_latest_at: nth_latest_at(&user, nth),
                number_has_converted: rows.values().any(has_converted),
            })
        })
    }

    fn low(
        &self,
        rule: ConversionRule,
        since: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<LowConversion>, StoreError>> {
        Box::pin(async move {
            let rows = self.rows();
            let mut groups: BTreeMap<(String, Option<String>, bool), Vec<&MemorySend>> = BTreeMap::new();
            for row in rows.values().filter(|row| row.counts() && row.record.at > since) {
                let SendRecord { country, prefix, purpose, .. } = row.record.clone();
                let is_login = purpose == SmsPurpose::SecondFactor;
                groups.entry((country.clone(), None, is_login)).or_default().push(row);
                groups.entry((country, Some(prefix), is_login)).or_default().push(row);
            }
            let all = groups.into_iter().map(|((country, prefix, is_login), rows)| LowConversion {
                country,
                prefix,
                user: None,
                purpose: if is_login { SmsPurpose::SecondFactor } else { SmsPurpose::Confirmation },
                uses: uses(&latest_of_each_user(rows, rule.max_per_user())),
            });
            Ok(all.filter(|it| rule.is_low(it.uses)).collect())
        })
    }

    fn sweep(&self, abandoned: Timestamp, old: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            let mut rows = self.rows();
            let mut given_up = 0_u64;
            for row in rows.values_mut() {
                if row.state == SendState::Sending && row.record.at < abandoned {
                    row.state = SendState::Unknown { gateway: None };
                    given_up = given_up.saturating_add(1);
                }
            }
            rows.retain(|_, row| row.record.at >= old);
            Ok(given_up)
        })
    }
}
