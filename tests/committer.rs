//! How decisions are gathered and stored: what a group costs, and what others may do to it meanwhile.

mod bounds;
mod cost;
mod others;
mod unknown;
