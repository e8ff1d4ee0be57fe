//! Sends one message by the first gateway that takes it, at most once as far as anyone can tell.

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

/// How long a send takes at the most, over all gateways and the one retry.
const DEADLINE: Duration = Duration::from_secs(8);
/// With less time left than that no further try begins: it would end in doubt.
const MIN_TIME_LEFT: Duration = Duration::from_secs(1);
/// How long to wait before the retry where the provider does not say.
const DEFAULT_RETRY_DELAY: Duration = Duration::from_millis(250);

/// Circuit breaker of a gateway. After a probe dropped with its caller the next one waits: the gateway may hang.
const BREAKER: CircuitBreakerConfig = CircuitBreakerConfig::new(5, Duration::from_secs(30))
    .with_failure_rate(FailureRate { failures: 10, window: 20 })
    .wait_after_dropped_probe();

/// Waits. The only thing that a send needs of a runtime.
pub trait Sleep: Send + Sync + fmt::Debug {
    /// Is ready once this span is over.
    fn pause(&self, span: Duration) -> BoxFuture<'_, ()>;
}

/// Sends by several gateways, in their order.
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

/// What became of a send, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendReport {
    /// What became of it.
    pub delivery: DeliveryOutcome,
    /// What happened at each gateway, in order: for the log.
    pub steps: Vec<GatewayAttempt>,
}

/// What became of a send. In all cases the budget stays spent.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// A provider has taken it.
    Sent {
        /// Whose.
        gateway: &'static str,
        /// The provider's name for it.
        id: String,
    },
    /// A provider refuses the number: another one is not asked.
    NumberRefused(NumberRefusal),
    /// It may have been sent: the code stays good, and nothing is sent again by itself.
    Unknown {
        /// By whom.
        gateway: &'static str,
    },
    /// Nothing was sent.
    NotSent {
        /// After how long a provider wants to be asked again, where one says so.
        retry_after: Option<Duration>,
    },
}

/// What happened at one gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayAttempt {
    /// Which.
    pub gateway: &'static str,
    /// What.
    pub outcome: GatewayAttemptOutcome,
}

/// What happened at one gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayAttemptOutcome {
    /// It was left alone, because it has failed too often.
    CircuitOpen,
    /// It was tried.
    Tried {
        /// What became of the try.
        outcome: SendOutcome,
        /// How long it took.
        took: Duration,
    },
    /// It gave no answer before the deadline: nobody knows whether it has sent.
    TimedOut,
}

/// A gateway that may take it later.
struct Later<'a> {
    route: &'a GatewayRoute,
    after: Option<Duration>,
}

/// What the tries so far have come to.
enum Progress {
    Done(DeliveryOutcome),
    Next { after: Option<Duration>, may_retry: bool },
}

impl SmsSender {
    /// Sends by these gateways, the first one first. None: nothing is ever sent.
    pub fn new(
        gateways: impl IntoIterator<Item = Arc<dyn SmsGateway>>,
        clock: Arc<dyn Clock>,
        pause: Arc<dyn Sleep>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let route = |gateway| GatewayRoute { gateway, breaker: CircuitBreaker::new(BREAKER) };
        Self { routes: gateways.into_iter().map(route).collect(), clock, pause, entropy }
    }

    /// Whether anything could be sent now: there is a gateway that is not left alone.
    pub fn is_available(&self) -> bool {
        self.routes.iter().any(|it| !it.breaker.is_open())
    }

    /// The gateways, in the order in which they are asked.
    pub fn gateways(&self) -> impl Iterator<Item = &'static str> {
        self.routes.iter().map(|it| it.gateway.name())
    }

    /// The gateways that are left alone for now, for readiness.
    pub fn open_circuits(&self) -> impl Iterator<Item = &'static str> {
        self.routes.iter().filter(|it| it.breaker.is_open()).map(|it| it.gateway.name())
    }

    /// Sends a message, within eight seconds in all.
    ///
    /// Goes on to the next gateway where it is certain that nothing was sent and another one may do better. Where all
    /// have refused and one of them for now alone, that one is tried once more, when it asks for it, if there is still
    /// time. Never goes on where something may have been sent, or the number is at fault.
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
                Progress::Done(delivery) => return SendReport { delivery, steps },
                Progress::Next { after, may_retry } => {
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
                    Progress::Done(delivery) => return SendReport { delivery, steps },
                    Progress::Next { after, .. } => retry_after = after,
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
    ) -> Progress {
        let gateway = route.gateway.name();
        let began = self.clock.now();
        let Some(permit) = route.breaker.try_call(began) else {
            steps.push(GatewayAttempt { gateway, outcome: GatewayAttemptOutcome::CircuitOpen });
            return Progress::Next { after: None, may_retry: false };
        };
        let answer = race(route.gateway.send(message), deadline).await;
        let now = self.clock.now();
        permit.report(call_result(answer.as_ref()), now);
        let Some(outcome) = answer else {
            steps.push(GatewayAttempt { gateway, outcome: GatewayAttemptOutcome::TimedOut });
            return Progress::Done(DeliveryOutcome::Unknown { gateway });
        };
        let progress = match &outcome {
            SendOutcome::Accepted { id } => Progress::Done(DeliveryOutcome::Sent { gateway, id: id.clone() }),
            SendOutcome::Permanent(RefusalScope::User(reason)) => {
                Progress::Done(DeliveryOutcome::NumberRefused(*reason))
            }
            SendOutcome::Unknown => Progress::Done(DeliveryOutcome::Unknown { gateway }),
            SendOutcome::Permanent(RefusalScope::Operator(_)) => {
                Progress::Next { after: None, may_retry: false }
            }
            SendOutcome::Retryable { after } => Progress::Next { after: *after, may_retry: true },
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

    /// Up to a quarter of a second, so that not all who were refused together come back together. Without randomness
    /// there is none of it: that is no reason to send nothing.
    fn jitter(&self) -> Duration {
        let mut byte = [0_u8];
        let drawn = self.entropy.fill(&mut byte);
        Duration::from_millis(drawn.map_or(0, |()| u64::from(u8::from_be_bytes(byte))))
    }
}

fn wait(after: Option<Duration>) -> Duration {
    after.unwrap_or(DEFAULT_RETRY_DELAY)
}

/// A number that is refused says nothing against the gateway.
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
