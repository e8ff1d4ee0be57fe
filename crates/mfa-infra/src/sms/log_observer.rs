//! Sends in the log.

use std::fmt;

use mfa_core::StoreError;
use mfa_sms::{
    DeliveryOutcome, GatewayAttempt, GatewayAttemptOutcome, LowConversion, RefusalScope, SendId, SendOutcome,
    SendReport, SmsObserver,
};
use slog::Logger;

/// Tells sends to the log: classes, names of gateways and durations alone.
pub struct SmsLogObserver {
    log: Logger,
}

impl SmsLogObserver {
    /// A journal in this log.
    pub const fn new(log: Logger) -> Self {
        Self { log }
    }

    /// A gateway that did not take the message: why is what an operator looks for.
    fn step(&self, send: &SendId, step: &GatewayAttempt) {
        let (why, took) = match &step.outcome {
            GatewayAttemptOutcome::CircuitOpen => ("left alone: it has failed too often", None),
            GatewayAttemptOutcome::TimedOut => ("no answer in time: it may have sent", None),
            GatewayAttemptOutcome::Tried { outcome, took } => (reason(outcome), Some(took.as_millis())),
        };
        let took = took.and_then(|it| u64::try_from(it).ok());
        if let GatewayAttemptOutcome::Tried { outcome: SendOutcome::Accepted { .. }, .. } = step.outcome {
            slog::info!(self.log, "SMS accepted"; "gateway" => step.gateway, "send" => send.as_str(),
                "took_ms" => took);
        } else {
            slog::warn!(self.log, "SMS not accepted"; "gateway" => step.gateway, "why" => why,
                "send" => send.as_str(), "took_ms" => took);
        }
    }
}

fn reason(outcome: &SendOutcome) -> &'static str {
    match outcome {
        SendOutcome::Accepted { .. } => "accepted",
        SendOutcome::Permanent(RefusalScope::User(problem)) => problem.as_str(),
        SendOutcome::Permanent(RefusalScope::Operator(problem)) => problem.as_str(),
        SendOutcome::Retryable { .. } => "refused for now, nothing was sent",
        SendOutcome::Unknown => "no clear answer: it may have sent",
    }
}

impl SmsObserver for SmsLogObserver {
    fn dispatched(&self, send: &SendId, country: &str, dispatch: &SendReport) {
        for step in &dispatch.steps {
            self.step(send, step);
        }
        if let DeliveryOutcome::NotSent { .. } = dispatch.delivery {
            slog::error!(self.log, "SMS not sent: no gateway has taken it"; "country" => country,
                "send" => send.as_str());
        }
    }

    fn closed(&self, low: &LowConversion) {
        slog::error!(self.log, "SMS refused: too few codes come back";
            "country" => &low.country, "prefix" => low.prefix.as_deref(), "sent" => low.uses.sent,
            "used" => low.uses.used);
    }

    fn not_recorded(&self, send: &SendId, error: &StoreError) {
        slog::error!(self.log, "a send could not be recorded"; "send" => send.as_str(),
            "error" => error.to_string());
    }
}

impl fmt::Debug for SmsLogObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmsLog")
    }
}
