//! Errors of the Redis rate limiter.

use deadpool_redis::PoolError;
use deadpool_redis::redis::RedisError;

/// Reason why Redis did not apply a limit. The text is for the log: it contains no key, no client address and no
/// password.
#[derive(Debug, thiserror::Error)]
pub(super) enum RedisLimiterError {
    #[error("no answer in time")]
    Late,
    #[error("no connection within three seconds")]
    ConnectionLate,
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
            Self::ConnectionLate => {
                "check the host and the port in REDIS_URL, and that no firewall drops the connection"
            }
            Self::Answer => {
                "check that REDIS_URL leads to Redis 5 or later, and that no other program writes to REDIS_PREFIX"
            }
            Self::Connection(error) => advice(&error.to_string()),
            Self::Refused(error) => advice(&error.to_string()),
        }
    }
}

impl RedisLimiterError {
    /// Returns whether the reason may be a port with another protocol than that of the address: with TLS, or without.
    pub(super) fn may_be_protocol(&self) -> bool {
        let text = match self {
            Self::Late | Self::ConnectionLate => return true,
            Self::Answer => return false,
            Self::Connection(error) => error.to_string(),
            Self::Refused(error) => error.to_string(),
        };
        let text = text.to_lowercase();
        let signs = [
            "timed out",
            "timeout",
            "broken",
            "reset",
            "closed",
            "eof",
            "multiplexed",
            "terminated",
            "parsing",
            "parse",
            "invalid byte",
        ];
        signs.iter().any(|it| text.contains(it)) || text.contains("corrupt message")
    }
}

/// Error of the TLS library for the certificate of an authority that a server uses as its own, in lower case.
const CA_AS_SERVER: &str = "causedasendentity";

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
    } else if says(&["not valid for name", "notvalidforname"]) {
        "use the host name in the certificate of Redis in REDIS_URL, or give Redis a certificate for this host"
    } else if says(&["certificate expired", "expired", "notvalidyet", "not valid yet"]) {
        "renew the certificate of Redis, and check the clocks of both machines"
    } else if says(&["certificaterequired", "handshakefailure", "badcertificate"]) {
        "set tls-auth-clients to no or optional in redis.conf: this service has no client certificate"
    } else if says(&[CA_AS_SERVER]) {
        "give Redis a certificate that is signed by an authority and is none itself (CA:FALSE)"
    } else if says(&["unknownissuer", "badsignature"]) {
        "set SSL_CERT_FILE to a PEM file with the authority that signed the certificate of Redis"
    } else if says(&["handshake eof"]) {
        "check the host and the port in REDIS_URL: what answers there does not use TLS"
    } else if says(&["protocolversion", "incompatible"]) {
        "let Redis accept TLS 1.2 or 1.3 (tls-protocols in redis.conf)"
    } else if says(&["certificate", "tls", "ssl", "invalidcontenttype", "corrupt message"]) {
        "check that the port of REDIS_URL speaks TLS if it is rediss://, and set SSL_CERT_FILE to a file with its authority"
    } else if says(&["readonly", "read only"]) {
        "name the primary in REDIS_URL, or use REDIS_MODE=sentinel: a replica rejects writes"
    } else if says(&["moved", "crossslot", "clusterdown", "cluster support disabled"]) {
        "set REDIS_MODE to the kind of this server: single or cluster"
    } else if says(&["does not point to a sentinel"]) {
        "name the port of the sentinels in REDIS_URL (usually 26379), or set REDIS_MODE=single"
    } else if says(&["db index is out of range", "switch database"]) {
        "correct the number of the database at the end of REDIS_URL (see databases in redis.conf)"
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
        "check that REDIS_URL and REDIS_MODE fit the server, that Redis answers on this port, and that it accepts writes"
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
            (
                "invalid peer certificate: certificate not valid for name \"x\"; certificate is only valid for y",
                "host name",
            ),
            ("invalid peer certificate: certificate expired: verification time 2", "renew"),
            ("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))", "CA:FALSE"),
            ("Address does not point to a sentinel node - InvalidClientConfig", "REDIS_MODE=single"),
            ("Server(ResponseError): DB index is out of range", "number of the database"),
            ("received fatal alert: CertificateRequired", "tls-auth-clients"),
            ("READONLY: You can't write against a read only replica.", "primary"),
            ("MOVED 3999 127.0.0.1:6381", "REDIS_MODE"),
        ] {
            assert!(advice(error).contains(expected), "{error}: {}", advice(error));
        }
    }
}
