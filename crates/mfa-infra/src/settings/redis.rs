//! The server that several processes share their limits in.

use mfa_core::SecretText;
use url::Url;

use super::SettingsError;
use super::reader::SettingsReader;

/// Redis, where `REDIS_URL` names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisSettings {
    /// `REDIS_URL`: one address, or those of several nodes. In one of sentinels, user, password and database are those
    /// of the server that they name; `?master=NAME` names its set (without it, `mymaster`), and `?auth=both` gives
    /// user and password to the sentinels too.
    pub urls: Vec<SecretText>,
    /// `REDIS_MODE`.
    pub mode: RedisMode,
    /// `REDIS_PREFIX`: the start of every key.
    pub prefix: String,
}

/// How the nodes stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedisMode {
    /// One server.
    Single,
    /// A cluster; the addresses are nodes to start from.
    Cluster,
    /// One server that sentinels name; the addresses are theirs.
    Sentinel,
}

impl RedisSettings {
    pub(super) fn read(reader: &SettingsReader<'_>) -> Result<Option<Self>, SettingsError> {
        let mode = match reader.defaulted("REDIS_MODE")? {
            "single" => RedisMode::Single,
            "cluster" => RedisMode::Cluster,
            "sentinel" => RedisMode::Sentinel,
            _ => return Err(reader.wrong("REDIS_MODE", "give single, cluster or sentinel")),
        };
        let prefix = reader.defaulted("REDIS_PREFIX")?;
        // Braces would choose the node of a cluster.
        let fits = |b: u8| b.is_ascii_graphic() && !matches!(b, b'{' | b'}' | b'*');
        if prefix.len() > 64 || !prefix.bytes().all(fits) {
            return Err(
                reader.wrong("REDIS_PREFIX", "give up to 64 letters, digits and marks, without { } *")
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
        if !urls.iter().all(is_redis) {
            return Err(SettingsError::refused(
                "REDIS_URL",
                "is no address of Redis",
                "give redis://HOST:6379/0, or rediss:// for TLS (several, by comma, for cluster and sentinel)",
            ));
        }
        let urls = urls.into_iter().map(|url| SecretText::new(url.to_owned())).collect();
        Ok(Some(Self { urls, mode, prefix: prefix.to_owned() }))
    }
}
