//! Connections to one server, to a cluster, or to the server that sentinels name.

use std::fmt;
use std::time::Duration;

use deadpool_redis::redis::{ScriptInvocation, Value};
use deadpool_redis::{PoolConfig, QueueMode, Runtime, cluster, sentinel};

use super::address::{self, AddressError};
use super::fault::RedisFault;
use crate::settings::{RedisMode, RedisSettings};

/// A pool of any of the three kinds, which are three types to the library.
pub(super) enum Pool {
    Single(deadpool_redis::Pool),
    Cluster(cluster::Pool),
    Sentinel(sentinel::Pool),
}

/// A connection of such a pool.
pub(super) enum Connection {
    Single(deadpool_redis::Connection),
    Cluster(cluster::Connection),
    Sentinel(sentinel::Connection),
}

impl Pool {
    /// Connects to nothing yet. `recycle`: how long an idle connection may take to show that it is alive.
    pub(super) fn open(settings: &RedisSettings, recycle: Duration) -> Result<Self, AddressError> {
        // Where the process has chosen already, that choice stands.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut config = PoolConfig::new(16);
        config.timeouts.recycle = Some(recycle);
        // The most recently used is the most likely to be alive.
        config.queue_mode = QueueMode::Lifo;
        let runtime = Runtime::Tokio1;
        Ok(match settings.mode {
            RedisMode::Single => {
                let address = settings.urls.first().map(address::server).transpose()?;
                let address = address.ok_or_else(|| AddressError::because("it is empty"))?;
                let manager = deadpool_redis::Manager::new(address).map_err(AddressError::from)?;
                let pool = deadpool_redis::Pool::builder(manager).config(config).runtime(runtime).build();
                Self::Single(pool.map_err(AddressError::because)?)
            }
            RedisMode::Cluster => {
                let nodes: Result<Vec<_>, _> = settings.urls.iter().map(address::server).collect();
                let manager = cluster::Manager::new(nodes?, false).map_err(AddressError::from)?;
                let pool = cluster::Pool::builder(manager).config(config).runtime(runtime).build();
                Self::Cluster(pool.map_err(AddressError::because)?)
            }
            RedisMode::Sentinel => {
                let sentinels = address::sentinels(&settings.urls)?;
                let manager = sentinel::Manager::new(
                    sentinels.addresses,
                    sentinels.master,
                    Some(sentinels.server),
                    sentinel::SentinelServerType::Master,
                );
                let manager = manager.map_err(AddressError::from)?;
                let pool = sentinel::Pool::builder(manager).config(config).runtime(runtime).build();
                Self::Sentinel(pool.map_err(AddressError::because)?)
            }
        })
    }

    pub(super) async fn connect(&self) -> Result<Connection, RedisFault> {
        Ok(match self {
            Self::Single(pool) => Connection::Single(pool.get().await?),
            Self::Cluster(pool) => Connection::Cluster(pool.get().await?),
            Self::Sentinel(pool) => Connection::Sentinel(pool.get().await?),
        })
    }

    /// Closes the connections that nobody uses. They are of a server that gave no answers, or was replaced; each
    /// would cost the next caller some waiting to find that out.
    pub(super) fn close_idle(&self) {
        match self {
            Self::Single(pool) => drop(pool.retain(|_, _| false)),
            Self::Cluster(pool) => drop(pool.retain(|_, _| false)),
            Self::Sentinel(pool) => drop(pool.retain(|_, _| false)),
        }
    }
}

impl Connection {
    pub(super) async fn run(&mut self, call: &ScriptInvocation<'_>) -> Result<Value, RedisFault> {
        Ok(match self {
            Self::Single(connection) => call.invoke_async(connection).await?,
            Self::Cluster(connection) => call.invoke_async(connection).await?,
            Self::Sentinel(connection) => call.invoke_async(connection).await?,
        })
    }

    /// Closes it, instead of leaving it to the pool: after a failover it may lead to a server that takes no writes
    /// any more, and yet answers when it is asked whether it is there.
    pub(super) fn close(self) {
        match self {
            Self::Single(connection) => drop(deadpool_redis::Connection::take(connection)),
            Self::Cluster(connection) => drop(cluster::Connection::take(connection)),
            Self::Sentinel(connection) => drop(sentinel::Connection::take(connection)),
        }
    }
}

/// Names the kind alone: the addresses hold passwords.
impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Single(_) => "Single",
            Self::Cluster(_) => "Cluster",
            Self::Sentinel(_) => "Sentinel",
        })
    }
}
