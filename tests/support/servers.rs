//! The database servers that the tests were given.

/// Where PostgreSQL is: a role that may create databases.
pub fn postgres_url() -> String {
    required("MFA_TEST_DATABASE_URL", "a PostgreSQL server whose role may create databases")
}

/// Where Redis is; tests share it, so each chooses a key prefix of its own.
pub fn redis_url() -> String {
    required("MFA_TEST_REDIS_URL", "a Redis server")
}

fn required(name: &str, what: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "these two say where the tests' servers are, not how the product is set"
    )]
    let value = std::env::var(name);
    match value {
        Ok(url) if !url.is_empty() => url,
        _ => panic!("{name} is not set: give it the URL of {what}, or run scripts/test, which starts one"),
    }
}
