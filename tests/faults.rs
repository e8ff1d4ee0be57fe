//! The programs as they are run, and what goes wrong around them.

mod clock;
mod crash;
mod halves;
mod keys;
mod limits;
mod production;
mod seals;
mod sms;
mod start;
mod stop;
mod store;
mod versions;
mod writes;
