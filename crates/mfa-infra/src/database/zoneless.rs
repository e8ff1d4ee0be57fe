//! Time columns without a time zone in NOVA's own table.

use diesel::sql_types::Text;
use diesel::{PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query};

use super::columns::{ACCOUNT, ColumnKind};

/// Time columns of `users` without a time zone (PostgreSQL).
///
/// This service writes and reads UTC. A session whose `TimeZone` is another one stores `now()` as local time, so that a
/// lock of 15 minutes may last hours. Which zone a stored value means cannot be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZonelessTimes {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Default `TimeZone` of new sessions.
    pub session_zone: String,
}

impl ZonelessTimes {
    /// Returns what is wrong.
    pub fn detail(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|it| format!("users.{it}")).collect();
        let columns = columns.join(", ");
        if self.is_utc() {
            return format!(
                "columns without a time zone: {columns}. They are read as UTC, but a session whose TimeZone is not UTC \
                 stores now() as local time"
            );
        }
        format!(
            "columns without a time zone: {columns}. They are read as UTC, but sessions default to {}, in which now() is \
             stored as local time: a lock set by SQL ends at the wrong time",
            self.session_zone
        )
    }

    /// Returns the statement that changes the columns. The values are read as UTC, as this service does.
    pub fn statement(&self) -> String {
        let column =
            |it: &String| format!("ALTER COLUMN {it} TYPE timestamptz USING {it} AT TIME ZONE 'UTC'");
        format!("ALTER TABLE users {}", self.columns.iter().map(column).collect::<Vec<_>>().join(", "))
    }

    /// Whether new sessions use UTC.
    pub fn is_utc(&self) -> bool {
        let zone = self.session_zone.to_ascii_lowercase();
        let name = zone.strip_prefix("etc/").unwrap_or(&zone);
        ["utc", "gmt", "zulu", "universal", "uct", "greenwich", "gmt0", "gmt+0", "gmt-0"].contains(&name)
    }
}

#[derive(QueryableByName)]
struct ZoneRow {
    #[diesel(sql_type = Text)]
    value: String,
}

/// Finds the time columns without a time zone. `None` if there is none.
pub(super) fn find(connection: &mut PgConnection) -> QueryResult<Option<ZonelessTimes>> {
    let times = ACCOUNT.iter().filter(|(_, kind)| *kind == ColumnKind::Time);
    let names: Vec<_> = times.map(|(name, _)| format!("'{name}'")).collect();
    let query = format!(
        "SELECT attname::text AS value FROM pg_attribute WHERE attrelid = to_regclass('users') AND NOT attisdropped \
         AND atttypid = 'timestamp without time zone'::regtype AND attname IN ({}) ORDER BY attnum",
        names.join(", ")
    );
    let columns: Vec<ZoneRow> = sql_query(query).load(connection)?;
    if columns.is_empty() {
        return Ok(None);
    }
    // The value that a session of this role starts with, whatever this one has set.
    let zone = sql_query("SELECT reset_val AS value FROM pg_settings WHERE name = 'TimeZone'");
    let session_zone = zone.get_result::<ZoneRow>(connection)?.value;
    Ok(Some(ZonelessTimes { columns: columns.into_iter().map(|it| it.value).collect(), session_zone }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_names_every_column_and_utc_is_recognised() {
        let times = |zone: &str| ZonelessTimes {
            columns: vec!["totp_enrolled_at".to_owned(), "mfa_lock_until".to_owned()],
            session_zone: zone.to_owned(),
        };
        assert_eq!(
            times("UTC").statement(),
            "ALTER TABLE users ALTER COLUMN totp_enrolled_at TYPE timestamptz USING totp_enrolled_at AT TIME ZONE 'UTC', \
             ALTER COLUMN mfa_lock_until TYPE timestamptz USING mfa_lock_until AT TIME ZONE 'UTC'"
        );
        assert!(times("Etc/UTC").is_utc() && times("GMT").is_utc() && !times("Europe/Paris").is_utc());
        assert!(times("Europe/Paris").detail().contains("sessions default to Europe/Paris"));
    }
}
