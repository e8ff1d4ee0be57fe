//! Settings of Redis, in which several servers share their rate limits.

use std::path::PathBuf;

use mfa_core::SecretText;
use url::Url;

use super::authorities;
use super::error::SettingsError;
use super::reader::SettingsReader;
use crate::quote;

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
    /// File with the certificate authorities that `rediss://` trusts (`SSL_CERT_FILE`); `None` for those of the system and of
    /// the environment.
    pub authorities: Option<PathBuf>,
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
        if mode == RedisMode::Single && text.matches("://").count() > 1 {
            return Err(SettingsError::invalid(
                "REDIS_URL",
                "has several addresses while REDIS_MODE is single",
                "set REDIS_MODE=cluster or REDIS_MODE=sentinel, or give one address",
            ));
        }
        // An unencoded `@`, `/`, `?` or `#` of a password moves the rest of it into another part.
        if urls.iter().any(|url| has_unencoded_password(url)) {
            return Err(SettingsError::invalid(
                "REDIS_URL",
                "is not a valid URL",
                "percent-encode special characters in the password (% is %25, @ is %40, / is %2F, # is %23)",
            ));
        }
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
        urls.iter().try_for_each(|url| check_parameters(url, mode))?;
        let is_tls = urls.iter().any(|url| url.to_ascii_lowercase().starts_with("rediss:"));
        let authorities = if is_tls { authorities::read(reader)? } else { None };
        // The TLS library reads the variable of the process itself, with SSL_CERT_DIR beside it.
        let authorities = authorities.filter(|_| !reader.is_in_environment(authorities::NAME));
        let urls = urls.into_iter().map(|url| SecretText::new(url.to_owned())).collect();
        Ok(Some(Self { urls, mode, prefix: prefix.to_owned(), authorities }))
    }
}

/// Rejects a parameter that has no meaning: the client library ignores it.
fn check_parameters(url: &str, mode: RedisMode) -> Result<(), SettingsError> {
    const SENTINEL: [&str; 2] = ["master", "auth"];
    let refuse = |problem: &str, remedy: &str| Err(SettingsError::invalid("REDIS_URL", problem, remedy));
    let Some((_, query)) = url.split_once('?') else { return Ok(()) };
    for parameter in query.split('&').filter(|it| !it.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name {
            "protocol" if matches!(value, "2" | "resp2" | "3" | "resp3") => {}
            "protocol" => return refuse("has an unknown protocol", "use protocol=resp2 or protocol=resp3"),
            _ if SENTINEL.contains(&name) && mode == RedisMode::Sentinel => {}
            _ if SENTINEL.contains(&name) => {
                let remedy = "remove it, or set REDIS_MODE=sentinel";
                return refuse(&format!("has the parameter {name}, which is for sentinels"), remedy);
            }
            _ => {
                let is_name =
                    name.len() <= 32 && name.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
                let shown = quote::value(name).filter(|_| is_name && !query.contains("pass"));
                let problem = shown.map_or("has an unknown parameter".to_owned(), |name| {
                    format!("has the unknown parameter {name}")
                });
                let remedy = "use protocol, and for sentinels master and auth; user, password and database are in \
                              redis://USER:PASSWORD@HOST:6379/DATABASE";
                return refuse(&problem, remedy);
            }
        }
    }
    Ok(())
}

/// Returns whether an `@` is where none belongs: the host follows the only one.
fn has_unencoded_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at(end);
    authority.matches('@').count() > 1 || after.contains('@')
}
