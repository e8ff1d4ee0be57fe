//! Prometheus counters of SMS sends.

use std::fmt;
use std::sync::Arc;

use mfa_core::StoreError;
use mfa_sms::{
    DeliveryOutcome, GatewayAttempt, GatewayAttemptOutcome, LowConversion, RefusalScope, SendId, SendOutcome,
    SendReport, SmsObserver,
};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SentLabels {
    provider: String,
    country: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SendLabels {
    provider: String,
    outcome: &'static str,
    country: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GatewayAttemptLabels {
    provider: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClosedLabels {
    by: &'static str,
    country: String,
}

/// Counters of SMS.
#[derive(Clone, Debug, Default)]
pub(super) struct SmsCounters {
    sent: Family<SentLabels, Counter>,
    sends: Family<SendLabels, Counter>,
    tries: Family<GatewayAttemptLabels, Counter>,
    closed: Family<ClosedLabels, Counter>,
    not_recorded: Counter,
}

/// Label value for no provider or no country.
const NONE: &str = "none";

impl SmsCounters {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let it = Self::default();
        registry.register("mfa_sms_sent", "Total SMS accepted by a provider", it.sent.clone());
        registry.register(
            "mfa_sms_sends",
            "Total SMS requests, by provider, outcome and country",
            it.sends.clone(),
        );
        registry.register(
            "mfa_sms_tries",
            "Total send attempts at SMS providers, by outcome",
            it.tries.clone(),
        );
        registry.register(
            "mfa_sms_closed",
            "Total SMS rejected because of the low conversion rate of a prefix, country or user",
            it.closed.clone(),
        );
        registry.register(
            "mfa_sms_unrecorded",
            "Total SMS sends that could not be recorded",
            it.not_recorded.clone(),
        );
        it
    }

    pub(super) fn expect(&self, providers: &[&str], countries: &[&str]) {
        for country in countries {
            let country = (*country).to_owned();
            for provider in providers {
                let provider = (*provider).to_owned();
                let labels = SentLabels { provider: provider.clone(), country: country.clone() };
                drop(self.sent.get_or_create(&labels));
                let labels = SendLabels { provider, outcome: "sent", country: country.clone() };
                drop(self.sends.get_or_create(&labels));
            }
            drop(self.closed.get_or_create(&ClosedLabels { by: "country", country }));
        }
        for provider in providers {
            let labels = GatewayAttemptLabels { provider: (*provider).to_owned(), outcome: "accepted" };
            drop(self.tries.get_or_create(&labels));
        }
    }

    fn count_attempt(&self, step: &GatewayAttempt) {
        let outcome = match &step.outcome {
            GatewayAttemptOutcome::CircuitOpen => "left_alone",
            GatewayAttemptOutcome::TimedOut => "too_late",
            GatewayAttemptOutcome::Tried { outcome: SendOutcome::Accepted { .. }, .. } => "accepted",
            GatewayAttemptOutcome::Tried {
                outcome: SendOutcome::Permanent(RefusalScope::User(_)), ..
            } => "number_refused",
            GatewayAttemptOutcome::Tried {
                outcome: SendOutcome::Permanent(RefusalScope::Operator(_)),
                ..
            } => "refused",
            GatewayAttemptOutcome::Tried { outcome: SendOutcome::Retryable { .. }, .. } => "refused_for_now",
            GatewayAttemptOutcome::Tried { outcome: SendOutcome::Unknown, .. } => "unknown",
        };
        self.tries.get_or_create(&GatewayAttemptLabels { provider: step.gateway.to_owned(), outcome }).inc();
    }

    fn count_send(&self, country: &str, dispatch: &SendReport) {
        for step in &dispatch.steps {
            self.count_attempt(step);
        }
        let (provider, outcome) = match &dispatch.delivery {
            DeliveryOutcome::Sent { gateway, .. } => (*gateway, "sent"),
            DeliveryOutcome::Unknown { gateway } => (*gateway, "unknown"),
            DeliveryOutcome::NumberRefused(_) => (NONE, "number_refused"),
            DeliveryOutcome::NotSent { .. } => (NONE, "not_sent"),
        };
        if let DeliveryOutcome::Sent { .. } = dispatch.delivery {
            let labels = SentLabels { provider: provider.to_owned(), country: country.to_owned() };
            self.sent.get_or_create(&labels).inc();
        }
        let labels = SendLabels { provider: provider.to_owned(), outcome, country: country.to_owned() };
        self.sends.get_or_create(&labels).inc();
    }
}

/// SMS observer that counts SMS and forwards them.
pub(super) struct MeteredSmsObserver {
    counters: SmsCounters,
    observer: Arc<dyn SmsObserver>,
}

impl MeteredSmsObserver {
    pub(super) fn new(counters: SmsCounters, observer: Arc<dyn SmsObserver>) -> Self {
        Self { counters, observer }
    }
}

impl SmsObserver for MeteredSmsObserver {
    fn send_finished(&self, send: &SendId, country: &str, dispatch: &SendReport) {
        self.counters.count_send(country, dispatch);
        self.observer.send_finished(send, country, dispatch);
    }

    fn closed(&self, low: &LowConversion) {
        let by = match low {
            LowConversion { user: Some(_), .. } => "user",
            LowConversion { prefix: Some(_), .. } => "prefix",
            LowConversion { .. } => "country",
        };
        self.counters.closed.get_or_create(&ClosedLabels { by, country: low.country.clone() }).inc();
        self.observer.closed(low);
    }

    fn not_recorded(&self, send: &SendId, error: &StoreError) {
        self.counters.not_recorded.inc();
        self.observer.not_recorded(send, error);
    }
}

impl fmt::Debug for MeteredSmsObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeteredSmsObserver").field("journal", &self.observer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mfa_core::Timestamp;
    use slog::{Discard, Logger, o};

    use super::super::Metrics;
    use super::*;
    use crate::sms::SmsLogObserver;

    #[test]
    fn a_send_counts_by_provider_country_and_outcome_and_each_try_by_its_own() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let metrics = Metrics::new(now);
        metrics.expect_sms(&["ovh", "twilio"], &["FR"]);
        let observer = metrics.meter_sms(Arc::new(SmsLogObserver::new(Logger::root(Discard, o!()))));
        let id = SendId::restore("1".to_owned());
        let steps = vec![
            GatewayAttempt { gateway: "ovh", outcome: GatewayAttemptOutcome::CircuitOpen },
            GatewayAttempt {
                gateway: "twilio",
                outcome: GatewayAttemptOutcome::Tried {
                    outcome: SendOutcome::Accepted { id: "m".to_owned() },
                    took: Duration::ZERO,
                },
            },
        ];
        let delivery = DeliveryOutcome::Sent { gateway: "twilio", id: "m".to_owned() };
        observer.send_finished(&id, "FR", &SendReport { delivery, steps });
        let not_sent =
            SendReport { delivery: DeliveryOutcome::NotSent { retry_after: None }, steps: Vec::new() };
        observer.send_finished(&id, "BE", &not_sent);
        let text = metrics.render(now);
        for sample in [
            "mfa_sms_sent_total{provider=\"ovh\",country=\"FR\"} 0\n",
            "mfa_sms_sent_total{provider=\"twilio\",country=\"FR\"} 1\n",
            "mfa_sms_sends_total{provider=\"none\",outcome=\"not_sent\",country=\"BE\"} 1\n",
            "mfa_sms_tries_total{provider=\"ovh\",outcome=\"left_alone\"} 1\n",
            "mfa_sms_tries_total{provider=\"twilio\",outcome=\"accepted\"} 1\n",
        ] {
            assert!(text.contains(sample), "{sample} in {text}");
        }
    }
}
