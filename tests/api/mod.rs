//! The HTTP contract, from outside, on both databases.

mod account;
mod admin;
mod algorithms;
mod bodies;
mod canary;
mod enrolment;
mod events;
mod health;
mod introspection;
mod limits;
mod lock_lengths;
mod lockout;
mod login;
mod order;
mod phone;
mod problems;
mod races;
mod recovery;
mod replacement;
mod sessions;
mod sms;
mod stages;
mod step_up;
mod tokens;
mod verification;
