//! Monthly partitions of the table `mfa_events`.
//!
//! A partitioned table has no `UNIQUE (user_id, seq)`, because the key must contain the month. The version of the account,
//! which every write compares, is what keeps two events from the same number.

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::{
    Connection as _, OptionalExtension as _, PgConnection, QueryResult, QueryableByName, RunQueryDsl as _,
    sql_query,
};
use mfa_core::Timestamp;

use super::connect;
use crate::database::error::OpenDatabaseError;
use crate::database::location::DatabaseLocation;

/// Time for which the change of the table may block writes while it waits for a lock.
const LOCK_TIMEOUT: &str = "5s";
/// Indexes that the table needs to become a partition, with their columns.
const UNIQUE_INDEXES: [(&str, &str); 2] =
    [("mfa_events_first_id_month", "id, at"), ("mfa_events_first_user_seq_month", "user_id, seq, at")];
/// Changes the table.
const SWITCH: &str = include_str!("event_partitions.sql");

/// Partitions of the audit log, changed by the owner of the tables.
#[expect(missing_debug_implementations, reason = "a connection has none")]
pub struct EventPartitions {
    connection: PgConnection,
}

/// Partition of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct EventPartition {
    /// Name of the table.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Range of times, as PostgreSQL describes it.
    #[diesel(sql_type = Text)]
    pub range: String,
}

/// Error of a change of the partitions. Nothing is lost: the command can be repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartitionError {
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenDatabaseError),
    /// The database refused a statement.
    #[error(
        "the partitions could not be changed: {0}. Run the command with DATABASE_URL of the owner of the tables"
    )]
    Refused(#[from] diesel::result::Error),
    /// Events are dated after the partition that the table would become.
    #[error(
        "{0} events are dated in a later month: correct the clocks of the servers and wait until that month"
    )]
    Future(i64),
}

#[derive(QueryableByName)]
struct IndexState {
    #[diesel(sql_type = Bool)]
    value: bool,
}

#[derive(QueryableByName)]
struct LaterEvents {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct PartitionMonth {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    starts: String,
    #[diesel(sql_type = Text)]
    ends: String,
}

#[derive(QueryableByName)]
struct PartitionsEnd {
    #[diesel(sql_type = Nullable<BigInt>)]
    millis: Option<i64>,
}

impl EventPartitions {
    /// Connects to the database.
    ///
    /// # Errors
    ///
    /// [`OpenDatabaseError`] if the database cannot be reached or is not PostgreSQL.
    pub fn open(location: &DatabaseLocation) -> Result<Self, OpenDatabaseError> {
        let DatabaseLocation::Postgres(url) = location else {
            let why = format!("{location} is an SQLite file, and partitions need PostgreSQL");
            return Err(OpenDatabaseError::Unreachable(why));
        };
        let url = connect::with_timeouts(url).map_err(OpenDatabaseError::Unreachable)?;
        let mut connection = connect::connect(&url).map_err(OpenDatabaseError::Unreachable)?;
        // An index of a large table takes a while to build.
        let settings = format!("SET statement_timeout = 0; SET lock_timeout = '{LOCK_TIMEOUT}'");
        let set = connection.batch_execute(&settings);
        set.map_err(|error| OpenDatabaseError::Unreachable(error.to_string()))?;
        Ok(Self { connection })
    }

    /// Partitions the table, if it is not yet, and adds the partitions of the months up to `months_ahead` after this one.
    /// Returns the names of the new partitions.
    ///
    /// # Errors
    ///
    /// [`PartitionError`].
    pub fn extend(&mut self, months_ahead: u32) -> Result<Vec<String>, PartitionError> {
        let before = self.list()?;
        if before.is_empty() {
            self.partition()?;
        }
        for month in self.months(months_ahead)? {
            self.add(&month)?;
        }
        let is_new = |it: &EventPartition| !before.contains(it);
        Ok(self.list()?.into_iter().filter(is_new).map(|it| it.name).collect())
    }

    /// Returns the partitions by name; none if the table is not partitioned.
    ///
    /// # Errors
    ///
    /// The error of the database.
    pub fn list(&mut self) -> QueryResult<Vec<EventPartition>> {
        sql_query(
            "SELECT c.relname::text AS name, pg_get_expr(c.relpartbound, c.oid) AS range FROM pg_inherits i \
             JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'mfa_events'::regclass ORDER BY c.relname",
        )
        .load(&mut self.connection)
    }

    /// Makes the table so far the first partition. Writes go on until the last step, which changes the catalogue only.
    fn partition(&mut self) -> Result<(), PartitionError> {
        let connection = &mut self.connection;
        let later =
            sql_query("SELECT count(*) AS value FROM mfa_events WHERE at > now() + interval '1 year'");
        let later = later.get_result::<LaterEvents>(connection)?.value;
        if later > 0 {
            return Err(PartitionError::Future(later));
        }
        // At least two days ahead, so that no event is too late for the check.
        let boundary = sql_query(
            "SELECT (date_trunc('month', greatest(now() + interval '2 days', (SELECT max(at) FROM mfa_events)), 'UTC') \
             + interval '1 month')::text AS starts, '' AS ends, '' AS name",
        );
        let boundary = boundary.get_result::<PartitionMonth>(connection)?.starts;
        for (name, columns) in UNIQUE_INDEXES {
            // An interrupted run leaves an invalid index.
            let query = "SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid) AS value";
            if sql_query(query).bind::<Text, _>(name).get_result::<IndexState>(connection)?.value {
                connection.batch_execute(&format!("DROP INDEX {name}"))?;
            }
            connection.batch_execute(&format!(
                "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {name} ON mfa_events ({columns})"
            ))?;
        }
        connection.batch_execute(&format!(
            "ALTER TABLE mfa_events DROP CONSTRAINT IF EXISTS mfa_events_before; \
             ALTER TABLE mfa_events ADD CONSTRAINT mfa_events_before CHECK (at < '{boundary}') NOT VALID; \
             ALTER TABLE mfa_events VALIDATE CONSTRAINT mfa_events_before"
        ))?;
        connection.transaction(|connection| {
            let setting = sql_query("SELECT set_config('nova_mfa.boundary', $1, TRUE) IS NOT NULL AS value");
            setting.bind::<Text, _>(&boundary).get_result::<IndexState>(connection)?;
            connection.batch_execute(SWITCH)
        })?;
        Ok(())
    }

    /// Returns the months without a partition of their own, from this one to `ahead` after it.
    fn months(&mut self, ahead: u32) -> QueryResult<Vec<PartitionMonth>> {
        sql_query(
            "SELECT to_char(month, '\"mfa_events_\"YYYY_MM') AS name, (month AT TIME ZONE 'UTC')::text AS starts, \
             ((month + interval '1 month') AT TIME ZONE 'UTC')::text AS ends \
             FROM generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'), \
             date_trunc('month', now() AT TIME ZONE 'UTC') + $1 * interval '1 month', interval '1 month') AS month \
             WHERE month AT TIME ZONE 'UTC' >= coalesce((SELECT max(substring(pg_get_expr(c.relpartbound, c.oid) \
             FROM 'TO \\(''([^'']+)''\\)$')::timestamptz) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
             WHERE i.inhparent = 'mfa_events'::regclass), '-infinity') ORDER BY month",
        )
        .bind::<BigInt, _>(i64::from(ahead))
        .load(&mut self.connection)
    }

    /// Adds the partition of a month, with the events of that month that the default partition has.
    fn add(&mut self, month: &PartitionMonth) -> QueryResult<()> {
        let PartitionMonth { name, starts, ends } = month;
        self.connection.transaction(|connection| {
            connection.batch_execute(&format!(
                "LOCK TABLE mfa_events IN ACCESS EXCLUSIVE MODE; \
                 CREATE TABLE {name} (LIKE mfa_events INCLUDING DEFAULTS INCLUDING INDEXES); \
                 WITH moved AS (DELETE FROM mfa_events_default WHERE at >= '{starts}' AND at < '{ends}' RETURNING *) \
                 INSERT INTO {name} SELECT * FROM moved; \
                 ALTER TABLE mfa_events ATTACH PARTITION {name} FOR VALUES FROM ('{starts}') TO ('{ends}'); \
                 DO $$ BEGIN EXECUTE format('ALTER TABLE {name} OWNER TO %s', \
                 (SELECT relowner::regrole FROM pg_class WHERE oid = 'mfa_events'::regclass)); END $$"
            ))
        })
    }
}

/// Returns the end of the last month that has a partition; `None` if the table is not partitioned.
pub(in crate::database) fn end_of_partitions(
    connection: &mut PgConnection,
) -> QueryResult<Option<Timestamp>> {
    let query = "SELECT (extract(epoch FROM max(substring(pg_get_expr(c.relpartbound, c.oid) \
                 FROM 'TO \\(''([^'']+)''\\)$')::timestamptz)) * 1000)::bigint AS millis FROM pg_inherits i \
                 JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('mfa_events')";
    let end = sql_query(query).get_result::<PartitionsEnd>(connection).optional()?;
    Ok(end.and_then(|it| it.millis).map(Timestamp::from_millis))
}
