//! URLs of the database servers for tests.

/// Returns the URL of a PostgreSQL role that can create databases.
pub fn postgres_url() -> String {
    required("MFA_TEST_DATABASE_URL", "a PostgreSQL server whose role may create databases")
}

/// Returns the URL of Redis. Tests share it, so each uses its own key prefix.
pub fn redis_url() -> String {
    required("MFA_TEST_REDIS_URL", "a Redis server")
}

fn required(name: &str, what: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "these variables configure the tests and not the product")]
    let value = std::env::var(name);
    match value {
        Ok(url) if !url.is_empty() => url,
        _ => panic!("{name} is not set: set it to the URL of {what}, or run scripts/test, which starts one"),
    }
}
