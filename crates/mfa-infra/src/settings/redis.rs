//! Settings of Redis, in which several servers share their rate limits.

use mfa_core::SecretText;
use url::Url;

use super::error::SettingsError;
use super::reader::SettingsReader;

/// Redis connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisSettings {
    /// One URL, or those of several nodes (`REDIS_URL`).
    ///
    /// In a sentinel URL, user, password and database are those of the Redis server that the sentinels monitor.
    /// `?master=NAME` selects the monitored set (default `mymaster`), and `?auth=both` sends user and password to the
    /// sentinels too.
    pub urls: Vec<SecretText>,
    /// Topology (`REDIS_MODE`).
    pub mode: RedisMode,
    /// Prefix of every key (`REDIS_PREFIX`).
    pub prefix: String,
}

/// Topology of the Redis nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisMode {
    /// Single server.
    Single,
    /// Redis Cluster; the URLs are seed nodes.
    Cluster,
    /// Server monitored by Redis Sentinel; the URLs are those of the sentinels.
    Sentinel,
}

impl RedisSettings {
    pub(super) fn read(reader: &SettingsReader<'_>) -> Result<Option<Self>, SettingsError> {
        let mode = match reader.required("REDIS_MODE")? {
            "single" => RedisMode::Single,
            "cluster" => RedisMode::Cluster,
            "sentinel" => RedisMode::Sentinel,
            _ => return Err(reader.invalid("REDIS_MODE", "use single, cluster or sentinel")),
        };
        let prefix = reader.required("REDIS_PREFIX")?;
        // Braces would select the cluster slot of a key (hash tag).
        let is_allowed = |b: u8| b.is_ascii_graphic() && !matches!(b, b'{' | b'}' | b'*');
        if prefix.len() > 64 || !prefix.bytes().all(is_allowed) {
            return Err(
                reader.invalid("REDIS_PREFIX", "use at most 64 printable ASCII characters without { } *")
            );
        }
        let Some(text) = reader.text("REDIS_URL") else { return Ok(None) };
        let urls: Vec<&str> = match mode {
            RedisMode::Single => vec![text],
            RedisMode::Cluster | RedisMode::Sentinel => text.split(',').map(str::trim).collect(),
        };
        let is_redis = |url: &&str| {
            Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "redis" | "rediss") && url.has_host())
        };
        // The fragment of the client library that switches the verification of certificates off.
        if urls.iter().any(|url| url.contains('#')) {
            return Err(SettingsError::invalid(
                "REDIS_URL",
                "ends with a fragment (#…), such as one that switches TLS verification off",
                "remove it; for a private authority set SSL_CERT_FILE to a file with its certificate",
            ));
        }
        if !urls.iter().all(is_redis) {
            return Err(SettingsError::invalid(
                "REDIS_URL",
                "is not a Redis URL",
                "use redis://HOST:6379/0, or rediss:// for TLS (for cluster and sentinel, a comma-separated list)",
            ));
        }
        let urls = urls.into_iter().map(|url| SecretText::new(url.to_owned())).collect();
        Ok(Some(Self { urls, mode, prefix: prefix.to_owned() }))
    }
}
