//! The documents in `docs/`, held to what they are about: their links lead somewhere, their commands run, and what they
//! list is what there is.

mod answers;
mod book;
mod deployment;
mod examples;
mod french;
mod live;
mod markdown;
mod reference;
mod threats;
