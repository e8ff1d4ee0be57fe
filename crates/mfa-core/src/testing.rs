//! In-memory adapters for tests of this workspace and of embedding applications.
//!
//! They behave as the ports require, and the contract suites (`mfa-contracts`) run on them. Nothing survives the process.

mod accounts;
mod cipher;
mod clock;
mod hasher;
mod recording;
mod user_list;

pub use accounts::MemoryAccounts;
pub use cipher::{TestCipher, TestDigests};
pub use clock::{ManualClock, SeededEntropy};
pub use hasher::TestHasher;
pub use recording::{NoLimits, RecordedEvent, RecordingEventSink};
