use std::collections::BTreeSet;

use mfa_core::{Origin, Sealed, Timestamp, TotpState, UserId};

use super::*;

const NOON: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn account() -> Account {
    Account::new(UserId::new(7), "ada@example.com", "ada")
}

fn event(kind: EventKind, outcome: Outcome) -> SecurityEvent {
    SecurityEvent::new(kind, outcome, NOON, Origin::default())
}

fn with_app(mut account: Account) -> Account {
    account.totp = TotpState {
        enabled: true,
        secret: Some(Sealed::from_column("v1.k.x".to_owned())),
        ..TotpState::default()
    };
    account
}

fn of(before: &Account, after: &Account, events: &[SecurityEvent]) -> Vec<Option<Notice>> {
    notices(before, &mut after.clone(), events.iter())
}

#[test]
fn the_first_factor_is_told_as_such_and_a_later_one_as_what_it_is() {
    let (none, app) = (account(), with_app(account()));
    let enrolled = [event(EventKind::TotpEnroll, Outcome::Success).with_method(FactorKind::Totp)];
    assert_eq!(of(&none, &app, &enrolled), [Some(Notice::Enrolled)]);
    assert_eq!(of(&app, &app, &enrolled), [Some(Notice::AppReplaced)]);
    let passkey = [event(EventKind::PasskeyRegister, Outcome::Success)];
    assert_eq!(of(&app, &app, &passkey), [Some(Notice::PasskeyAdded)]);
    assert_eq!(of(&none, &app, &passkey), [Some(Notice::Enrolled)]);
}

#[test]
fn apps_that_a_new_one_replaced_have_no_mail_of_their_own() {
    let app = with_app(account());
    let removed = event(EventKind::AuthenticatorRemove, Outcome::Success).with_method(FactorKind::Totp);
    let enrolled = event(EventKind::TotpEnroll, Outcome::Success).with_method(FactorKind::Totp);
    let events = [removed.clone(), removed.clone(), enrolled];
    assert_eq!(of(&app, &app, &events), [None, None, Some(Notice::AppReplaced)]);
    assert_eq!(of(&app, &app, &[removed]), [Some(Notice::AppRemoved)]);
}

#[test]
fn a_failure_is_not_told_and_a_lock_is_told_once_an_hour() {
    let mut locked = account();
    for kind in EventKind::ALL.iter().filter(|it| **it != EventKind::AccountLocked) {
        for outcome in [Outcome::Failure, Outcome::Refused] {
            assert_eq!(of(&locked, &locked, &[event(*kind, outcome)]), [None], "{kind:?}");
        }
    }
    let lock = |minutes: u64| SecurityEvent {
        at: NOON.plus(Duration::from_mins(minutes)),
        ..event(EventKind::AccountLocked, Outcome::Failure)
    };
    let mut told = |minutes| notices(&account(), &mut locked, [lock(minutes)].iter());
    assert_eq!([told(0), told(15), told(59)].concat(), [Some(Notice::Locked), None, None]);
    assert_eq!([told(60), told(61)].concat(), [Some(Notice::Locked), None]);
}

#[test]
fn an_event_that_an_erasure_overtook_is_not_told() {
    let mut erased = account();
    erased.internal.erased_at = Some(NOON);
    assert_eq!(of(&erased, &erased, &[event(EventKind::RecoveryUse, Outcome::Success)]), [None]);
}

#[test]
fn every_act_of_an_administrator_that_changes_the_account_is_told_as_one() {
    let account = account();
    let told: BTreeSet<_> = EventKind::ALL
        .iter()
        .filter(|it| it.as_str().starts_with("admin_"))
        .filter_map(|kind| of(&account, &account, &[event(*kind, Outcome::Success)])[0])
        .map(Notice::as_str)
        .collect();
    // Others say more of the same change.
    let is_general = |it: &&Notice| {
        let name = it.as_str();
        it.is_by_administrator()
            && (name == "admin_authenticator_removed"
                || !["_required", "_released", "_granted", "_revoked"].iter().any(|end| name.ends_with(end)))
    };
    let by_administrators = Notice::ALL.iter().filter(is_general);
    assert_eq!(told, by_administrators.map(|it| it.as_str()).collect());
}

#[test]
fn what_is_removed_is_named() {
    let before = with_app(account());
    for (method, notice) in [
        (FactorKind::Passkey, Notice::PasskeyRemoved),
        (FactorKind::Sms, Notice::PhoneRemoved),
        (FactorKind::Totp, Notice::AppRemoved),
    ] {
        let removed = event(EventKind::AuthenticatorRemove, Outcome::Success).with_method(method);
        assert_eq!(of(&before, &account(), &[removed]), [Some(notice)]);
    }
}

#[test]
fn a_changed_requirement_or_role_says_which_way() {
    let (none, mut factor, mut passkey) = (account(), account(), account());
    factor.mfa_enforced = true;
    passkey.internal.phishing_resistant_required = true;
    let both = Account { mfa_enforced: true, ..passkey.clone() };
    let enforced = [event(EventKind::AdminEnforce, Outcome::Success)];
    for (before, after, notice) in [
        (&none, &factor, Notice::AdminFactorRequired),
        (&both, &passkey, Notice::AdminFactorReleased),
        (&factor, &both, Notice::AdminPasskeyRequired),
        (&passkey, &none, Notice::AdminPasskeyReleased),
        (&none, &both, Notice::AdminEnforced),
        (&none, &none, Notice::AdminEnforced),
    ] {
        assert_eq!(of(before, after, &enforced), [Some(notice)]);
    }
    let chief = Account { is_superuser: true, ..account() };
    let rights = [event(EventKind::AdminSuperuser, Outcome::Success)];
    assert_eq!(of(&none, &chief, &rights), [Some(Notice::AdminRightsGranted)]);
    assert_eq!(of(&chief, &none, &rights), [Some(Notice::AdminRightsRevoked)]);
    for (reason, notice) in [
        ("role=helpdesk: joined: support", Notice::AdminHelpdeskGranted),
        ("role=none", Notice::AdminHelpdeskRevoked),
        ("something else", Notice::AdminRights),
    ] {
        let role = SecurityEvent {
            reason: Some(reason.to_owned()),
            ..event(EventKind::AdminRole, Outcome::Success)
        };
        assert_eq!(of(&none, &none, &[role]), [Some(notice)], "{reason}");
    }
}
