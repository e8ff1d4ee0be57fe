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

    /// Parses the script's answer to this request. `None` if it is not an answer of the script, or if the key holds
    /// something else.
    pub(super) fn verdict(&self, answer: GcraAnswer) -> Option<RateLimitDecision> {
        match answer {
            [1, left] => {
                let remaining = u32::try_from(left).ok().filter(|left| *left < self.burst)?;
                Some(RateLimitDecision::Allowed { remaining })
            }
            [0, micros] => {
                let micros = u64::try_from(micros).ok().filter(|micros| *micros > 0)?;
                Some(RateLimitDecision::Limited { retry_after: micros.div_ceil(1_000_000) })
            }
            _ => None,
        }
    }
}

/// Two numbers that the script answers to a request.
pub(super) type GcraAnswer = [i64; 2];

/// Returns one script call for several requests. The client library loads the script if the server does not know it.
pub(super) fn call<'a>(requests: impl Iterator<Item = &'a GcraRequest>) -> ScriptInvocation<'static> {
    let mut call = SCRIPT.prepare_invoke();
    for request in requests {
        call.key(&request.key).arg(request.interval_micros).arg(request.burst);
        match request.now {
            Some(now) => call.arg(now.millis().saturating_mul(1000)),
            None => call.arg(""),
        };
    }
    call
}

/// Splits the script's answer to this number of requests. `None` if it is not an answer of the script.
pub(super) fn split(answer: &Value, requests: usize) -> Option<Vec<GcraAnswer>> {
    let Value::Array(numbers) = answer else { return None };
    let pairs = numbers.chunks(2).map(|pair| match *pair {
        [Value::Int(first), Value::Int(second)] => Some([first, second]),
        _ => None,
    });
    pairs.collect::<Option<Vec<_>>>().filter(|answers| answers.len() == requests)
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
        let answer = |first, second| five_a_minute("a").verdict([first, second]);
        assert_eq!(answer(1, 4), Some(RateLimitDecision::Allowed { remaining: 4 }));
        assert_eq!(answer(1, 0), Some(RateLimitDecision::Allowed { remaining: 0 }));
        assert_eq!(answer(0, 1), Some(RateLimitDecision::Limited { retry_after: 1 }));
        assert_eq!(answer(0, 12_000_000), Some(RateLimitDecision::Limited { retry_after: 12 }));
        assert_eq!(answer(0, 12_000_001), Some(RateLimitDecision::Limited { retry_after: 13 }));
        for (first, second) in [(1, 5), (1, -1), (0, 0), (0, -1), (2, 4), (-1, 0)] {
            assert_eq!(answer(first, second), None, "{first} {second}");
        }
    }

    #[test]
    fn an_answer_is_split_into_those_of_the_requests() {
        let numbers = |numbers: &[i64]| Value::Array(numbers.iter().copied().map(Value::Int).collect());
        assert_eq!(split(&numbers(&[1, 4]), 1), Some(vec![[1, 4]]));
        assert_eq!(split(&numbers(&[1, 4, 0, 7]), 2), Some(vec![[1, 4], [0, 7]]));
        for (answer, requests) in [
            (Value::Nil, 1),
            (Value::Okay, 1),
            (Value::Int(1), 1),
            (Value::BulkString(b"1".to_vec()), 1),
            (numbers(&[]), 1),
            (numbers(&[1]), 1),
            (numbers(&[1, 4, 0]), 1),
            (numbers(&[1, 4, 0]), 2),
            (numbers(&[1, 4]), 2),
            (numbers(&[1, 4, 1, 4]), 1),
            (Value::Array(vec![Value::Int(1), Value::Nil]), 1),
            (Value::Array(vec![Value::Int(1), Value::BulkString(b"4".to_vec())]), 1),
        ] {
            assert_eq!(split(&answer, requests), None, "{answer:?}");
        }
    }
}
