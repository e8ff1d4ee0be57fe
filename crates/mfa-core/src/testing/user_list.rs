//! Lists of users in memory.

use crate::{
    Account, PageStart, SortOrder, Timestamp, UserFilter, UserPage, UserQuery, UserRecord, UserSort,
    UserState, fold_search, search_words,
};

/// Account with the full name of its user.
pub(super) type Named<'a> = (&'a Account, Option<&'a str>);

/// Returns whether an account fits a filter.
pub(super) fn fits((account, full_name): Named<'_>, filter: &UserFilter, now: Timestamp) -> bool {
    let texts = [Some(account.user.to_string()), Some(account.username.clone()), Some(account.email.clone())];
    let texts: Vec<_> = texts.into_iter().chain([full_name.map(str::to_owned)]).flatten().collect();
    let folded: Vec<_> = texts.iter().map(|it| fold_search(it)).collect();
    let words = filter.text.as_deref().map(search_words).unwrap_or_default();
    words.iter().all(|word| folded.iter().any(|it| it.contains(word.as_str())))
        && filter.state.is_none_or(|state| is_in(account, state, now))
}

fn is_in(account: &Account, state: UserState, now: Timestamp) -> bool {
    match state {
        UserState::Locked => account.lock(now).is_some(),
        UserState::NoFactor => !account.has_factor(),
        UserState::SmsOnly => account.has_sms() && !account.has_totp() && !account.has_passkey(),
        UserState::NoPasskey => !account.has_passkey(),
        UserState::Enforced => account.mfa_enforced,
        UserState::FewCodes => {
            account.has_factor()
                && u32::try_from(account.recovery.left()).is_ok_and(|it| it <= UserState::FEW_CODES)
        }
        UserState::Disabled => !account.is_active,
    }
}

/// Returns a page of these accounts.
pub(super) fn page<'a>(
    accounts: impl Iterator<Item = Named<'a>> + Clone,
    query: &UserQuery,
    now: Timestamp,
) -> Option<UserPage> {
    let place = |it: Named<'_>| (key(it, query.sort), it.0.user);
    let start = match query.start.user() {
        None => None,
        Some(user) if query.sort == UserSort::Id => Some(((String::new(), 0), user)),
        Some(user) => Some(place(accounts.clone().find(|it| it.0.user == user)?)),
    };
    let mut found: Vec<_> = accounts.filter(|it| fits(*it, &query.filter, now)).collect();
    found.sort_by_key(|it| place(*it));
    if query.order == SortOrder::Descending {
        found.reverse();
    }
    let is_before = |it: &Named<'_>, start: &_| match query.order {
        SortOrder::Ascending => place(*it) < *start,
        SortOrder::Descending => place(*it) > *start,
    };
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let (from, to) = match (query.start, &start) {
        (PageStart::After(_), Some(start)) => {
            let from = found.iter().filter(|it| is_before(it, start) || place(**it) == *start).count();
            (from, from.saturating_add(limit).min(found.len()))
        }
        (PageStart::Before(_), Some(start)) => {
            let to = found.iter().filter(|it| is_before(it, start)).count();
            (to.saturating_sub(limit), to)
        }
        _ => (0, limit.min(found.len())),
    };
    let shown = found.get(from..to).unwrap_or_default();
    let user = |it: Option<&Named<'_>>| it.map(|it| it.0.user);
    Some(UserPage {
        users: shown.iter().map(|it| record(*it)).collect(),
        next: user(shown.last()).filter(|_| to < found.len()),
        previous: user(shown.first()).filter(|_| from > 0),
    })
}

/// Returns the value by which a list is ordered before the id.
fn key((account, full_name): Named<'_>, sort: UserSort) -> (String, i64) {
    match sort {
        UserSort::Id => (String::new(), 0),
        UserSort::Name => {
            let full_name = fold_search(full_name.unwrap_or_default());
            let is_blank = full_name.trim().is_empty();
            (if is_blank { fold_search(&account.username) } else { full_name }, 0)
        }
        UserSort::Email => (fold_search(&account.email), 0),
        UserSort::LastSuccess => (String::new(), account.last_success_at.map_or(i64::MIN, Timestamp::millis)),
    }
}

fn record((account, full_name): Named<'_>) -> UserRecord {
    UserRecord {
        user: account.user,
        email: account.email.clone(),
        username: account.username.clone(),
        full_name: full_name.map(str::to_owned),
        is_active: account.is_active,
        is_superuser: account.is_superuser,
        mfa_enforced: account.mfa_enforced,
        totp_enabled: account.has_totp(),
        sms_enabled: account.has_sms(),
        has_passkey: account.has_passkey(),
        lock_until: account.lock_until,
        last_success_at: account.last_success_at,
        unreadable: None,
    }
}
