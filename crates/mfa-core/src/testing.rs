//! Adapters that live in memory: for our tests and for embedders'.
//!
//! They keep the promises of the ports (the contract suites run on them too), but nothing survives the process.

mod accounts;
mod cipher;
mod clock;
mod hasher;
mod recording;

pub use accounts::MemoryAccounts;
pub use cipher::{TestCipher, TestDigests};
pub use clock::{ManualClock, SeededEntropy};
pub use hasher::TestHasher;
pub use recording::{NoLimits, RecordedEvent, RecordingEventSink};
