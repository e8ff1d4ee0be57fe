//! Errors of the Redis rate limiter.

use deadpool_redis::PoolError;
use deadpool_redis::redis::RedisError;

/// Reason why Redis did not apply a limit. The text is for the log: it contains no key, no client address and no
/// password.
#[derive(Debug, thiserror::Error)]
pub(super) enum RedisLimiterError {
    #[error("no answer in time")]
    Late,
    #[error("no connection: {0}")]
    Connection(#[from] PoolError),
    #[error("rejected: {0}")]
    Refused(#[from] RedisError),
    #[error("unexpected reply")]
    Answer,
}

impl RedisLimiterError {
    /// Returns what an operator can do about it.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::Late => "check that Redis is running and near: it must answer within 200 ms",
            Self::Answer => {
                "check that REDIS_URL leads to Redis 5 or later, and that no other program writes to REDIS_PREFIX"
            }
            Self::Connection(error) => advice(&error.to_string()),
            Self::Refused(error) => advice(&error.to_string()),
        }
    }
}

/// Returns what to do about an error of the client library or of the server.
fn advice(error: &str) -> &'static str {
    let lower = error.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|it| lower.contains(it));
    if says(&[
        "wrongpass",
        "noauth",
        "authentication failed",
        "authenticationfailed",
        "invalid password",
        "without any password",
    ]) {
        "check the user and the password in REDIS_URL"
    } else if says(&["noperm", "no permissions"]) {
        "allow this Redis user EVALSHA, EVAL, SCRIPT and the keys of REDIS_PREFIX (ACL SETUSER)"
    } else if says(&["unknown command"]) {
        "use a Redis 5 or later with EVALSHA; some hosted services and rename-command in redis.conf disable it"
    } else if says(&["certificate", "tls", "ssl", "unknownissuer", "invalidcontenttype", "corrupt message"]) {
        "check that the port of REDIS_URL speaks TLS if it is rediss://, and set SSL_CERT_FILE to a file with its authority"
    } else if says(&["readonly", "read only"]) {
        "name the primary in REDIS_URL, or use REDIS_MODE=sentinel: a replica rejects writes"
    } else if says(&["moved", "crossslot", "clusterdown", "cluster support disabled"]) {
        "set REDIS_MODE to the kind of this server: single or cluster"
    } else if says(&["oom"]) {
        "raise maxmemory of Redis, or set maxmemory-policy to volatile-ttl"
    } else if says(&[
        "connection refused",
        "no such host",
        "lookup address",
        "name or service",
        "unreachable",
    ]) {
        "check the host and the port in REDIS_URL, and that Redis is running"
    } else {
        "check REDIS_URL and REDIS_MODE, and that Redis is running and accepts writes"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_fits_the_reason() {
        for (error, expected) in [
            ("Connection refused (os error 111)", "is running"),
            ("WRONGPASS invalid username-password pair", "password"),
            ("NOAUTH Authentication required.", "password"),
            ("NOPERM User x has no permissions to run the 'evalsha' command", "ACL"),
            (
                "An error was signalled by the server - ResponseError: unknown command 'EVALSHA'",
                "rename-command",
            ),
            ("invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
            ("READONLY: You can't write against a read only replica.", "primary"),
            ("MOVED 3999 127.0.0.1:6381", "REDIS_MODE"),
        ] {
            assert!(advice(error).contains(expected), "{error}: {}", advice(error));
        }
    }
}
