//! Connection pool for a single server, a cluster, or the master found by sentinels.

use std::fmt;
use std::time::Duration;

use deadpool::managed::{self, Manager, Object, PoolConfig, QueueMode};
use deadpool_redis::Runtime;
use deadpool_redis::redis::{ScriptInvocation, Value};

use super::address::{self, AddressError};
use super::error::RedisLimiterError;
use super::health_check::SkipRecentHealthCheck;
use super::managers::{self, ClusterManager, SentinelManager};
use crate::settings::{RedisMode, RedisSettings};

type Single = SkipRecentHealthCheck<deadpool_redis::Manager>;
type Cluster = SkipRecentHealthCheck<ClusterManager>;
type Sentinel = SkipRecentHealthCheck<SentinelManager>;

/// Maximum number of open connections.
const MAX_CONNECTIONS: usize = 16;

/// Pool of one of the three kinds, which are separate types in the library.
pub(super) enum Pool {
    Single(managed::Pool<Single>),
    Cluster(managed::Pool<Cluster>),
    Sentinel(managed::Pool<Sentinel>),
}

/// Connection from a pool.
pub(super) enum Connection {
    Single(Object<Single>),
    Cluster(Object<Cluster>),
    Sentinel(Object<Sentinel>),
}

impl Pool {
    /// Creates the pool without connecting. `recycle` is the deadline of the health check of an idle connection.
    pub(super) fn open(settings: &RedisSettings, recycle: Duration) -> Result<Self, AddressError> {
        // If the process has already installed a provider, that one stays.
        drop(rustls::crypto::ring::default_provider().install_default());
        let authorities = settings.authorities.as_deref().map(managers::authorities).transpose()?;
        Ok(match settings.mode {
            RedisMode::Single => {
                let address = settings.urls.first().map(address::server).transpose()?;
                let address = address.ok_or_else(|| AddressError::with_source("it is empty"))?;
                let address = managers::trusting(address, authorities.as_ref())?;
                Self::Single(pool(deadpool_redis::Manager::new(address)?, recycle)?)
            }
            RedisMode::Cluster => {
                let nodes: Result<Vec<_>, _> = settings.urls.iter().map(address::server).collect();
                Self::Cluster(pool(ClusterManager::new(nodes?, authorities)?, recycle)?)
            }
            RedisMode::Sentinel => {
                let sentinels = address::sentinels(&settings.urls)?;
                Self::Sentinel(pool(SentinelManager::new(sentinels, authorities)?, recycle)?)
            }
        })
    }

    pub(super) async fn connect(&self) -> Result<Connection, RedisLimiterError> {
        Ok(match self {
            Self::Single(pool) => Connection::Single(pool.get().await?),
            Self::Cluster(pool) => Connection::Cluster(pool.get().await?),
            Self::Sentinel(pool) => Connection::Sentinel(pool.get().await?),
        })
    }

    /// Returns the maximum number of requests in one script call. The keys of a cluster belong to several nodes, so each
    /// request is a call of its own.
    pub(super) const fn max_batch(&self) -> usize {
        match self {
            Self::Cluster(_) => 1,
            Self::Single(_) | Self::Sentinel(_) => 128,
        }
    }

    /// Returns the maximum number of calls at the same time. One call after another makes large batches.
    pub(super) const fn max_senders(&self) -> usize {
        match self {
            Self::Cluster(_) => MAX_CONNECTIONS,
            Self::Single(_) | Self::Sentinel(_) => 1,
        }
    }

    /// Closes idle connections. After a failure they lead to the same server, which is unreachable, restarted or
    /// replaced. Each of them would cost a caller an answer or a delay.
    pub(super) fn close_idle(&self) {
        match self {
            Self::Single(pool) => drop(pool.retain(|_, _| false)),
            Self::Cluster(pool) => drop(pool.retain(|_, _| false)),
            Self::Sentinel(pool) => drop(pool.retain(|_, _| false)),
        }
    }
}

fn pool<M: Manager>(
    manager: M,
    recycle: Duration,
) -> Result<managed::Pool<SkipRecentHealthCheck<M>>, AddressError> {
    let mut config = PoolConfig::new(MAX_CONNECTIONS);
    config.timeouts.recycle = Some(recycle);
    // The most recently used connection is the most likely to be alive.
    config.queue_mode = QueueMode::Lifo;
    let pool = managed::Pool::builder(SkipRecentHealthCheck(manager))
        .config(config)
        .runtime(Runtime::Tokio1)
        .build();
    pool.map_err(AddressError::with_source)
}

impl Connection {
    pub(super) async fn run(&mut self, call: &ScriptInvocation<'_>) -> Result<Value, RedisLimiterError> {
        Ok(match self {
            Self::Single(connection) => call.invoke_async(&mut **connection).await?,
            Self::Cluster(connection) => call.invoke_async(&mut **connection).await?,
            Self::Sentinel(connection) => call.invoke_async(&mut **connection).await?,
        })
    }

    /// Closes the connection instead of returning it to the pool. After a failover it may lead to a server that
    /// rejects writes and still passes the health check.
    pub(super) fn close(self) {
        match self {
            Self::Single(connection) => drop(Object::take(connection)),
            Self::Cluster(connection) => drop(Object::take(connection)),
            Self::Sentinel(connection) => drop(Object::take(connection)),
        }
    }
}

/// Shows only the kind, because addresses contain passwords.
impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Single(_) => "Single",
            Self::Cluster(_) => "Cluster",
            Self::Sentinel(_) => "Sentinel",
        })
    }
}
