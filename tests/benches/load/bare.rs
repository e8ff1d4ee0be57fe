//! The limit of the bare database: `pgbench` with the statements of one verification.

use std::process::{Command, Stdio};
use std::time::Duration;

use nova_mfa_tests::Installation;

/// Reads the state of an account, then stores it with its event in one statement.
const SCRIPT: &str = "\
\\set id random(1, :users)
SELECT secret, last_step, failed, locked_until FROM bare_users WHERE id = :id;
WITH changed AS (UPDATE bare_users SET last_step = last_step + 1, failed = 0 WHERE id = :id RETURNING id) \
INSERT INTO bare_events (user_id, at, kind, detail) SELECT id, now(), 'totp_verified', :id::text FROM changed;
";

/// Tables beside those of the product.
#[derive(Debug)]
pub(crate) struct Bare<'a> {
    installation: &'a Installation,
    users: usize,
}

impl<'a> Bare<'a> {
    /// Creates the tables.
    pub(crate) fn create(installation: &'a Installation, users: usize) -> Self {
        installation.sql(&format!(
            "CREATE TABLE bare_users (id BIGINT PRIMARY KEY, secret TEXT NOT NULL, last_step BIGINT NOT NULL, \
             failed INTEGER NOT NULL, locked_until TIMESTAMPTZ) WITH (fillfactor = 70); \
             CREATE TABLE bare_events (id BIGSERIAL PRIMARY KEY, user_id BIGINT NOT NULL, at TIMESTAMPTZ NOT NULL, \
             kind TEXT NOT NULL, detail TEXT); \
             INSERT INTO bare_users SELECT n, repeat('x', 80), 0, 0, NULL FROM generate_series(1, {users}) AS n; \
             ANALYZE bare_users;"
        ));
        std::fs::write(installation.folder().join("bare.sql"), SCRIPT).expect("the folder takes a file");
        Self { installation, users }
    }

    /// Returns the transactions a second of this many clients.
    pub(crate) fn rate(&self, clients: usize, time: Duration) -> f64 {
        let output = Command::new("pgbench")
            .args(["--no-vacuum", "--protocol=prepared", "--file=bare.sql", "--jobs=1"])
            .args([format!("--client={clients}"), format!("--time={}", time.as_secs())])
            .arg(format!("--define=users={}", self.users))
            .arg(self.installation.database().url())
            .current_dir(self.installation.folder())
            .stderr(Stdio::inherit())
            .output();
        let output = output.expect("pgbench starts");
        let text = String::from_utf8_lossy(&output.stdout);
        let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        rate.unwrap_or_else(|| panic!("pgbench: {text}"))
    }
}
