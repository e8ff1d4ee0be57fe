//! Tests of `docs/`: links have targets, commands run, and lists are complete.

mod answers;
mod book;
mod deployment;
mod examples;
mod french;
mod live;
mod markdown;
mod reference;
mod scripts;
mod threats;
