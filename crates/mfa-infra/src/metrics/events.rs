//! Counters of security events.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use mfa_core::{EventKind, EventSink, FactorKind, LoggedEvent, Origin, Outcome, SecurityEvent, Timestamp};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::failure_spike::FailureSpike;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabel {
    what: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    event: &'static str,
    outcome: &'static str,
    method: &'static str,
    /// `row` if the event is also stored in the database, `log` if it is only a log line.
    kept: &'static str,
}

/// Counters of events.
#[derive(Clone, Debug, Default)]
pub(super) struct EventCounters {
    totp_success: Counter,
    totp_failure: Counter,
    passkey_success: Counter,
    passkey_failure: Counter,
    sms_verify: Family<OutcomeLabel, Counter>,
    recovery_verify: Family<OutcomeLabel, Counter>,
    logins: Family<OutcomeLabel, Counter>,
    limited: Family<LimitLabel, Counter>,
    locked: Counter,
    guessing: Counter,
    tokens_revoked: Counter,
    tokens_refused: Counter,
    decrypt_failures: Counter,
    all: Family<EventLabels, Counter>,
    spikes: Counter,
    failures_last_minute: Gauge,
    spike: Arc<Mutex<FailureSpike>>,
}

impl EventCounters {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let it = Self::default();
        let mut add =
            |name: &str, help: &str, counter: &Counter| registry.register(name, help, counter.clone());
        add("mfa_totp_success", "Total TOTP verifications that succeeded", &it.totp_success);
        add(
            "mfa_totp_failure",
            "Total TOTP verifications that failed, including reused codes",
            &it.totp_failure,
        );
        add("mfa_passkey_success", "Total passkey verifications that succeeded", &it.passkey_success);
        add(
            "mfa_passkey_failure",
            "Total passkey verifications that failed, including reused assertions",
            &it.passkey_failure,
        );
        add("mfa_account_locked", "Total accounts locked after too many incorrect codes", &it.locked);
        add(
            "mfa_guessing_suspected",
            "Total accounts on which failures accumulated over several days",
            &it.guessing,
        );
        add("mfa_tokens_revoked", "Total tokens revoked before they expired", &it.tokens_revoked);
        add(
            "mfa_tokens_refused",
            "Total tokens rejected: invalid signature, already used, revoked or wrong stage",
            &it.tokens_refused,
        );
        add("mfa_decrypt_failures", "Total values that could not be decrypted", &it.decrypt_failures);
        add("mfa_failures_rising", "Total sudden increases of failures across all accounts", &it.spikes);
        registry.register(
            "mfa_sms_verify",
            "Total SMS code verifications, by outcome",
            it.sms_verify.clone(),
        );
        registry.register(
            "mfa_recovery_verify",
            "Total recovery code verifications, by outcome",
            it.recovery_verify.clone(),
        );
        registry.register("mfa_logins", "Total password logins, by outcome", it.logins.clone());
        registry.register(
            "rate_limit_exceeded",
            "Total requests rejected by a rate limit",
            it.limited.clone(),
        );
        registry.register("mfa_events", "Total security events, by type, outcome and method", it.all.clone());
        registry.register(
            "mfa_failures_last_minute",
            "Failures across all accounts in the last minute",
            it.failures_last_minute.clone(),
        );
        for family in [&it.sms_verify, &it.recovery_verify, &it.logins] {
            for outcome in [Outcome::Success, Outcome::Failure] {
                drop(family.get_or_create(&OutcomeLabel { outcome: outcome.as_str() }));
            }
        }
        for what in [CALLS, SMS] {
            drop(it.limited.get_or_create(&LimitLabel { what }));
        }
        it
    }

    /// Updates the gauges that change with time alone.
    pub(super) fn update(&self, now: Timestamp) {
        let count = self.spike.lock().unwrap_or_else(PoisonError::into_inner).last_minute(now);
        self.failures_last_minute.set(i64::from(count));
    }

    /// Counts an event. Returns whether it completes a spike of failures over all accounts.
    fn count(&self, line: &LoggedEvent<'_>) -> bool {
        let event = line.event;
        let (kind, outcome) = (event.kind, event.outcome);
        let labels = EventLabels {
            event: kind.as_str(),
            outcome: outcome.as_str(),
            method: event.method.map_or("none", FactorKind::as_str),
            kept: if line.chain.is_some() { "row" } else { "log" },
        };
        self.all.get_or_create(&labels).inc();
        match (kind, event.method) {
            (EventKind::TotpVerify, _) | (EventKind::OtpReplay, Some(FactorKind::Totp)) => {
                if outcome == Outcome::Success { &self.totp_success } else { &self.totp_failure }.inc();
            }
            (EventKind::PasskeyVerify, _) => {
                if outcome == Outcome::Success { &self.passkey_success } else { &self.passkey_failure }.inc();
            }
            (EventKind::SmsVerify, _) | (EventKind::OtpReplay, Some(FactorKind::Sms)) => {
                by_outcome(&self.sms_verify, outcome);
            }
            (EventKind::RecoveryUse, _) | (EventKind::OtpReplay, Some(FactorKind::Recovery)) => {
                by_outcome(&self.recovery_verify, outcome);
            }
            (EventKind::Login, _) => by_outcome(&self.logins, outcome),
            (EventKind::RateLimited, method) => {
                let what = if method == Some(FactorKind::Sms) { SMS } else { CALLS };
                self.limited.get_or_create(&LimitLabel { what }).inc();
            }
            (EventKind::AccountLocked, _) => drop(self.locked.inc()),
            (EventKind::GuessingSuspected, _) => drop(self.guessing.inc()),
            (EventKind::TokenRevoked, _) => drop(self.tokens_revoked.inc()),
            (EventKind::TokenRefused, _) => drop(self.tokens_refused.inc()),
            (EventKind::DecryptFail, _) => drop(self.decrypt_failures.inc()),
            _ => {}
        }
        if !is_failure(kind, outcome) {
            return false;
        }
        let is_spike = self.spike.lock().unwrap_or_else(PoisonError::into_inner).count(event.at);
        if is_spike {
            self.spikes.inc();
        }
        is_spike
    }
}

/// Values of the label `what`.
const CALLS: &str = "calls";
const SMS: &str = "sms";

fn by_outcome(family: &Family<OutcomeLabel, Counter>, outcome: Outcome) {
    family.get_or_create(&OutcomeLabel { outcome: outcome.as_str() }).inc();
}

/// Whether an event is a failed attempt, as guessing produces on any account.
fn is_failure(kind: EventKind, outcome: Outcome) -> bool {
    let is_attempt = matches!(
        kind,
        EventKind::Login
            | EventKind::TotpVerify
            | EventKind::OtpReplay
            | EventKind::SmsVerify
            | EventKind::RecoveryUse
            | EventKind::AccessPassUse
            | EventKind::TotpDisable
    );
    is_attempt && outcome == Outcome::Failure
}

/// Event sink that counts events and forwards them.
///
/// It adds an event of its own when failures rise over all accounts, which the count of no single account shows.
pub(super) struct MeteredEventSink {
    counters: EventCounters,
    log: Arc<dyn EventSink>,
}

impl MeteredEventSink {
    pub(super) fn new(counters: EventCounters, log: Arc<dyn EventSink>) -> Self {
        Self { counters, log }
    }
}

impl EventSink for MeteredEventSink {
    fn record(&self, line: LoggedEvent<'_>) {
        let is_spike = self.counters.count(&line);
        self.log.record(line);
        if is_spike {
            let (kind, at) = (EventKind::FailuresRising, line.event.at);
            let event = SecurityEvent::new(kind, Outcome::Failure, at, Origin::default());
            let line = LoggedEvent { user: None, event: &event, chain: None };
            self.counters.count(&line);
            self.log.record(line);
        }
    }
}

impl fmt::Debug for MeteredEventSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeteredEventSink").field("log", &self.log).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mfa_core::UserId;
    use mfa_core::testing::RecordingEventSink;

    use super::super::Metrics;
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn event(kind: EventKind, outcome: Outcome, method: Option<FactorKind>) -> SecurityEvent {
        SecurityEvent { method, ..SecurityEvent::new(kind, outcome, NOW, Origin::default()) }
    }

    fn line(event: &SecurityEvent) -> LoggedEvent<'_> {
        LoggedEvent { user: Some(UserId::new(7)), event, chain: Some((1, &[])) }
    }

    #[test]
    fn the_names_of_the_guide_count_what_they_say() {
        let metrics = Metrics::new(NOW);
        metrics.expect_sms(&["ovh"], &["FR"]);
        let log = metrics.meter_events(Arc::new(RecordingEventSink::default()));
        for (kind, outcome, method) in [
            (EventKind::TotpVerify, Outcome::Success, Some(FactorKind::Totp)),
            (EventKind::TotpVerify, Outcome::Failure, Some(FactorKind::Totp)),
            (EventKind::OtpReplay, Outcome::Failure, Some(FactorKind::Totp)),
            (EventKind::SmsVerify, Outcome::Success, Some(FactorKind::Sms)),
            (EventKind::RateLimited, Outcome::Refused, None),
            (EventKind::RateLimited, Outcome::Refused, Some(FactorKind::Sms)),
            (EventKind::AccountLocked, Outcome::Failure, Some(FactorKind::Totp)),
        ] {
            log.record(line(&event(kind, outcome, method)));
        }
        let text = metrics.render(NOW);
        for sample in [
            "# TYPE mfa_totp_success counter\nmfa_totp_success_total 1\n",
            "mfa_totp_failure_total 2\n",
            "mfa_sms_verify_total{outcome=\"success\"} 1\n",
            "mfa_sms_verify_total{outcome=\"failure\"} 0\n",
            "rate_limit_exceeded_total{what=\"calls\"} 1\n",
            "rate_limit_exceeded_total{what=\"sms\"} 1\n",
            "mfa_account_locked_total 1\n",
            "# TYPE mfa_sms_sent counter\n",
            "mfa_failures_last_minute 2\n",
            "mfa_events_total{event=\"totp_verify\",outcome=\"success\",method=\"totp\",kept=\"row\"} 1\n",
        ] {
            assert!(text.contains(sample), "{sample} in {text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    /// L-12: many addresses, many accounts, one try each.
    #[test]
    fn one_wrong_answer_on_each_of_many_accounts_raises_an_alert_once() {
        let metrics = Metrics::new(NOW);
        let recorded = Arc::new(RecordingEventSink::default());
        let log = metrics.meter_events(recorded.clone());
        for user in 0..500 {
            let at = NOW.plus(Duration::from_millis(user.try_into().unwrap()));
            let event = SecurityEvent { at, ..event(EventKind::TotpVerify, Outcome::Failure, None) };
            log.record(LoggedEvent { user: Some(UserId::new(user)), event: &event, chain: None });
        }
        let told = recorded.recorded();
        let alerts: Vec<_> = told.iter().filter(|it| it.event.kind == EventKind::FailuresRising).collect();
        assert_eq!((told.len(), alerts.len()), (501, 1));
        assert_eq!(alerts[0].user, None);
        let text = metrics.render(NOW.plus(Duration::from_secs(1)));
        assert!(
            text.contains("mfa_failures_rising_total 1\n") && text.contains("mfa_failures_last_minute 500\n")
        );
        assert!(metrics.render(NOW.plus(Duration::from_mins(2))).contains("mfa_failures_last_minute 0\n"));
    }
}
