//! Advice for the operator, by the error message of the database.

use std::error::Error as _;

use mfa_core::StoreError;

/// Returns what to do about an error of libpq, of the server or of SQLite.
pub(crate) fn advice(error: &str) -> &'static str {
    let says = |parts: &[&str]| parts.iter().any(|it| error.contains(it));
    if error.contains("on socket") && error.contains("Permission denied") {
        "let this user enter the folder of the socket, or name a host in DATABASE_URL"
    } else if says(&["is a folder", "Is a directory"]) {
        "name a file in DATABASE_URL"
    } else if says(LOCKED) {
        "wait until the other program has finished, or stop it, and try again"
    } else if says(&["disk is full", "No space left", "disk I/O error"]) {
        "check the disk of the database and its free space"
    } else if says(&["not a database", "malformed"]) {
        "check the path in DATABASE_URL; if it is right, stop the server and restore the last backup"
    } else if says(&[
        "unable to open database file",
        "readonly database",
        "Permission denied",
        "Read-only file system",
        "Not a directory",
    ]) {
        "check the path in DATABASE_URL, and that this user may write to the file and its folder"
    } else if says(&["needs PostgreSQL"]) {
        "see docs/from-python.md"
    } else if says(&["has the encoding"]) {
        "dump the database with pg_dump, create another one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, \
         restore the dump there, and name it in DATABASE_URL"
    } else if says(&["pooler in transaction mode", "percent-encode"]) {
        "see docs/deployment.md, PostgreSQL"
    } else if says(&[
        "password authentication failed",
        "no password supplied",
        "Peer authentication",
        "Ident authentication",
    ]) {
        "check the user and the password in DATABASE_URL"
    } else if says(&["no pg_hba.conf entry", "pg_hba.conf rejects"]) {
        "let pg_hba.conf of the server accept this user, database, address and kind of connection"
    } else if says(&["invalid response to SSL negotiation", "expected authentication request from server"]) {
        "check the host and the port in DATABASE_URL: another service answers there"
    } else if says(&["service file", "definition of service"]) {
        "correct the service in DATABASE_URL, or define it in pg_service.conf"
    } else if says(&[
        "invalid sslmode",
        "invalid URI",
        "invalid integer value",
        "invalid port number",
        "DATABASE_URL has ",
    ]) || (says(&["invalid "]) && says(&[" value: \""]))
    {
        "correct this part of DATABASE_URL"
    } else if says(&["certificate", "SSL", "TLS"]) {
        "check sslmode and sslrootcert in DATABASE_URL, and the certificate of the server"
    } else if error.contains("database \"") && error.contains("does not exist") {
        "create the database, or correct its name in DATABASE_URL"
    } else if error.contains("role \"") && error.contains("does not exist") {
        "create the role, or correct the user in DATABASE_URL"
    } else if says(&["not permitted to log in"]) {
        "run ALTER ROLE … LOGIN as an administrator, or correct the user in DATABASE_URL"
    } else if says(&["not currently accepting connections"]) {
        "run ALTER DATABASE … ALLOW_CONNECTIONS true as an administrator, or name another database in DATABASE_URL"
    } else if says(PRIVILEGE) {
        "grant the role of DATABASE_URL the missing right: see deploy/postgresql/roles.sql"
    } else if error.contains("too many connections for role") {
        "raise the limit with ALTER ROLE … CONNECTION LIMIT, or lower MFA_DATABASE_POOL and MFA_COMMITTERS"
    } else if error.contains("too many connections for database") {
        "raise the limit with ALTER DATABASE … CONNECTION LIMIT, or lower MFA_DATABASE_POOL and MFA_COMMITTERS"
    } else if says(&["too many clients", "too many connections", "connection slots are reserved"]) {
        "raise max_connections of the server, or lower MFA_DATABASE_POOL and MFA_COMMITTERS"
    } else if says(&["could not translate host name", "Name or service not known"]) {
        "check the host in DATABASE_URL"
    } else if says(&["starting up", "shutting down", "recovery mode", "read-only", "not read-write"]) {
        "wait until the server accepts writes, or name the primary in DATABASE_URL"
    } else if says(UNREACHABLE) {
        "check DATABASE_URL and that the server is running"
    } else {
        "check DATABASE_URL, and see the log of the database server"
    }
}

/// Messages about a server that cannot be reached.
const UNREACHABLE: &[&str] = &[
    "Connection refused",
    "Connection timed out",
    "timeout expired",
    "timed out",
    "No route to host",
    "is unreachable",
    "Is the server running",
    "No such file or directory",
    "Connection reset",
    "server closed the connection",
    "could not connect",
];

/// Messages about a lock that another program holds.
const LOCKED: &[&str] =
    &["database is locked", "database table is locked", "database schema is locked", "due to lock timeout"];

/// Messages about a missing privilege, in English and in French, the languages that operators of PostgreSQL here use.
const PRIVILEGE: &[&str] =
    &["permission denied for", "permission denied to", "must be owner of", "droit refusé"];

/// Returns whether the error is a lock that another program holds.
pub(crate) fn is_locked(error: &str) -> bool {
    LOCKED.iter().any(|it| error.contains(it))
}

/// Returns whether the database refused this role a privilege.
pub fn is_missing_privilege(error: &StoreError) -> bool {
    error.source().is_some_and(|it| lacks_privilege(&it.to_string()))
}

/// Returns whether the reason is a missing privilege.
pub(crate) fn lacks_privilege(error: &str) -> bool {
    PRIVILEGE.iter().any(|it| error.contains(it))
}

/// Returns whether another program holds a lock on the database.
pub fn is_in_use(error: &StoreError) -> bool {
    error.source().is_some_and(|it| is_locked(&it.to_string()))
}

/// Returns the error, and the advice as a sentence of its own.
pub(crate) fn with_advice(error: &str) -> String {
    let advice = advice(error);
    let (first, rest) = advice.split_at_checked(1).unwrap_or((advice, ""));
    let error = error.trim_end();
    let end = if error.ends_with(['.', '?', '!', '…']) { "" } else { "." };
    format!("{error}{end} {}{rest}", first.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_with_one_mark() {
        for (error, text) in [
            ("did you mean sslmode?", "did you mean sslmode? Check"),
            ("away", "away. Check"),
            ("away.\n", "away. Check"),
        ] {
            assert!(with_advice(error).starts_with(text), "{}", with_advice(error));
        }
    }

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
            ("FATAL: too many connections for role \"nova\"", "ALTER ROLE … CONNECTION LIMIT"),
            ("FATAL: too many connections for database \"nova\"", "ALTER DATABASE … CONNECTION LIMIT"),
            ("file is not a database", "restore the last backup"),
            ("database disk image is malformed", "restore the last backup"),
            ("unable to open database file", "path"),
            ("permission denied for schema public", "roles.sql"),
            ("connection to server at \"h\" failed: timeout expired", "is running"),
            (
                "connection to server on socket \"/x/.s.PGSQL.5432\" failed: No such file or directory",
                "is running",
            ),
            (
                "connection to server on socket \"/x/.s.PGSQL.5432\" failed: Permission denied",
                "folder of the socket",
            ),
            ("FATAL: role \"nova\" is not permitted to log in", "LOGIN"),
            ("FATAL: database \"nova\" is not currently accepting connections", "ALLOW_CONNECTIONS"),
            ("invalid sslmode value: \"strict\"", "correct this part"),
            ("invalid channel_binding value: \"x\"", "correct this part"),
            ("definition of service \"nope\" not found", "pg_service.conf"),
            ("data: Is a directory (os error 21)", "name a file"),
            ("/x/a.db: Permission denied (os error 13)", "may write"),
            ("/x/a.db: database is locked", "other program"),
            ("ERROR: an unknown reason", "log of the database server"),
        ] {
            assert!(advice(error).contains(expected), "{error}: {}", advice(error));
            let is_unreachable = advice(error).contains("is running");
            assert_eq!(is_unreachable, expected.contains("running"), "{error}: {}", advice(error));
        }
    }
}
