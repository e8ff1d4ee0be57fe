//! Conditions on rows of `users`, the same for statistics and lists, so that a number on the dashboard is that of its list.

use mfa_core::UserState;

use super::dialect::Dialect;
use crate::database::columns::ColumnKind;

/// An authenticator app or, with passkeys only, its placeholder.
pub(super) fn own<C: Dialect>() -> String {
    format!("(({}) AND totp_secret IS NOT NULL)", C::column("is_totp_enabled", ColumnKind::Flag))
}

/// An authenticator app.
pub(super) fn app<C: Dialect>() -> String {
    format!("({} AND NOT coalesce({}, FALSE))", own::<C>(), C::HAS_PLACEHOLDER)
}

/// Codes by SMS.
pub(super) fn sms<C: Dialect>() -> String {
    format!(
        "(({}) AND phone_number IS NOT NULL AND coalesce(mfa_backup_method = 'sms', FALSE))",
        C::column("is_phone_verified", ColumnKind::Flag)
    )
}

/// A passkey.
pub(super) fn passkey<C: Dialect>() -> String {
    format!("({} AND coalesce({}, FALSE))", own::<C>(), C::HAS_PASSKEY)
}

/// Returns the condition of a state. `now` is a parameter with the time in milliseconds.
pub(super) fn condition<C: Dialect>(state: UserState, now: &str) -> String {
    let flag = |name| C::column(name, ColumnKind::Flag);
    match state {
        UserState::Locked => format!(
            "(coalesce({} > {now}, FALSE) OR {} IS NOT NULL)",
            C::column("mfa_lock_until", ColumnKind::Time),
            (C::INVALID_VALUE)()
        ),
        UserState::NoFactor => format!("NOT ({} OR {})", own::<C>(), sms::<C>()),
        UserState::SmsOnly => format!("({} AND NOT {})", sms::<C>(), own::<C>()),
        UserState::NoPasskey => format!("NOT {}", passkey::<C>()),
        UserState::Enforced => format!("({})", flag("mfa_enforced")),
        UserState::FewCodes => format!(
            "(({} OR {}) AND {} <= {})",
            own::<C>(),
            sms::<C>(),
            C::UNUSED_RECOVERY_CODES,
            UserState::FEW_CODES
        ),
        UserState::Disabled => format!("NOT ({})", flag("is_active")),
    }
}
