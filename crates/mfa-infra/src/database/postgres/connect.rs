//! Connections to PostgreSQL with timeouts and durable commits.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use mfa_core::SecretText;
use url::Url;

/// Adds the timeouts of every connection to a URL, unless the operator set others.
pub(in crate::database) fn with_timeouts(url: &SecretText) -> Result<SecretText, String> {
    let mut url = Url::parse(url.expose()).map_err(|_| {
        "DATABASE_URL is not a valid URL: percent-encode special characters in the password".to_owned()
    })?;
    let given: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    for (name, value) in [
        ("connect_timeout", "3"),
        ("tcp_user_timeout", "5000"),
        ("application_name", "nova-mfa"),
        ("target_session_attrs", "read-write"),
    ] {
        if !given.iter().any(|it| it == name) {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    Ok(SecretText::new(url.into()))
}

#[derive(QueryableByName)]
struct SettingRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    synchronous_commit: String,
}

/// Connects and sets up the session.
pub(in crate::database) fn connect(url: &SecretText) -> Result<PgConnection, String> {
    // The first initialisation of OpenSSL decides whether it is cleaned up at process exit. libpq enables the cleanup,
    // which then frees connections that other threads still use.
    openssl_sys::init();
    let mut connection = PgConnection::establish(url.expose()).map_err(|error| one_line(&error))?;
    prepare(&mut connection).map_err(|error| one_line(&error))?;
    Ok(connection)
}

/// Returns an error message on one line: libpq's messages have several.
fn one_line(error: &dyn std::error::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sets up a session: statements time out after two seconds, times without a zone are UTC, and an acknowledged commit is
/// on disk even if the server's default is weaker.
pub(super) fn prepare(connection: &mut PgConnection) -> Result<(), diesel::result::Error> {
    connection.batch_execute("SET statement_timeout = '2s'; SET lock_timeout = '1s'; SET TIME ZONE 'UTC'")?;
    let setting: SettingRow =
        diesel::sql_query("SELECT current_setting('synchronous_commit') AS synchronous_commit")
            .get_result(connection)?;
    if matches!(setting.synchronous_commit.as_str(), "off" | "local") {
        connection.batch_execute("SET synchronous_commit = on")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_added_and_never_replace_the_operators() {
        let url = SecretText::new("postgresql://u:p@h/db?sslmode=require&connect_timeout=9".into());
        let bounded = with_timeouts(&url).unwrap();
        assert!(bounded.expose().contains("sslmode=require&connect_timeout=9&tcp_user_timeout=5000"));
        assert!(!bounded.expose().contains("connect_timeout=3"));
    }
}
