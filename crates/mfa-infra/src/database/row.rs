//! Rows of accounts and users, the same for both databases: times are milliseconds, documents are JSON text.

mod authenticators;

use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::{Queryable, QueryableByName};
use mfa_core::{
    Account, AuthenticatorColumn, BackupMethod, FactorKind, InternalState, PendingApp, PendingTotp,
    PhoneState, RecoveryState, Sealed, SecretText, Timestamp, TotpState, UserId, UserRecord,
};

use self::authenticators::{authenticator_column, further_app};
use super::columns::NO_VERSION;

/// Columns of `users` that form an account, in the order of [`columns::ACCOUNT`](super::columns::ACCOUNT).
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column")]
pub(super) struct AccountRow {
    pub(super) id: i64,
    pub(super) email: String,
    pub(super) username: String,
    pub(super) is_active: bool,
    pub(super) is_superuser: bool,
    pub(super) mfa_enforced: bool,
    pub(super) is_totp_enabled: bool,
    pub(super) totp_secret: Option<String>,
    pub(super) totp_pending_secret: Option<String>,
    pub(super) totp_pending_expires_at: Option<i64>,
    pub(super) totp_enrolled_at: Option<i64>,
    pub(super) phone_number: Option<String>,
    pub(super) phone_pending: Option<String>,
    pub(super) is_phone_verified: bool,
    pub(super) phone_verified_at: Option<i64>,
    pub(super) mfa_backup_method: String,
    pub(super) recovery_codes: Option<String>,
    pub(super) recovery_codes_generated_at: Option<i64>,
    pub(super) totp_last_step: Option<i64>,
    pub(super) mfa_failed_attempts: i64,
    pub(super) mfa_lock_until: Option<i64>,
    pub(super) mfa_last_success_at: Option<i64>,
    pub(super) mfa_last_method: Option<String>,
    pub(super) mfa_version: i64,
    pub(super) mfa_internal: String,
    pub(super) mfa_authenticators: String,
    /// Name of a column whose value has a type that cannot be understood.
    pub(super) invalid_type: Option<String>,
}

/// Error: a column of a row holds a value that this service does not write.
#[derive(Debug, thiserror::Error)]
#[error("cannot read user {user}: the value of column {column} is invalid")]
pub(super) struct RowError {
    user: i64,
    column: String,
}

impl RowError {
    pub(super) fn new(user: i64, column: impl Into<String>) -> Self {
        Self { user, column: column.into() }
    }

    /// Returns the name of the column.
    pub(super) fn column(&self) -> &str {
        &self.column
    }
}

impl AccountRow {
    /// Converts the row to an account.
    pub(super) fn to_account(&self) -> Result<Account, RowError> {
        let broken = |column: &str| RowError::new(self.id, column);
        if let Some(column) = &self.invalid_type {
            return Err(broken(column));
        }
        if self.mfa_version == NO_VERSION {
            return Err(broken("mfa_version"));
        }
        let time = |millis: Option<i64>| millis.map(Timestamp::from_millis);
        let sealed = |text: &Option<String>| text.clone().map(Sealed::from_column);
        let backup_method = match self.mfa_backup_method.as_str() {
            "none" => BackupMethod::None,
            "sms" => BackupMethod::Sms,
            _ => return Err(broken("mfa_backup_method")),
        };
        let generated_at = time(self.recovery_codes_generated_at);
        let authenticators =
            AuthenticatorColumn::parse(&self.mfa_authenticators).map_err(|_| broken("mfa_authenticators"))?;
        // Who disables TOTP by SQL removes the passkeys and the further apps too.
        let AuthenticatorColumn { passkeys, names, apps, pending_app, rest } = if self.is_totp_enabled {
            authenticators
        } else {
            let AuthenticatorColumn { names, pending_app, .. } = authenticators;
            AuthenticatorColumn { names, pending_app, ..AuthenticatorColumn::default() }
        };
        // Nobody knows the secret of a placeholder, so it is no app.
        let placeholder = passkeys.placeholder.as_ref().map(Sealed::as_column);
        let is_placeholder = placeholder.is_some() && placeholder == self.totp_secret.as_deref();
        let pending = self.pending_totp(pending_app);
        let (first, further) = apps.into_iter().partition::<Vec<_>, _>(|app| app.secret.is_none());
        let further = further.into_iter().filter_map(further_app).collect();
        let totp = if is_placeholder {
            TotpState::default()
        } else {
            let enrolled_at = time(self.totp_enrolled_at);
            let first = first.into_iter().find(|app| app.enrolled_at == enrolled_at);
            let (id, parameters) = first.map(|app| (app.id, app.parameters)).unzip();
            TotpState {
                enabled: self.is_totp_enabled,
                secret: sealed(&self.totp_secret),
                enrolled_at,
                last_step: self.totp_last_step,
                id: id.filter(|id| id != TotpState::default().first_id()),
                parameters: parameters.unwrap_or_default(),
                ..TotpState::default()
            }
        };
        let mut account = Account {
            user: UserId::new(self.id),
            email: unpadded(&self.email),
            username: unpadded(&self.username),
            is_active: self.is_active,
            is_superuser: self.is_superuser,
            mfa_enforced: self.mfa_enforced,
            totp: TotpState { pending, further, ..totp },
            phone: PhoneState {
                number: sealed(&self.phone_number),
                pending: sealed(&self.phone_pending),
                is_verified: self.is_phone_verified,
                verified_at: time(self.phone_verified_at),
            },
            backup_method,
            recovery: recovery_state(self.recovery_codes.as_deref(), generated_at),
            passkeys,
            names,
            other_authenticators: rest,
            failures: stored_count(self.mfa_failed_attempts),
            lock_until: time(self.mfa_lock_until),
            last_success_at: time(self.mfa_last_success_at),
            last_method: self.mfa_last_method.as_deref().and_then(FactorKind::parse),
            version: self.mfa_version,
            internal: serde_json::from_str(&self.mfa_internal).map_err(|_| broken("mfa_internal"))?,
            events: Vec::new(),
        };
        // Another program took the first app out of its column.
        account.promote_totp_app();
        Ok(account)
    }

    /// Returns the enrolment in progress, of which the column `mfa_authenticators` may hold a part.
    fn pending_totp(&self, app: Option<PendingApp>) -> Option<PendingTotp> {
        let PendingApp { added, name } = app.unwrap_or_default();
        let added = added.map(|app| PendingTotp {
            secret: app.secret,
            expires_at: app.expires_at,
            added_as: Some(app.id),
            name: name.clone(),
        });
        let replacing = self.totp_pending_secret.clone().zip(self.totp_pending_expires_at);
        let replacing = replacing.map(|(secret, expires_at)| PendingTotp {
            secret: Sealed::from_column(secret),
            expires_at: Timestamp::from_millis(expires_at),
            added_as: None,
            name,
        });
        // A server of the previous version does not see the added app, and may have begun another enrolment since.
        added.into_iter().chain(replacing).max_by_key(|it| it.expires_at)
    }

    /// Converts an account to a row. `None` if a document cannot be serialised, or if an account with passkeys and without
    /// an app has no placeholder.
    pub(super) fn from_account(account: &Account) -> Option<Self> {
        let millis = |time: Option<Timestamp>| time.map(Timestamp::millis);
        let column = |sealed: &Option<Sealed>| sealed.as_ref().map(|it| it.as_column().to_owned());
        let pending = account.totp.pending.as_ref().filter(|it| it.added_as.is_none());
        let recovery_codes = match (account.recovery.codes.as_slice(), &account.recovery.unreadable) {
            ([], unreadable) => unreadable.as_ref().map(|it| it.expose().to_owned()),
            (codes, _) => Some(serde_json::to_string(codes).ok()?),
        };
        let (is_totp_enabled, totp_secret, totp_enrolled_at) = match account.passkeys.keys.first() {
            Some(first) if !account.totp.enabled => {
                let placeholder = account.passkeys.placeholder.as_ref()?;
                (true, Some(placeholder.as_column().to_owned()), Some(first.created_at))
            }
            _ => (account.totp.enabled, column(&account.totp.secret), account.totp.enrolled_at),
        };
        Some(Self {
            id: account.user.value(),
            email: account.email.clone(),
            username: account.username.clone(),
            is_active: account.is_active,
            is_superuser: account.is_superuser,
            mfa_enforced: account.mfa_enforced,
            is_totp_enabled,
            totp_secret,
            totp_pending_secret: pending.map(|it| it.secret.as_column().to_owned()),
            totp_pending_expires_at: pending.map(|it| it.expires_at.millis()),
            totp_enrolled_at: millis(totp_enrolled_at),
            phone_number: column(&account.phone.number),
            phone_pending: column(&account.phone.pending),
            is_phone_verified: account.phone.is_verified,
            phone_verified_at: millis(account.phone.verified_at),
            mfa_backup_method: account.backup_method.as_str().to_owned(),
            recovery_codes,
            recovery_codes_generated_at: millis(account.recovery.generated_at),
            totp_last_step: account.totp.last_step,
            mfa_failed_attempts: stored_count(account.failures).into(),
            mfa_lock_until: millis(account.lock_until),
            mfa_last_success_at: millis(account.last_success_at),
            mfa_last_method: account.last_method.map(|it| it.as_str().to_owned()),
            mfa_version: account.version,
            mfa_internal: serde_json::to_string(&account.internal).ok()?,
            mfa_authenticators: authenticator_column(account)?,
            invalid_type: None,
        })
    }
}

/// Whether an account differs in what is stored in a column that verifications do not write. `after` stays as it is.
pub(super) fn differs_in_cold_columns(before: Account, after: &mut Account) -> bool {
    // Moved for the comparison, not copied.
    let (internal, events) = (std::mem::take(&mut after.internal), std::mem::take(&mut after.events));
    let hot = Account {
        totp: TotpState { last_step: after.totp.last_step, ..before.totp },
        failures: after.failures,
        lock_until: after.lock_until,
        last_success_at: after.last_success_at,
        last_method: after.last_method,
        version: after.version,
        internal: InternalState::default(),
        events: Vec::new(),
        ..before
    };
    let differs = hot != *after;
    (after.internal, after.events) = (internal, events);
    differs
}

/// Returns a count of failures that the column of PostgreSQL, an `INTEGER`, can hold. A larger one is the largest, and a
/// negative one is 0: another program wrote it, and the next failure must count.
fn stored_count(count: impl Into<i64>) -> u32 {
    u32::try_from(count.into().clamp(0, i32::MAX.into())).unwrap_or(0)
}

/// Returns the recovery codes of a column. Codes in another form, such as the list of hashes that the Python service
/// writes, are a set that matches nothing: neither the app nor a reset may fail because of it.
fn recovery_state(column: Option<&str>, generated_at: Option<Timestamp>) -> RecoveryState {
    let (codes, unreadable) = match column.map(str::trim) {
        None | Some("" | "null" | "[]") => (Vec::new(), None),
        Some(json) => match serde_json::from_str(json) {
            Ok(codes) => (codes, None),
            Err(_) => (Vec::new(), column.map(|it| SecretText::new(it.to_owned()))),
        },
    };
    RecoveryState { codes, generated_at, unreadable }
}

/// Least and greatest id of the users.
#[derive(QueryableByName)]
pub(super) struct IdRangeRow {
    #[diesel(sql_type = BigInt)]
    least: i64,
    #[diesel(sql_type = BigInt)]
    greatest: i64,
}

impl IdRangeRow {
    /// Returns the first and the last id of windows of `width` ids that cover the range.
    pub(super) fn windows(&self, width: i64) -> impl Iterator<Item = (i64, i64)> + use<> {
        let greatest = self.greatest;
        let next = move |first: &i64| Some(first.saturating_add(width)).filter(|next| *next <= greatest);
        std::iter::successors(Some(self.least), next)
            .map(move |first| (first, first.saturating_add(width.saturating_sub(1)).min(greatest)))
    }

    /// Returns `places` ids from the least one on, each `width` or more after the one before. The last one is `width` ids
    /// before the end.
    pub(super) fn evenly_spaced(&self, places: i64, width: i64) -> impl Iterator<Item = i64> + use<> {
        let first = self.least;
        let last = self.greatest.saturating_sub(width.saturating_sub(1)).max(first);
        let gaps = places.saturating_sub(1).max(1);
        let step = last.saturating_sub(first).checked_div(gaps).unwrap_or(0).max(width);
        let ids = (0..gaps).map(move |n| first.saturating_add(step.saturating_mul(n)));
        ids.take_while(move |id| *id < last).chain([last])
    }
}

/// First characters of a password hash.
#[derive(QueryableByName)]
pub(super) struct PrefixRow {
    #[diesel(sql_type = Text)]
    prefix: String,
}

impl PrefixRow {
    pub(super) fn into_text(self) -> String {
        self.prefix
    }
}

/// Id of the user of an event.
#[derive(QueryableByName)]
pub(super) struct EventUserRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

impl EventUserRow {
    pub(super) fn into_user(self) -> UserId {
        UserId::new(self.id)
    }
}

/// Id and name of a user.
#[derive(QueryableByName)]
pub(super) struct NameRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    username: String,
}

impl NameRow {
    pub(super) fn into_pair(self) -> (UserId, String) {
        (UserId::new(self.id), unpadded(&self.username))
    }
}

/// User of a list.
#[derive(QueryableByName)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column")]
pub(super) struct UserRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    username: String,
    #[diesel(sql_type = Nullable<Text>)]
    full_name: Option<String>,
    #[diesel(sql_type = Bool)]
    is_active: bool,
    #[diesel(sql_type = Bool)]
    is_superuser: bool,
    #[diesel(sql_type = Bool)]
    mfa_enforced: bool,
    #[diesel(sql_type = Bool)]
    totp_enabled: bool,
    #[diesel(sql_type = Bool)]
    sms_enabled: bool,
    #[diesel(sql_type = Bool)]
    has_passkey: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    lock_until: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_success_at: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    unreadable: Option<String>,
}

impl UserRow {
    pub(super) fn into_record(self) -> UserRecord {
        UserRecord {
            user: UserId::new(self.id),
            email: unpadded(&self.email),
            username: unpadded(&self.username),
            full_name: self.full_name.as_deref().map(unpadded),
            is_active: self.is_active,
            is_superuser: self.is_superuser,
            mfa_enforced: self.mfa_enforced,
            totp_enabled: self.totp_enabled,
            sms_enabled: self.sms_enabled,
            has_passkey: self.has_passkey,
            lock_until: self.lock_until.map(Timestamp::from_millis),
            last_success_at: self.last_success_at.map(Timestamp::from_millis),
            unreadable: self.unreadable,
        }
    }
}

/// Returns a text without the blanks or NULs with which a column of fixed length is padded.
pub(super) fn unpadded(text: &str) -> String {
    text.trim_end_matches(['\0', ' ']).to_owned()
}

/// Returns a pattern for `LIKE` that matches the text anywhere. Wildcards in the text are escaped with `\`.
pub(super) fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests;
