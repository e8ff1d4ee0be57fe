//! Log messages about SMS sends.

use std::fmt;

use mfa_core::{StoreError, UserId};
use mfa_sms::{
    DeliveryOutcome, GatewayAttempt, GatewayAttemptOutcome, LowConversion, RefusalScope, SendId, SendOutcome,
    SendReport, SmsObserver,
};
use slog::Logger;

/// Observer that logs SMS sends. It logs only classes, gateway names and durations.
pub struct SmsLogObserver {
    log: Logger,
}

impl SmsLogObserver {
    /// Creates an observer that writes to this log.
    pub const fn new(log: Logger) -> Self {
        Self { log }
    }

    /// Logs one attempt, with the reason if the gateway did not accept the message.
    fn log_attempt(&self, send: &SendId, attempt: &GatewayAttempt) {
        let (why, took) = match &attempt.outcome {
            GatewayAttemptOutcome::CircuitOpen => ("circuit open after repeated failures", None),
            GatewayAttemptOutcome::TimedOut => ("timeout: the SMS may have been sent", None),
            GatewayAttemptOutcome::Tried { outcome, took } => (reason(outcome), Some(took.as_millis())),
        };
        let took = took.and_then(|it| u64::try_from(it).ok());
        if let GatewayAttemptOutcome::Tried { outcome: SendOutcome::Accepted { .. }, .. } = attempt.outcome {
            slog::info!(self.log, "SMS accepted"; "gateway" => attempt.gateway, "send" => send.as_str(),
                "took_ms" => took);
        } else {
            slog::warn!(self.log, "SMS not accepted"; "gateway" => attempt.gateway, "why" => why,
                "send" => send.as_str(), "took_ms" => took);
        }
    }
}

/// Returns the reason of an outcome, without any text of the provider.
fn reason(outcome: &SendOutcome) -> &'static str {
    match outcome {
        SendOutcome::Accepted { .. } => "accepted",
        SendOutcome::Permanent(RefusalScope::User(problem)) => problem.as_str(),
        SendOutcome::Permanent(RefusalScope::Operator(problem)) => problem.as_str(),
        SendOutcome::Retryable { .. } => "temporary rejection: nothing was sent",
        SendOutcome::Unknown => "unclear response: the SMS may have been sent",
    }
}

impl SmsObserver for SmsLogObserver {
    fn send_finished(&self, send: &SendId, country: &str, dispatch: &SendReport) {
        for attempt in &dispatch.steps {
            self.log_attempt(send, attempt);
        }
        if let DeliveryOutcome::NotSent { .. } = dispatch.delivery {
            slog::error!(self.log, "SMS not sent: no gateway accepted it"; "country" => country,
                "send" => send.as_str());
        }
    }

    fn closed(&self, low: &LowConversion) {
        slog::error!(self.log, "SMS rejected: low conversion rate";
            "country" => &low.country, "prefix" => low.prefix.as_deref(),
            "user_id" => low.user.map(UserId::value), "purpose" => low.purpose.as_str(),
            "sent" => low.uses.sent, "used" => low.uses.used);
    }

    fn not_recorded(&self, send: &SendId, error: &StoreError) {
        slog::error!(self.log, "SMS send not recorded"; "send" => send.as_str(),
            "error" => error.to_string());
    }
}

impl fmt::Debug for SmsLogObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmsLogObserver")
    }
}
