//! Pool managers of clusters and sentinels, with certificate authorities of their own. Those of the pool's library take
//! none.

use std::fmt;
use std::path::Path;

use deadpool::managed::{Manager, Metrics, RecycleResult};
use deadpool_redis::redis::aio::{ConnectionLike, MultiplexedConnection};
use deadpool_redis::redis::cluster::{ClusterClient, ClusterClientBuilder};
use deadpool_redis::redis::cluster_async::ClusterConnection;
use deadpool_redis::redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use deadpool_redis::redis::{
    Client, ConnectionAddr, ConnectionInfo, RedisError, TlsCertificates, TlsMode, cmd,
};
use tokio::sync::Mutex;

use super::address::{AddressError, SentinelConfig};

/// Reads the file of the authorities.
pub(super) fn authorities(file: &Path) -> Result<TlsCertificates, AddressError> {
    let pem = std::fs::read(file).map_err(|error| {
        AddressError::with_source(format!("SSL_CERT_FILE names {}: {error}", file.display()))
    })?;
    Ok(TlsCertificates { client_tls: None, root_cert: Some(pem) })
}

/// Returns the address with these authorities, if it uses TLS.
pub(super) fn trusting(
    address: ConnectionInfo,
    authorities: Option<&TlsCertificates>,
) -> Result<ConnectionInfo, AddressError> {
    match authorities {
        Some(authorities) if is_tls(address.addr()) => {
            Ok(Client::build_with_tls(address, authorities.clone())?.get_connection_info().clone())
        }
        _ => Ok(address),
    }
}

const fn is_tls(address: &ConnectionAddr) -> bool {
    matches!(address, ConnectionAddr::TcpTls { .. })
}

/// Pool manager of a cluster.
pub(super) struct ClusterManager(ClusterClient);

impl ClusterManager {
    /// Creates a manager without connecting.
    pub(super) fn new(
        nodes: Vec<ConnectionInfo>,
        authorities: Option<TlsCertificates>,
    ) -> Result<Self, AddressError> {
        let all_tls = nodes.iter().all(|it| is_tls(it.addr()));
        let mut client = ClusterClientBuilder::new(nodes);
        if let Some(authorities) = authorities.filter(|_| all_tls) {
            client = client.certs(authorities);
        }
        Ok(Self(client.build()?))
    }
}

impl Manager for ClusterManager {
    type Type = ClusterConnection;
    type Error = RedisError;

    async fn create(&self) -> Result<ClusterConnection, RedisError> {
        self.0.get_async_connection().await
    }

    async fn recycle(&self, connection: &mut ClusterConnection, _: &Metrics) -> RecycleResult<RedisError> {
        check(connection).await
    }
}

/// Pool manager of the server that sentinels name.
pub(super) struct SentinelManager(Mutex<SentinelClient>);

impl SentinelManager {
    /// Creates a manager without connecting.
    pub(super) fn new(
        sentinels: SentinelConfig,
        authorities: Option<TlsCertificates>,
    ) -> Result<Self, AddressError> {
        let SentinelConfig { addresses, master, server } = sentinels;
        let all_tls = addresses.iter().all(|it| is_tls(it.addr()));
        let Some(authorities) = authorities.filter(|_| all_tls) else {
            let client =
                SentinelClient::build(addresses, master, Some(server.into()), SentinelServerType::Master)?;
            return Ok(Self(Mutex::new(client)));
        };
        let of_sentinel = addresses.first().map(|it| it.redis_settings().clone()).unwrap_or_default();
        let hosts = addresses.iter().map(|it| it.addr().clone());
        let mut client = SentinelClientBuilder::new(hosts, master, SentinelServerType::Master)?
            .set_client_to_redis_tls_mode(TlsMode::Secure)
            .set_client_to_redis_certificates(authorities.clone())
            .set_client_to_sentinel_certificates(authorities);
        if let Some(of_server) = server.redis_connection_info {
            client = client.set_client_to_redis_db(of_server.db);
            if let Some(username) = of_server.username {
                client = client.set_client_to_redis_username(username);
            }
            if let Some(password) = of_server.password {
                client = client.set_client_to_redis_password(password);
            }
        }
        if let Some(username) = of_sentinel.username() {
            client = client.set_client_to_sentinel_username(username);
        }
        if let Some(password) = of_sentinel.password() {
            client = client.set_client_to_sentinel_password(password);
        }
        Ok(Self(Mutex::new(client.build()?)))
    }
}

impl Manager for SentinelManager {
    type Type = MultiplexedConnection;
    type Error = RedisError;

    async fn create(&self) -> Result<MultiplexedConnection, RedisError> {
        self.0.lock().await.get_async_connection().await
    }

    async fn recycle(
        &self,
        connection: &mut MultiplexedConnection,
        _: &Metrics,
    ) -> RecycleResult<RedisError> {
        check(connection).await
    }
}

/// Checks whether an idle connection is alive.
async fn check(connection: &mut impl ConnectionLike) -> RecycleResult<RedisError> {
    Ok(cmd("PING").exec_async(connection).await?)
}

/// Shows no address, which may contain a password.
impl fmt::Debug for ClusterManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterManager").finish_non_exhaustive()
    }
}

/// Shows no address, which may contain a password.
impl fmt::Debug for SentinelManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentinelManager").finish_non_exhaustive()
    }
}
