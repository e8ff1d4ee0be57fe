//! Tests of the committer: the cost of a group, and concurrent changes by others.

mod bounds;
mod cost;
mod others;
mod unknown;
