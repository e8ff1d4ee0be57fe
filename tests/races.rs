//! Races of everything that is spent once or counted.

mod erasure;
mod passkey;
mod phishing_resistant;
mod recovery;
mod sms;
mod sms_budget;
mod totp;
