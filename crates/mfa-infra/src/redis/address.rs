//! Conversion of `REDIS_URL` to the connection settings of the client library.

use std::fmt;

use deadpool_redis::redis::{
    ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, RedisError,
};
use deadpool_redis::sentinel::{SentinelNodeConnectionInfo, TlsMode};
use mfa_core::SecretText;
use url::Url;

use crate::settings::{RedisMode, RedisSettings};

/// Default name of a server group in the documentation of Redis Sentinel.
const MASTER: &str = "mymaster";
const SENTINEL_PORT: u16 = 26379;

/// Error for an address that the Redis client cannot use.
#[derive(Debug, thiserror::Error)]
#[error(
    "REDIS_URL cannot be used ({0}): give redis://:PASSWORD@HOST:6379/0, or rediss:// for TLS; sentinels also take \
     ?master=NAME"
)]
pub struct AddressError(String);

impl AddressError {
    pub(super) fn with_source(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

/// The library's error describes the problem and does not contain the address.
impl From<RedisError> for AddressError {
    fn from(error: RedisError) -> Self {
        Self::with_source(error)
    }
}

/// Sentinels, and the server group that they monitor.
#[derive(Debug)]
pub(super) struct SentinelConfig {
    pub(super) addresses: Vec<ConnectionInfo>,
    pub(super) master: String,
    pub(super) server: SentinelNodeConnectionInfo,
}

/// Parses the address of one server, or of one node of a cluster.
pub(super) fn server(url: &SecretText) -> Result<ConnectionInfo, AddressError> {
    Ok(url.expose().into_connection_info()?)
}

/// Returns the first address: of a server, a node or a sentinel.
pub(super) fn first(settings: &RedisSettings) -> Result<Option<ConnectionInfo>, AddressError> {
    match settings.mode {
        RedisMode::Single | RedisMode::Cluster => settings.urls.first().map(server).transpose(),
        RedisMode::Sentinel => Ok(sentinels(&settings.urls)?.addresses.into_iter().next()),
    }
}

/// Parses the addresses of sentinels.
///
/// User, password, database number and TLS apply to the servers behind them. The sentinels are contacted with the
/// same TLS. They get user and password only with `?auth=both`, because a sentinel without a password rejects clients
/// that send one. `?master=NAME` names the server group, by default `mymaster`. The settings of the servers come from
/// the first address.
pub(super) fn sentinels(urls: &[SecretText]) -> Result<SentinelConfig, AddressError> {
    let mut addresses = Vec::with_capacity(urls.len());
    let mut first = None;
    for text in urls {
        let mut url = Url::parse(text.expose()).map_err(AddressError::with_source)?;
        if url.port().is_none() && url.set_port(Some(SENTINEL_PORT)).is_err() {
            return Err(AddressError::with_source("it has no host"));
        }
        let parameter = |wanted: &str| {
            url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        let master = parameter("master").filter(|name| !name.is_empty());
        let both = match parameter("auth").as_deref() {
            None => false,
            Some("both") => true,
            Some(_) => return Err(AddressError::with_source("auth is both, or not given")),
        };
        let whole = url.into_connection_info()?;
        let of_server = whole.redis_settings().clone();
        let of_sentinel = if both { of_server.clone().set_db(0) } else { RedisConnectionInfo::default() };
        let is_tls = matches!(whole.addr(), ConnectionAddr::TcpTls { .. });
        first.get_or_insert((master, of_server, is_tls));
        addresses.push(whole.set_redis_settings(of_sentinel));
    }
    let (master, of_server, is_tls) = first.ok_or_else(|| AddressError::with_source("it is empty"))?;
    Ok(SentinelConfig {
        addresses,
        master: master.unwrap_or_else(|| MASTER.to_owned()),
        server: SentinelNodeConnectionInfo {
            tls_mode: is_tls.then_some(TlsMode::Secure),
            redis_connection_info: Some(of_server.into()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(url: &str) -> SecretText {
        SecretText::new(url.to_owned())
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_being_shown() {
        for url in ["redis://:hunter2@host/first", "redis://:hunter2@0.0.0.0", "http://:hunter2@host"] {
            let error = server(&secret(url)).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
        for url in ["redis://:hunter2@host/first", "redis://:hunter2@host/0?auth=hunter2", "redis:x"] {
            let error = sentinels(&[secret(url)]).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
        assert!(sentinels(&[]).is_err());
    }

    #[test]
    fn sentinels_are_called_without_the_password_of_the_servers() {
        let urls = [secret("rediss://ada:pw@one/3?master=main"), secret("rediss://two:5000")];
        let SentinelConfig { addresses, master, server } = sentinels(&urls).unwrap();
        let shown: Vec<_> = addresses.iter().map(|it| it.addr().to_string()).collect();
        assert_eq!(shown, ["one:26379", "two:5000"]);
        assert!(addresses.iter().all(|it| it.redis_settings().password().is_none()));
        assert_eq!(master, "main");
        assert!(matches!(server.tls_mode, Some(TlsMode::Secure)));
        let settings = server.redis_connection_info.unwrap();
        assert_eq!((settings.db, settings.username.as_deref()), (3, Some("ada")));
        assert_eq!(settings.password.as_deref(), Some("pw"));
    }

    #[test]
    fn sentinels_that_want_the_password_get_it_and_the_usual_name_is_the_default() {
        let SentinelConfig { addresses, master, server } =
            sentinels(&[secret("redis://:pw@one/3?auth=both")]).unwrap();
        let settings = addresses[0].redis_settings();
        assert_eq!((settings.password(), settings.db()), (Some("pw"), 0));
        assert_eq!(master, MASTER);
        assert!(server.tls_mode.is_none());
    }
}
