//! The programs as they are run, and what goes wrong around them.

mod crash;
mod keys;
mod start;
mod stop;
mod store;
