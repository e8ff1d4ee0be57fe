//! All tests that span crates, in one binary.
//!
//! Each area is a module, in one file or one folder. The support library of this package provides a database and a
//! server per test, and the built programs.

#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows panics, as it should")]

mod api;
mod architecture;
mod audit;
mod committer;
mod contract;
mod documents;
mod faults;
mod mail;
mod operation;
mod races;
mod redis;
mod rows;
mod schema;
