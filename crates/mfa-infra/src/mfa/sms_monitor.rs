//! Background task that maintains the records of SMS sends.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mfa_core::Clock;
use mfa_sms::{ConversionRule, LowConversion, SmsSendLog};
use slog::Logger;

use super::readiness::PartState;

/// Interval between two runs.
const INTERVAL: Duration = Duration::from_mins(1);
/// Age from which a send without a final state counts as abandoned.
const ABANDONED_AFTER: Duration = Duration::from_mins(1);
/// Age from which sends are removed.
const MAX_AGE: Duration = Duration::from_hours(24 * 90);

/// Background task that marks sends of stopped processes as abandoned, removes old ones, and finds prefixes and
/// countries with a low conversion rate.
#[derive(Debug)]
pub(super) struct SmsMonitor {
    sends: Arc<dyn SmsSendLog>,
    rule: ConversionRule,
    clock: Arc<dyn Clock>,
    log: Logger,
    low: Mutex<Vec<LowConversion>>,
}

impl SmsMonitor {
    pub(super) fn new(
        sends: Arc<dyn SmsSendLog>,
        rule: ConversionRule,
        clock: Arc<dyn Clock>,
        log: Logger,
    ) -> Self {
        Self { sends, rule, clock, log, low: Mutex::default() }
    }

    /// Runs now and every minute.
    pub(super) async fn run(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.sweep().await;
            self.check_conversion().await;
        }
    }

    /// Marks abandoned sends and removes old ones.
    async fn sweep(&self) {
        let now = self.clock.now();
        match self.sends.sweep(now.minus(ABANDONED_AFTER), now.minus(MAX_AGE)).await {
            Ok(0) => {}
            Ok(abandoned) => {
                slog::warn!(self.log, "SMS sends without a recorded result: they may have been sent"; "sends" => abandoned);
            }
            Err(error) => {
                slog::error!(self.log, "cannot check unfinished SMS sends"; "error" => error.to_string());
            }
        }
    }

    /// Finds low conversion rates now and logs new ones. Readiness calls it too, to report the current state.
    pub(super) async fn check_conversion(&self) -> PartState {
        let since = self.rule.since(self.clock.now());
        let Ok(now_low) = self.sends.low(self.rule, since).await else { return PartState::Ready };
        let is_low = !now_low.is_empty();
        let before = self.replace_low(&now_low);
        let same = |a: &LowConversion, b: &LowConversion| {
            (&a.country, &a.prefix, a.purpose) == (&b.country, &b.prefix, b.purpose)
        };
        for low in now_low.iter().filter(|low| !before.iter().any(|it| same(it, low))) {
            slog::error!(self.log, "low SMS conversion rate"; "country" => &low.country,
                "prefix" => low.prefix.as_deref(), "purpose" => low.purpose.as_str(),
                "sent" => low.uses.sent, "used" => low.uses.used);
        }
        if is_low {
            PartState::Degraded("low SMS conversion rate of a country or a prefix")
        } else {
            PartState::Ready
        }
    }

    /// Returns how many prefixes and countries had a low conversion rate at the last check.
    pub(super) fn low_conversions(&self) -> usize {
        self.low.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Stores the current findings and returns the previous ones.
    fn replace_low(&self, now_low: &[LowConversion]) -> Vec<LowConversion> {
        let mut low = self.low.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *low, now_low.to_vec())
    }
}
