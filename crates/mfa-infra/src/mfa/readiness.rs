//! Result of the readiness check: the state of each part.

/// Readiness of each part that calls need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Database: it answers.
    pub database: PartState,
    /// Encryption keys: they unseal the data.
    pub keys: PartState,
    /// Clock: it agrees with the database's.
    pub clock: PartState,
    /// Redis: servers share their rate limits, if configured.
    pub redis: PartState,
    /// SMS providers: at least one is configured, and all work.
    pub providers: PartState,
    /// Mails to users: none has waited for long.
    pub mail: PartState,
    /// Passkeys: they have an RP ID.
    pub passkeys: PartState,
    /// SMS conversion: users enter the codes that they are sent.
    pub sms: PartState,
}

/// State of one part.
///
/// Exhaustive, so that each state has a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartState {
    /// The part works.
    Ready,
    /// The part fails, and calls work without it.
    Degraded(&'static str),
    /// The part fails, and calls fail too.
    Failed(&'static str),
}
