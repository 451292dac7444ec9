//! Where things are kept and what connects the nodes: chosen once, here, by what is configured.

use std::io;
use std::path::Path;
use std::sync::Arc;

use bus::{Bus, LocalBus, Nats, NatsBus};
use database::postgres::PostgresSettings;
use database::redis::Redis;
use database::{DataDir, DataDirError};
use thiserror::Error;

use crate::Base;

/// What the services of a process stand on. Clones share it.
#[derive(Clone)]
pub struct Engines {
    /// What connects the parts, and in a fleet the nodes.
    pub bus: Arc<dyn Bus>,
    /// Where things are kept.
    pub stores: Stores,
}

/// Where things are kept.
#[derive(Clone)]
pub enum Stores {
    /// In files of a directory that this process holds, and in its memory.
    Embedded(Arc<DataDir>),
    /// In PostgreSQL and Redis, which all nodes share.
    Fleet(Arc<Fleet>),
}

/// The engines of a fleet.
pub struct Fleet {
    /// How PostgreSQL is reached.
    pub postgres: PostgresSettings,
    /// Redis.
    pub redis: Redis,
    /// NATS.
    pub nats: Nats,
}

/// Why the engines cannot be used.
#[derive(Debug, Error)]
pub enum EnginesError {
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// Redis cannot be used as configured.
    #[error("Redis cannot be used: {0}")]
    Redis(Box<dyn std::error::Error + Send + Sync>),
    /// NATS cannot be used as configured.
    #[error("NATS cannot be used: {0}")]
    Nats(io::Error),
}

impl Engines {
    /// The directory that this process holds, if it has one.
    pub fn data_dir(&self) -> Option<&Path> {
        match &self.stores {
            Stores::Embedded(data_dir) => Some(data_dir.path()),
            Stores::Fleet(_) => None,
        }
    }

    /// Opens what is configured. In a fleet it returns at once, whether the engines are there or not; `name` is what
    /// their operators see.
    pub async fn open(base: &Base, name: &str) -> Result<Self, EnginesError> {
        if base.is_fleet() {
            return Self::open_fleet(base, name).await.map(|(engines, _)| engines);
        }
        let data_dir = Arc::new(DataDir::hold(&base.process.data_dir)?);
        Ok(Self { bus: Arc::new(LocalBus::new()), stores: Stores::Embedded(data_dir) })
    }

    /// The same for a program that is a node of a fleet always.
    pub async fn open_fleet(base: &Base, name: &str) -> Result<(Self, Arc<Fleet>), EnginesError> {
        let redis = Redis::start(&base.redis).map_err(|error| EnginesError::Redis(error.into()))?;
        let redis = redis.ok_or_else(|| EnginesError::Redis("REDIS_URL is not set".into()))?;
        let nats = Nats::connect(base.nats.clone(), name).await.map_err(EnginesError::Nats)?;
        let bus = Arc::new(NatsBus::start(nats.clone()));
        let fleet = Arc::new(Fleet { postgres: base.postgres.clone(), redis, nats });
        Ok((Self { bus, stores: Stores::Fleet(Arc::clone(&fleet)) }, fleet))
    }
}
