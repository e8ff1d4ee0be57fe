//! In-memory store of accounts and users.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::user_list;
use crate::{
    Account, Accounts, Activity, AddressMatch, AddressOwner, Adoption, AuditLog, AuditPage, AuditQuery,
    BoxFuture, Credentials, Decision, EventKind, IssuedTokenEvent, LockoutCount, NewUser, NewUserError,
    Origin, PasswordDigest, PasswordKinds, Period, Phase, SecurityEvent, Statistics, StoreError,
    StoreErrorKind, StoredEvent, Timestamp, Totals, UserEventsQuery, UserFilter, UserId, UserPage, UserQuery,
    Users, VerificationCount, fold_login, user_actor_prefix,
};

/// Accounts and users in memory, with the stored events.
#[derive(Debug, Default)]
pub struct MemoryAccounts(Mutex<MemoryState>);

#[derive(Debug, Default)]
struct MemoryState {
    accounts: BTreeMap<UserId, Account>,
    digests: BTreeMap<UserId, (PasswordDigest, Option<String>)>,
    events: Vec<(UserId, SecurityEvent)>,
    helpdesk: BTreeSet<UserId>,
}

impl MemoryState {
    /// Returns the accounts with the full names of their users.
    fn named(&self) -> impl Iterator<Item = user_list::Named<'_>> + Clone {
        let full_name = |user| self.digests.get(user).and_then(|(_, name)| name.as_deref());
        self.accounts.iter().map(move |(user, account)| (account, full_name(user)))
    }

    fn with_address(&self, email: &str) -> AddressMatch<AddressOwner> {
        let owners = self
            .accounts
            .values()
            .map(|it| (it.email.clone(), AddressOwner { user: it.user, email: it.email.clone() }));
        AddressMatch::choose(email, owners)
    }

    /// Erases the personal data of those events of a user that came before the newest one of this kind.
    fn erase(&mut self, user: UserId, kind: EventKind, is_erased: impl Fn(&SecurityEvent) -> bool) {
        let newest = self.events.iter().rposition(|(of, event)| *of == user && event.kind == kind);
        let before = self.events.iter_mut().take(newest.unwrap_or(0));
        for (_, event) in before.filter(|(of, event)| *of == user && is_erased(event)) {
            event.origin = Origin::new(None, None, event.origin.request_id());
            (event.actor, event.reason) = (None, None);
        }
    }
}

/// Returns whether this user caused the event as an administrator.
fn is_by(event: &SecurityEvent, actor: UserId) -> bool {
    event.actor.as_ref().is_some_and(|it| it.starts_with(&user_actor_prefix(actor)))
}

impl MemoryAccounts {
    /// Creates a store with these accounts.
    pub fn with(accounts: impl IntoIterator<Item = Account>) -> Self {
        let accounts = accounts.into_iter().map(|account| (account.user, account)).collect();
        Self(Mutex::new(MemoryState { accounts, ..MemoryState::default() }))
    }

    /// Returns every stored event.
    pub fn events(&self) -> Vec<(UserId, SecurityEvent)> {
        self.state().events.clone()
    }

    /// Returns every event as the audit log reads it, oldest first.
    fn stored(&self) -> Vec<StoredEvent> {
        let mut numbers: BTreeMap<UserId, u64> = BTreeMap::new();
        let state = self.state();
        let stored = state.events.iter().zip(1..).map(|((user, event), id)| {
            let seq = numbers.entry(*user).or_default();
            *seq = seq.saturating_add(1);
            StoredEvent {
                id,
                user: *user,
                seq: *seq,
                at: event.at,
                event: event.kind.as_str().to_owned(),
                method: event.method.map(|it| it.as_str().to_owned()),
                outcome: event.outcome.as_str().to_owned(),
                ip: event.origin.ip().map(|ip| ip.to_string()),
                user_agent: event.origin.user_agent().map(str::to_owned),
                request_id: event.origin.request_id().map(str::to_owned),
                actor: event.actor.clone(),
                reason: event.reason.clone(),
            }
        });
        stored.collect()
    }

    fn state(&self) -> MutexGuard<'_, MemoryState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, user: UserId, decision: &mut Decision) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(stored) = state.accounts.get(&user) else { return Ok(false) };
        let mut copy = stored.clone();
        catch_unwind(AssertUnwindSafe(|| decision(&mut copy)))
            .map_err(|_| StoreError::new(StoreErrorKind::DecisionPanicked, "memory accounts"))?;
        let events: Vec<_> = copy.events.drain(..).map(|event| (user, event)).collect();
        if copy != *stored || !events.is_empty() {
            copy.version = copy.version.saturating_add(1);
            state.accounts.insert(user, copy);
            state.events.extend(events);
        }
        Ok(true)
    }
}

impl Accounts for MemoryAccounts {
    fn apply(
        &self,
        user: UserId,
        _: Phase,
        mut decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move { self.run(user, &mut decision) })
    }

    fn find(&self, user: UserId) -> BoxFuture<'_, Result<Option<Account>, StoreError>> {
        Box::pin(async move { Ok(self.state().accounts.get(&user).cloned()) })
    }
}

impl Users for MemoryAccounts {
    fn find_credentials<'a>(
        &'a self,
        login: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credentials>, StoreError>> {
        Box::pin(async move {
            let state = self.state();
            let by_name = state.accounts.values().find(|account| account.username == login);
            let user =
                by_name.map(|it| it.user).or_else(|| state.with_address(login).one().map(|it| it.user));
            Ok(user.and_then(|user| {
                let (digest, _) = state.digests.get(&user)?;
                Some(Credentials { user, digest: digest.clone() })
            }))
        })
    }

    fn find_by_email<'a>(
        &'a self,
        email: &'a str,
    ) -> BoxFuture<'a, Result<AddressMatch<AddressOwner>, StoreError>> {
        Box::pin(async move { Ok(self.state().with_address(email)) })
    }

    fn password_kinds(&self) -> BoxFuture<'_, Result<PasswordKinds, StoreError>> {
        Box::pin(async move {
            let state = self.state();
            Ok(PasswordKinds::of_columns(state.digests.values().map(|(digest, _)| digest.as_column())))
        })
    }

    fn set_password(&self, user: UserId, new: PasswordDigest) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let mut state = self.state();
            if !state.accounts.contains_key(&user) {
                return Ok(false);
            }
            let full_name = state.digests.get(&user).and_then(|(_, full_name)| full_name.clone());
            state.digests.insert(user, (new, full_name));
            Ok(true)
        })
    }

    fn set_superuser(&self, user: UserId, is_superuser: bool) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let mut state = self.state();
            let account = state.accounts.get_mut(&user);
            Ok(account.map(|account| account.is_superuser = is_superuser).is_some())
        })
    }

    fn replace_password(
        &self,
        user: UserId,
        old: PasswordDigest,
        new: PasswordDigest,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let mut state = self.state();
            let Some((digest, _)) = state.digests.get_mut(&user).filter(|(digest, _)| *digest == old) else {
                return Ok(false);
            };
            *digest = new;
            Ok(true)
        })
    }

    fn insert(&self, user: NewUser) -> BoxFuture<'_, Result<UserId, NewUserError>> {
        Box::pin(async move {
            let mut state = self.state();
            let taken = |it: &Account| {
                it.username == user.username || fold_login(&it.email) == fold_login(&user.email)
            };
            if state.accounts.values().any(taken) {
                return Err(NewUserError::Taken);
            }
            let last = state.accounts.keys().next_back().map_or(0, |id| id.value());
            let id = UserId::new(last.saturating_add(1));
            let account = Account {
                is_superuser: user.is_superuser,
                mfa_enforced: user.mfa_enforced,
                ..Account::new(id, user.email, user.username)
            };
            state.accounts.insert(id, account);
            state.digests.insert(id, (user.digest, user.full_name));
            Ok(id)
        })
    }

    fn erase_details(
        &self,
        user: UserId,
        _: fn(Option<IpAddr>) -> String,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.state().erase(user, EventKind::AdminErase, |_| true);
            Ok(())
        })
    }

    fn administered_by(&self, actor: UserId) -> BoxFuture<'_, Result<Vec<UserId>, StoreError>> {
        Box::pin(async move {
            let state = self.state();
            let users: BTreeSet<_> =
                state.events.iter().filter(|(_, event)| is_by(event, actor)).map(|(user, _)| *user).collect();
            Ok(users.into_iter().collect())
        })
    }

    fn erase_actor(&self, user: UserId, actor: UserId) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.state().erase(user, EventKind::ActorErase, |event| is_by(event, actor));
            Ok(())
        })
    }

    fn list(&self, query: UserQuery, now: Timestamp) -> BoxFuture<'_, Result<Option<UserPage>, StoreError>> {
        Box::pin(async move { Ok(user_list::page(self.state().named(), &query, now)) })
    }

    fn count(&self, filter: UserFilter, now: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            let state = self.state();
            let found = state.named().filter(|it| user_list::fits(*it, &filter, now)).count();
            Ok(u64::try_from(found).unwrap_or(u64::MAX))
        })
    }

    fn usernames(&self, users: Vec<UserId>) -> BoxFuture<'_, Result<BTreeMap<UserId, String>, StoreError>> {
        Box::pin(async move {
            let state = self.state();
            let named = users.into_iter().filter_map(|user| state.accounts.get(&user));
            Ok(named.map(|it| (it.user, it.username.clone())).collect())
        })
    }

    fn full_name(&self, user: UserId) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        Box::pin(async move { Ok(self.state().digests.get(&user).and_then(|(_, name)| name.clone())) })
    }

    fn is_helpdesk(&self, user: UserId) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move { Ok(self.state().helpdesk.contains(&user)) })
    }

    fn set_helpdesk(
        &self,
        user: UserId,
        is_helpdesk: bool,
        _: Timestamp,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let mut state = self.state();
            let exists = state.accounts.contains_key(&user);
            if is_helpdesk && exists {
                state.helpdesk.insert(user);
            } else {
                state.helpdesk.remove(&user);
            }
            Ok(exists)
        })
    }
}

impl AuditLog for MemoryAccounts {
    fn list_for_user(
        &self,
        user: UserId,
        page: UserEventsQuery,
    ) -> BoxFuture<'_, Result<Vec<StoredEvent>, StoreError>> {
        Box::pin(async move {
            let fits = |it: &StoredEvent| it.user == user && page.before.is_none_or(|before| it.seq < before);
            let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
            Ok(self.stored().into_iter().rev().filter(fits).take(limit).collect())
        })
    }

    fn list_all(&self, query: AuditQuery) -> BoxFuture<'_, Result<AuditPage, StoreError>> {
        Box::pin(async move {
            let fits = |it: &StoredEvent| {
                query.user.is_none_or(|user| it.user == user)
                    && query.kind.is_none_or(|kind| it.event == kind.as_str())
                    && query.outcome.is_none_or(|outcome| it.outcome == outcome.as_str())
                    && query.ip.is_none_or(|ip| it.ip.as_deref() == Some(ip.to_string().as_str()))
                    && query.from.is_none_or(|from| it.at >= from)
                    && query.to.is_none_or(|to| it.at < to)
                    && query.before.is_none_or(|before| it.id < before)
            };
            let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
            let mut events: Vec<_> = self.stored().into_iter().rev().filter(fits).collect();
            let more = events.len() > limit;
            events.truncate(limit);
            let next = events.last().filter(|_| more).map(|it| it.id);
            Ok(AuditPage { events, next })
        })
    }

    fn list_issued_tokens(
        &self,
        user: UserId,
        since: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<IssuedTokenEvent>, StoreError>> {
        Box::pin(async move {
            let tokens: Vec<_> = self.state().events.iter().map(|(_, event)| event.token).collect();
            let issued = self.stored().into_iter().zip(tokens).rev().filter_map(|(event, token)| {
                let is_issued = event.event != EventKind::TokenRevoked.as_str();
                let fits = event.user == user && event.at >= since && is_issued;
                token.filter(|_| fits).map(|token| IssuedTokenEvent { event, token })
            });
            Ok(issued.collect())
        })
    }
}

impl Statistics for MemoryAccounts {
    /// Counts no SMS messages, because they are recorded elsewhere.
    fn activity(&self, period: Period) -> BoxFuture<'_, Result<Activity, StoreError>> {
        Box::pin(async move {
            let mut verifications: BTreeMap<_, u64> = BTreeMap::new();
            let mut lockouts: BTreeMap<_, u64> = BTreeMap::new();
            for (_, event) in &self.state().events {
                if event.at < period.from() || event.at >= period.to() {
                    continue;
                }
                let at = period.bucket().floor(event.at);
                let method = event.method.map(crate::FactorKind::as_str).unwrap_or_default();
                let count = match event.kind {
                    EventKind::AccountLocked => lockouts.entry(at).or_default(),
                    EventKind::TotpVerify
                    | EventKind::OtpReplay
                    | EventKind::SmsVerify
                    | EventKind::RecoveryUse => {
                        verifications.entry((at, method, event.outcome.as_str())).or_default()
                    }
                    _ => continue,
                };
                *count = count.saturating_add(1);
            }
            let verifications = verifications.into_iter().map(|((at, method, outcome), count)| {
                VerificationCount { at, method: method.to_owned(), outcome: outcome.to_owned(), count }
            });
            let lockouts = lockouts.into_iter().map(|(at, count)| LockoutCount { at, count });
            Ok(Activity {
                verifications: verifications.collect(),
                lockouts: lockouts.collect(),
                sms: Vec::new(),
            })
        })
    }

    fn totals(&self, now: Timestamp) -> BoxFuture<'_, Result<Totals, StoreError>> {
        Box::pin(async move {
            let state = self.state();
            let count = |fits: fn(&Account, Timestamp) -> bool| {
                let found = state.accounts.values().filter(|it| fits(it, now)).count();
                u64::try_from(found).unwrap_or(u64::MAX)
            };
            Ok(Totals {
                users: count(|_, _| true),
                with_factor: count(|it, _| it.has_factor()),
                with_totp: count(|it, _| it.has_totp()),
                with_sms: count(|it, _| it.has_sms()),
                with_passkey: count(|it, _| it.has_passkey()),
                sms_only: count(|it, _| it.has_sms() && !it.has_totp() && !it.has_passkey()),
                disabled: count(|it, _| !it.is_active),
                locked: count(|it, now| it.lock(now).is_some()),
                enforced: count(|it, _| it.mfa_enforced),
                recovery_codes_low: count(|it, _| it.has_factor() && it.recovery.left() <= 3),
            })
        })
    }

    fn adoption(&self, now: Timestamp, weeks: u32) -> BoxFuture<'_, Result<Vec<Adoption>, StoreError>> {
        Box::pin(async move {
            let state = self.state();
            let by = |at: Timestamp, since: fn(&Account) -> Option<Timestamp>| {
                let protected =
                    state.accounts.values().filter(|it| since(it).is_some_and(|since| since <= at));
                u64::try_from(protected.count()).unwrap_or(u64::MAX)
            };
            let weeks = Adoption::ends(now, weeks).into_iter();
            Ok(weeks.map(|at| Adoption::new(at, by(at, factor_since), by(at, passkey_since))).collect())
        })
    }
}

/// Returns since when an account has a factor. A factor without a time is as old as can be.
fn factor_since(account: &Account) -> Option<Timestamp> {
    let unknown = Timestamp::from_millis(i64::MIN);
    let app = account.has_totp().then(|| account.totp.enrolled_at.unwrap_or(unknown));
    let sms = account.has_sms().then(|| account.phone.verified_at.unwrap_or(unknown));
    [app, sms, passkey_since(account)].into_iter().flatten().min()
}

fn passkey_since(account: &Account) -> Option<Timestamp> {
    account.passkeys.keys.iter().map(|it| it.created_at).min()
}
