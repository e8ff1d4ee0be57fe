//! Every test that spans crates, in one binary.
//!
//! Each area is a module: one file, or one folder of them. What they stand on (a database each, a server each, the
//! built programs) comes from the support library of this package.

#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows panics, as it should")]

mod api;
mod architecture;
mod audit;
mod committer;
mod contract;
mod documents;
mod faults;
mod operation;
mod races;
mod redis;
mod schema;
