//! Everything that is spent once, and everything that is counted, under many at once.

mod recovery;
mod sms;
mod sms_budget;
mod totp;
