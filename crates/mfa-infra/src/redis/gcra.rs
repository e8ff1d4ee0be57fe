//! GCRA script call for one attempt.

use std::sync::LazyLock;

use data_encoding::HEXLOWER;
use deadpool_redis::redis::{Script, ScriptInvocation, Value};
use mfa_core::{RateLimitDecision, RateRule, Timestamp};
use sha2::{Digest, Sha256};

use crate::memory::Quota;

static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("gcra.lua")));

/// Attempt of a subject, or a check whether the server can apply limits.
#[derive(Clone, Debug)]
pub(super) struct GcraRequest {
    key: String,
    interval_micros: u64,
    burst: u32,
    now: Option<Timestamp>,
}

impl GcraRequest {
    /// Creates the request for this subject. The time is the server's own unless `now` is given.
    ///
    /// The key is `<prefix>{<rule>:<first half of the subject's SHA-256>}`. So Redis holds no name and no address,
    /// and the braces keep the key on one node of a cluster.
    pub(super) fn new(
        prefix: &str,
        rule: RateRule,
        subject: &str,
        quota: Quota,
        now: Option<Timestamp>,
    ) -> Self {
        let digest = Sha256::digest(subject);
        let half = digest.first_chunk::<16>().map(|half| HEXLOWER.encode(half)).unwrap_or_default();
        // Rounded up: too strict by a fraction of a microsecond, never too loose.
        let micros = quota.interval().as_nanos().div_ceil(1000);
        Self {
            key: format!("{prefix}{{{}:{half}}}", rule.as_str()),
            interval_micros: u64::try_from(micros).unwrap_or(u64::MAX),
            burst: quota.max().get(),
            now,
        }
    }

    /// Creates a health check with a key that expires after a second. Unlike PING, it proves that the user may run
    /// the script and that the server accepts writes.
    pub(super) fn of_nobody(prefix: &str) -> Self {
        Self { key: format!("{prefix}{{check}}"), interval_micros: 1, burst: 1, now: None }
    }

    /// Returns the script call. The client library loads the script if the server does not know it.
    pub(super) fn call(&self) -> ScriptInvocation<'static> {
        let mut call = SCRIPT.key(&self.key);
        call.arg(self.interval_micros).arg(self.burst);
        if let Some(now) = self.now {
            call.arg(now.millis().saturating_mul(1000));
        }
        call
    }

    /// Parses the script's answer. `None` if it is not an answer of the script.
    pub(super) fn verdict(&self, answer: &Value) -> Option<RateLimitDecision> {
        let Value::Array(parts) = answer else { return None };
        match *parts.as_slice() {
            [Value::Int(1), Value::Int(left)] => {
                let remaining = u32::try_from(left).ok().filter(|left| *left < self.burst)?;
                Some(RateLimitDecision::Allowed { remaining })
            }
            [Value::Int(0), Value::Int(micros)] => {
                let micros = u64::try_from(micros).ok().filter(|micros| *micros > 0)?;
                Some(RateLimitDecision::Limited { retry_after: micros.div_ceil(1_000_000) })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn five_a_minute(subject: &str) -> GcraRequest {
        let quota = Quota::new(5, Duration::from_mins(1)).unwrap();
        GcraRequest::new("nova-mfa:", RateRule::CodeCheckPerIp, subject, quota, None)
    }

    #[test]
    fn a_key_tells_the_rule_and_nothing_of_the_subject() {
        let key = five_a_minute("192.0.2.1").key;
        let digest = key.strip_prefix("nova-mfa:{code-ip:").unwrap().strip_suffix('}').unwrap();
        assert_eq!(digest.len(), 32);
        assert!(digest.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(five_a_minute("} {\0").key.len(), key.len());
    }

    #[test]
    fn an_interval_of_a_fraction_is_rounded_up() {
        let quota = Quota::new(7, Duration::from_mins(1)).unwrap();
        assert_eq!(GcraRequest::new("", RateRule::LoginPerIp, "", quota, None).interval_micros, 8_571_429);
        let quota = Quota::new(u32::MAX, Duration::from_mins(1)).unwrap();
        assert_eq!(GcraRequest::new("", RateRule::LoginPerIp, "", quota, None).interval_micros, 1);
    }

    #[test]
    fn an_answer_of_the_script_is_understood() {
        let answer = |first, second| {
            five_a_minute("a").verdict(&Value::Array(vec![Value::Int(first), Value::Int(second)]))
        };
        assert_eq!(answer(1, 4), Some(RateLimitDecision::Allowed { remaining: 4 }));
        assert_eq!(answer(1, 0), Some(RateLimitDecision::Allowed { remaining: 0 }));
        assert_eq!(answer(0, 1), Some(RateLimitDecision::Limited { retry_after: 1 }));
        assert_eq!(answer(0, 12_000_000), Some(RateLimitDecision::Limited { retry_after: 12 }));
        assert_eq!(answer(0, 12_000_001), Some(RateLimitDecision::Limited { retry_after: 13 }));
    }

    #[test]
    fn any_other_answer_is_none() {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        for answer in [
            Value::Nil,
            Value::Okay,
            Value::Int(1),
            text("1"),
            Value::Array(vec![]),
            Value::Array(vec![Value::Int(1)]),
            Value::Array(vec![Value::Int(1), Value::Nil]),
            Value::Array(vec![Value::Int(1), text("4")]),
            Value::Array(vec![Value::Int(1), Value::Int(5)]),
            Value::Array(vec![Value::Int(1), Value::Int(-1)]),
            Value::Array(vec![Value::Int(0), Value::Int(0)]),
            Value::Array(vec![Value::Int(0), Value::Int(-1)]),
            Value::Array(vec![Value::Int(2), Value::Int(4)]),
            Value::Array(vec![Value::Int(1), Value::Int(4), Value::Int(0)]),
        ] {
            assert_eq!(five_a_minute("a").verdict(&answer), None, "{answer:?}");
        }
    }
}
