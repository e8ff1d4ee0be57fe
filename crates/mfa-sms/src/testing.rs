//! Adapters that live in memory: for our tests and for embedders'.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use mfa_core::{BoxFuture, StoreError, Timestamp};

use crate::{BudgetRequest, BudgetScope, BudgetVerdict, SmsBudgets};

/// Budgets in a map. Nothing survives the process.
#[derive(Debug, Default)]
pub struct MemorySmsBudgets(Mutex<HashMap<(BudgetScope, String), Timestamp>>);

impl SmsBudgets for MemorySmsBudgets {
    fn reserve<'a>(&'a self, request: &'a BudgetRequest) -> BoxFuture<'a, Result<BudgetVerdict, StoreError>> {
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
