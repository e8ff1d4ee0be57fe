//! Log lines of security events.

use std::fmt;

use data_encoding::HEXLOWER;
use mfa_core::{EventKind, EventSink, LoggedEvent, Outcome};
use slog::{BorrowedKV, Drain, KV, Level, Never, OwnedKVList, Record, RecordStatic, Serializer};

use super::json_lines::log_with_header;

/// Event sink that logs security events at any log level, because these lines prove the end of an audit chain.
///
/// `ts` is the time of the event, not of writing.
pub(super) struct SecurityLog<D>(pub(super) D);

impl<D> EventSink for SecurityLog<D>
where
    D: Drain<Ok = (), Err = Never> + Send + Sync,
{
    fn record(&self, line: LoggedEvent<'_>) {
        let (kind, outcome) = (line.event.kind, line.event.outcome);
        let location = &slog::RecordLocation {
            file: file!(),
            line: line!(),
            column: column!(),
            function: "",
            module: module_path!(),
        };
        let meta = RecordStatic { location, tag: "", level: level(kind, outcome) };
        let fields = EventFields(line);
        let message = format_args!("{}: {}", kind.as_str(), outcome.as_str());
        let record = Record::new(&meta, &message, BorrowedKV(&fields));
        let Ok(()) = log_with_header(&self.0, line.event.at, &record, &OwnedKVList::from(slog::o!()));
    }
}

impl<D> fmt::Debug for SecurityLog<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecurityLog")
    }
}

const fn level(kind: EventKind, outcome: Outcome) -> Level {
    match (kind, outcome) {
        // A sealed value that cannot be unsealed is a server fault or an attack on the database.
        (EventKind::DecryptFail, _) => Level::Error,
        (EventKind::AccountLocked | EventKind::GuessingSuspected | EventKind::ForeignChange, _)
        | (_, Outcome::Failure | Outcome::Refused) => Level::Warning,
        (_, Outcome::Success) => Level::Info,
    }
}

/// Key-values of a security event. All are always present, `null` if they have no value, except `reason`,
/// `session_id`, `seq` and `mac`, which are present only with a value.
struct EventFields<'a>(LoggedEvent<'a>);

impl KV for EventFields<'_> {
    fn serialize(&self, _: &Record<'_>, to: &mut dyn Serializer) -> slog::Result {
        let Self(LoggedEvent { user, event, chain }) = self;
        let origin = &event.origin;
        to.emit_str("event", event.kind.as_str())?;
        to.emit_str("outcome", event.outcome.as_str())?;
        match user {
            Some(user) => to.emit_i64("user_id", user.value())?,
            None => to.emit_none("user_id")?,
        }
        text_or_null(to, "method", event.method.map(mfa_core::FactorKind::as_str))?;
        match origin.ip() {
            Some(ip) => to.emit_arguments("ip", &format_args!("{ip}"))?,
            None => to.emit_none("ip")?,
        }
        text_or_null(to, "user_agent", origin.user_agent())?;
        text_or_null(to, "request_id", origin.request_id())?;
        text_or_null(to, "actor", event.actor.as_deref())?;
        if let Some(reason) = &event.reason {
            to.emit_str("reason", reason)?;
        }
        if let Some(token) = event.token {
            to.emit_str("session_id", &token.id.to_hex())?;
        }
        if let Some((seq, mac)) = chain {
            to.emit_u64("seq", *seq)?;
            to.emit_str("mac", &HEXLOWER.encode(mac))?;
        }
        Ok(())
    }
}

fn text_or_null(to: &mut dyn Serializer, key: slog::Key, text: Option<&str>) -> slog::Result {
    match text {
        Some(text) => to.emit_str(key, text),
        None => to.emit_none(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_is_info_and_everything_else_a_warning_or_error() {
        assert_eq!(level(EventKind::TotpVerify, Outcome::Success), Level::Info);
        assert_eq!(level(EventKind::TotpVerify, Outcome::Failure), Level::Warning);
        assert_eq!(level(EventKind::LockedCall, Outcome::Refused), Level::Warning);
        assert_eq!(level(EventKind::AccountLocked, Outcome::Success), Level::Warning);
        assert_eq!(level(EventKind::GuessingSuspected, Outcome::Success), Level::Warning);
        assert_eq!(level(EventKind::DecryptFail, Outcome::Failure), Level::Error);
    }
}
