//! Tests of the built programs under faults of their environment.

mod clock;
mod crash;
mod halves;
mod keys;
mod limits;
mod pooler;
mod production;
mod seals;
mod sms;
mod start;
mod stop;
mod store;
mod versions;
mod writes;
