//! Advice for the operator, by the error message of the database.

/// Returns what to do about an error of libpq, of the server or of SQLite.
pub(crate) fn advice(error: &str) -> &'static str {
    let says = |parts: &[&str]| parts.iter().any(|it| error.contains(it));
    if says(&[
        "unable to open database file",
        "readonly database",
        "not a database",
        "Permission denied",
        "malformed",
    ]) {
        "check the path in DATABASE_URL, and that this user may write to the file and its folder"
    } else if says(&["needs PostgreSQL"]) {
        "see docs/from-python.md"
    } else if says(&["pooler in transaction mode", "percent-encode"]) {
        "see docs/deployment.md, PostgreSQL"
    } else if says(&[
        "password authentication failed",
        "no password supplied",
        "Peer authentication",
        "Ident authentication",
    ]) {
        "check the user and the password in DATABASE_URL"
    } else if says(&["no pg_hba.conf entry"]) {
        "let pg_hba.conf of the server accept this user, database, address and kind of connection"
    } else if says(&["certificate", "SSL", "TLS"]) {
        "check sslmode and sslrootcert in DATABASE_URL, and the certificate of the server"
    } else if error.contains("database \"") && error.contains("does not exist") {
        "create the database, or correct its name in DATABASE_URL"
    } else if error.contains("role \"") && error.contains("does not exist") {
        "create the role, or correct the user in DATABASE_URL"
    } else if says(&["permission denied"]) {
        "grant the role of DATABASE_URL the missing right: see deploy/postgresql/roles.sql"
    } else if says(&["too many clients", "too many connections", "connection slots are reserved"]) {
        "raise max_connections of the server, or lower MFA_DATABASE_POOL and MFA_COMMITTERS"
    } else if says(&["could not translate host name", "Name or service not known"]) {
        "check the host in DATABASE_URL"
    } else if says(&["starting up", "shutting down", "recovery mode", "read-only", "not read-write"]) {
        "wait until the server accepts writes, or name the primary in DATABASE_URL"
    } else {
        "check DATABASE_URL and that the server is running"
    }
}

/// Returns the advice as a sentence of its own.
pub(crate) fn sentence(error: &str) -> String {
    let advice = advice(error);
    let (first, rest) = advice.split_at_checked(1).unwrap_or((advice, ""));
    first.to_uppercase() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_fits_the_reason() {
        for (error, expected) in [
            ("connection to server at \"h\" failed: Connection refused Is the server running", "running"),
            ("FATAL: password authentication failed for user \"nova\"", "password"),
            ("FATAL: database \"nova\" does not exist", "create the database"),
            ("FATAL: role \"nova\" does not exist", "create the role"),
            ("FATAL: no pg_hba.conf entry for host \"10.0.0.1\"", "pg_hba.conf"),
            ("SSL error: certificate verify failed", "sslrootcert"),
            ("could not translate host name \"db\" to address", "host"),
            ("FATAL: sorry, too many clients already", "max_connections"),
            ("FATAL: the database system is starting up", "wait"),
            ("unable to open database file", "path"),
            ("permission denied for schema public", "roles.sql"),
        ] {
            assert!(advice(error).contains(expected), "{error}: {}", advice(error));
        }
    }
}
