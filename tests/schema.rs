//! The table `users`: how it comes to be, what others may write to it, how it goes.

mod erasure;
mod guard;
mod migrations;
mod roles;
