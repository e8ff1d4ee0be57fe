//! What the tests of NOVA MFA stand on: servers, databases, binaries.
//!
//! It refuses to skip: what is missing panics with a sentence that says what to start. `scripts/test` provides
//! all of it.
//!
//! A test's server or database is its own (a database with a random name, a port that nobody listens on), so that
//! tests run side by side; what they share is told apart by name.

#![expect(clippy::panic, clippy::expect_used, reason = "a support function that cannot give ends its test")]
#![expect(clippy::missing_panics_doc, reason = "each of them panics when it cannot give what it promises")]

mod binaries;
mod port;
mod postgres;
mod servers;
mod sqlite;
mod stores;
mod world;

pub use binaries::{admin_binary, server_binary};
pub use port::free_port;
pub use postgres::PgDatabase;
pub use servers::{postgres_url, redis_url};
pub use sqlite::SqliteDatabase;
pub use stores::{NOON, TestStore, add_user, on_every_adapter, test_keys};
pub use world::{Enrolled, World};
