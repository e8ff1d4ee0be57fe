//! Tests of the table `users`: migrations, writes by others, and erasure.

mod erasure;
mod guard;
mod migrations;
mod roles;
mod whole_rows;
