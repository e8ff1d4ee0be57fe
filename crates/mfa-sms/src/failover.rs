//! SMS delivery through several gateways, with failover and at most one possible delivery.

mod race;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mfa_core::{
    BoxFuture, CallResult, CircuitBreaker, CircuitBreakerConfig, Clock, Entropy, FailureRate, Timestamp,
};

use crate::{NumberRefusal, RefusalScope, SendOutcome, SmsGateway, SmsMessage};

use race::race;

/// Deadline of a send, over all gateways and the retry.
const DEADLINE: Duration = Duration::from_secs(8);
/// Minimum time left to start another attempt. A shorter one would end with an unknown outcome.
const MIN_TIME_LEFT: Duration = Duration::from_secs(1);
/// Delay before the retry if the provider requests none.
const DEFAULT_RETRY_DELAY: Duration = Duration::from_millis(250);

/// Circuit breaker of a gateway. After a probe dropped with its caller the next one waits: the gateway may hang.
const BREAKER: CircuitBreakerConfig = CircuitBreakerConfig::new(5, Duration::from_secs(30))
    .with_failure_rate(FailureRate { failures: 10, window: 20 })
    .wait_after_dropped_probe();

/// Timer: the only runtime service that a send needs.
pub trait Sleep: Send + Sync + fmt::Debug {
    /// Returns a future that completes after this duration.
    fn pause(&self, span: Duration) -> BoxFuture<'_, ()>;
}

/// Sender of SMS messages through several gateways in order of preference.
#[derive(Debug)]
pub struct SmsSender {
    routes: Vec<GatewayRoute>,
    clock: Arc<dyn Clock>,
    pause: Arc<dyn Sleep>,
    entropy: Arc<dyn Entropy>,
}

#[derive(Debug)]
struct GatewayRoute {
    gateway: Arc<dyn SmsGateway>,
    breaker: CircuitBreaker,
}

/// Report of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendReport {
    /// Outcome of the send.
    pub delivery: DeliveryOutcome,
    /// Attempts at each gateway in order, for the log.
    pub steps: Vec<GatewayAttempt>,
}

/// Outcome of a send. The budget stays spent in every case.
///
/// Exhaustive, so that every caller handles the unknown outcome.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// A provider accepted the message.
    Sent {
        /// Name of the gateway.
        gateway: &'static str,
        /// Message ID of the provider.
        id: String,
    },
    /// A provider rejected the number. No other provider is tried.
    NumberRefused(NumberRefusal),
    /// The message may have been sent. The code stays valid, and nothing is sent again automatically.
    Unknown {
        /// Name of the gateway.
        gateway: &'static str,
    },
    /// Nothing was sent.
    NotSent {
        /// Delay that a provider requested before the next attempt.
        retry_after: Option<Duration>,
    },
}

/// Attempt at one gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayAttempt {
    /// Name of the gateway.
    pub gateway: &'static str,
    /// Outcome of the attempt.
    pub outcome: GatewayAttemptOutcome,
}

/// Outcome of an attempt at one gateway.
///
/// Exhaustive, so that metrics and failover handle each outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayAttemptOutcome {
    /// The gateway was skipped, because its circuit breaker is open.
    CircuitOpen,
    /// The gateway was called.
    Tried {
        /// Outcome of the call.
        outcome: SendOutcome,
        /// Duration of the call.
        took: Duration,
    },
    /// The gateway did not answer before the deadline. The message may have been sent.
    TimedOut,
}

/// Gateway that may accept the message after a delay.
struct Later<'a> {
    route: &'a GatewayRoute,
    after: Option<Duration>,
}

/// Progress of a send after an attempt.
enum FailoverProgress {
    Done(DeliveryOutcome),
    Next { after: Option<Duration>, may_retry: bool },
}

impl SmsSender {
    /// Creates a sender for these gateways, the preferred one first. Without gateways it sends nothing.
    pub fn new(
        gateways: impl IntoIterator<Item = Arc<dyn SmsGateway>>,
        clock: Arc<dyn Clock>,
        pause: Arc<dyn Sleep>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let route = |gateway| GatewayRoute { gateway, breaker: CircuitBreaker::new(BREAKER) };
        Self { routes: gateways.into_iter().map(route).collect(), clock, pause, entropy }
    }

    /// Returns whether at least one gateway's circuit is closed.
    pub fn is_available(&self) -> bool {
        self.routes.iter().any(|it| !it.breaker.is_open())
    }

    /// Returns the names of the gateways in order of preference.
    pub fn gateways(&self) -> impl Iterator<Item = &'static str> {
        self.routes.iter().map(|it| it.gateway.name())
    }

    /// Returns the names of the gateways whose circuit is open, for the readiness check.
    pub fn open_circuits(&self) -> impl Iterator<Item = &'static str> {
        self.routes.iter().filter(|it| it.breaker.is_open()).map(|it| it.gateway.name())
    }

    /// Sends a message within eight seconds in total.
    ///
    /// Tries the next gateway if the previous one certainly sent nothing and another one may succeed. If all gateways
    /// failed and one of them may accept the message later, that one is retried once after the delay it requested, if
    /// there is time. Never tries again if the message may have been sent or the number was rejected.
    pub async fn send(&self, message: &SmsMessage) -> SendReport {
        let started = self.clock.now();
        let mut deadline = self.pause.pause(DEADLINE);
        let mut steps = Vec::new();
        let mut later: Option<Later<'_>> = None;
        for route in &self.routes {
            if self.left(started) < MIN_TIME_LEFT {
                break;
            }
            match self.attempt(route, message, &mut deadline, &mut steps).await {
                FailoverProgress::Done(delivery) => return SendReport { delivery, steps },
                FailoverProgress::Next { after, may_retry } => {
                    let sooner = later.as_ref().is_none_or(|it| wait(after) < wait(it.after));
                    if may_retry && sooner {
                        later = Some(Later { route, after });
                    }
                }
            }
        }
        let mut retry_after = later.as_ref().and_then(|it| it.after);
        if let Some(later) = later {
            let wait = wait(later.after).saturating_add(self.jitter());
            if wait.saturating_add(MIN_TIME_LEFT) <= self.left(started)
                && race(self.pause.pause(wait), &mut deadline).await.is_some()
            {
                match self.attempt(later.route, message, &mut deadline, &mut steps).await {
                    FailoverProgress::Done(delivery) => return SendReport { delivery, steps },
                    FailoverProgress::Next { after, .. } => retry_after = after,
                }
            }
        }
        SendReport { delivery: DeliveryOutcome::NotSent { retry_after }, steps }
    }

    async fn attempt(
        &self,
        route: &GatewayRoute,
        message: &SmsMessage,
        deadline: &mut BoxFuture<'_, ()>,
        steps: &mut Vec<GatewayAttempt>,
    ) -> FailoverProgress {
        let gateway = route.gateway.name();
        let began = self.clock.now();
        let Some(permit) = route.breaker.try_call(began) else {
            steps.push(GatewayAttempt { gateway, outcome: GatewayAttemptOutcome::CircuitOpen });
            return FailoverProgress::Next { after: None, may_retry: false };
        };
        let answer = race(route.gateway.send(message), deadline).await;
        let now = self.clock.now();
        permit.report(call_result(answer.as_ref()), now);
        let Some(outcome) = answer else {
            steps.push(GatewayAttempt { gateway, outcome: GatewayAttemptOutcome::TimedOut });
            return FailoverProgress::Done(DeliveryOutcome::Unknown { gateway });
        };
        let progress = match &outcome {
            SendOutcome::Accepted { id } => {
                FailoverProgress::Done(DeliveryOutcome::Sent { gateway, id: id.clone() })
            }
            SendOutcome::Permanent(RefusalScope::User(reason)) => {
                FailoverProgress::Done(DeliveryOutcome::NumberRefused(*reason))
            }
            SendOutcome::Unknown => FailoverProgress::Done(DeliveryOutcome::Unknown { gateway }),
            SendOutcome::Permanent(RefusalScope::Operator(_)) => {
                FailoverProgress::Next { after: None, may_retry: false }
            }
            SendOutcome::Retryable { after } => FailoverProgress::Next { after: *after, may_retry: true },
        };
        steps.push(GatewayAttempt {
            gateway,
            outcome: GatewayAttemptOutcome::Tried { outcome, took: now.since(began) },
        });
        progress
    }

    fn left(&self, started: Timestamp) -> Duration {
        DEADLINE.saturating_sub(self.clock.now().since(started))
    }

    /// Returns a jitter of up to a quarter of a second, so that clients rejected together do not retry together.
    /// Without randomness it is zero, so that the message is still sent.
    fn jitter(&self) -> Duration {
        let mut byte = [0_u8];
        let drawn = self.entropy.fill(&mut byte);
        Duration::from_millis(drawn.map_or(0, |()| u64::from(u8::from_be_bytes(byte))))
    }
}

fn wait(after: Option<Duration>) -> Duration {
    after.unwrap_or(DEFAULT_RETRY_DELAY)
}

/// Returns the result for the circuit breaker. A rejected number is not a failure of the gateway.
const fn call_result(answer: Option<&SendOutcome>) -> CallResult {
    match answer {
        Some(SendOutcome::Accepted { .. } | SendOutcome::Permanent(RefusalScope::User(_))) => {
            CallResult::Success
        }
        Some(
            SendOutcome::Permanent(RefusalScope::Operator(_))
            | SendOutcome::Retryable { .. }
            | SendOutcome::Unknown,
        )
        | None => CallResult::Failure,
    }
}
