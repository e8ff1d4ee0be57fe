//! Adapters of a product without SMS: nothing can be reserved, sent or recorded.

use std::time::Duration;

use mfa_core::{BoxFuture, StoreError, StoreErrorKind, Timestamp};

use crate::{
    BudgetDecision, BudgetRequest, Conversion, ConversionQuery, ConversionRule, DeliveryStatus,
    LowConversion, SendId, SendRecord, SendReport, SendState, Sleep, SmsBudgets, SmsObserver, SmsSendLog,
};

/// Adapter of the SMS ports for an embedder that offers no codes by SMS, together with an
/// [`SmsSender`](crate::SmsSender) without gateways.
///
/// The use cases do not call it then. If something else does, it refuses, so that nothing is sent without a budget.
#[derive(Clone, Copy, Debug, Default)]
pub struct SmsDisabled;

fn refused<T: Send + 'static>() -> BoxFuture<'static, Result<T, StoreError>> {
    Box::pin(async { Err(StoreError::new(StoreErrorKind::Unavailable, "SMS is disabled")) })
}

impl SmsBudgets for SmsDisabled {
    fn reserve<'a>(&'a self, _: &'a BudgetRequest) -> BoxFuture<'a, Result<BudgetDecision, StoreError>> {
        refused()
    }
}

impl SmsSendLog for SmsDisabled {
    fn begin<'a>(&'a self, _: &'a SendRecord) -> BoxFuture<'a, Result<(), StoreError>> {
        refused()
    }

    fn settle<'a>(&'a self, _: &'a SendId, _: &'a SendState) -> BoxFuture<'a, Result<(), StoreError>> {
        refused()
    }

    fn mark_used<'a>(&'a self, _: &'a SendId, _: Timestamp) -> BoxFuture<'a, Result<(), StoreError>> {
        refused()
    }

    /// No send exists.
    fn report<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: DeliveryStatus,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async { Ok(false) })
    }

    fn conversion<'a>(&'a self, _: &'a ConversionQuery) -> BoxFuture<'a, Result<Conversion, StoreError>> {
        refused()
    }

    fn low(&self, _: ConversionRule, _: Timestamp) -> BoxFuture<'_, Result<Vec<LowConversion>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn sweep(&self, _: Timestamp, _: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async { Ok(0) })
    }
}

impl Sleep for SmsDisabled {
    fn pause(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

impl SmsObserver for SmsDisabled {
    fn send_finished(&self, _: &SendId, _: &str, _: &SendReport) {}

    fn closed(&self, _: &LowConversion) {}

    fn not_recorded(&self, _: &SendId, _: &StoreError) {}
}
