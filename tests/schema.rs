//! Tests of the table `users`: migrations, writes by others, and erasure.

mod codes;
mod encoding;
mod erasure;
mod guard;
mod migrations;
mod passkey_rows;
mod passkey_versions;
mod passkeys;
mod roles;
mod session_versions;
mod triggers;
mod user_search;
mod whole_rows;
