//! Accounts and users in a map.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    Account, Accounts, BoxFuture, Credentials, Decision, NewUser, NewUserError, Origin, PasswordDigest,
    SecurityEvent, StoreError, StoreErrorKind, Turn, UserId, UserPage, UserQuery, UserRecord, Users,
};

/// Accounts and users in memory, with the events that were stored.
#[derive(Debug, Default)]
pub struct MemoryAccounts(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    accounts: BTreeMap<UserId, Account>,
    digests: BTreeMap<UserId, (PasswordDigest, Option<String>)>,
    events: Vec<(UserId, SecurityEvent)>,
}

impl MemoryAccounts {
    /// With these accounts.
    pub fn with(accounts: impl IntoIterator<Item = Account>) -> Self {
        let accounts = accounts.into_iter().map(|account| (account.user, account)).collect();
        Self(Mutex::new(State { accounts, ..State::default() }))
    }

    /// Every event stored so far.
    pub fn events(&self) -> Vec<(UserId, SecurityEvent)> {
        self.state().events.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
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
        _: Turn,
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
            let by_address = || state.accounts.values().find(|it| it.email.eq_ignore_ascii_case(login));
            Ok(by_name.or_else(by_address).and_then(|account| {
                let (digest, _) = state.digests.get(&account.user)?;
                Some(Credentials { user: account.user, digest: digest.clone() })
            }))
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
            let taken =
                |it: &Account| it.username == user.username || it.email.eq_ignore_ascii_case(&user.email);
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

    fn erase_trail(&self, user: UserId) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let mut state = self.state();
            for (_, event) in state.events.iter_mut().filter(|(of, _)| *of == user) {
                event.origin = Origin::new(None, None, event.origin.request_id());
                (event.actor, event.reason) = (None, None);
            }
            Ok(())
        })
    }

    fn list(&self, query: UserQuery) -> BoxFuture<'_, Result<UserPage, StoreError>> {
        Box::pin(async move {
            let state = self.state();
            let text = query.text.as_deref().map(str::to_lowercase).unwrap_or_default();
            let fits = |it: &&Account| {
                query.after.is_none_or(|after| it.user > after)
                    && (it.email.to_lowercase().contains(&text) || it.username.to_lowercase().contains(&text))
            };
            let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
            let users = state.accounts.values().filter(fits).take(limit).map(|it| UserRecord {
                user: it.user,
                email: it.email.clone(),
                username: it.username.clone(),
                full_name: state.digests.get(&it.user).and_then(|(_, name)| name.clone()),
                is_active: it.is_active,
                is_superuser: it.is_superuser,
                mfa_enforced: it.mfa_enforced,
                totp_enabled: it.has_totp(),
                lock_until: it.lock_until,
            });
            Ok(UserPage { users: users.collect() })
        })
    }
}
