//! Contract of [`SmsBudgets`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mfa_core::testing::TestDigests;
use mfa_core::{Timestamp, UserId};
use mfa_sms::{
    BudgetDecision, BudgetLimits, BudgetRequest, BudgetScope, NumberOwnership, PhoneNumber, SmsBudgets,
    UserBudget,
};

use crate::Subject;
use crate::guard::Guard;
use crate::new_user::NOON;

/// Budgets from which nothing is reserved.
pub struct SmsBudgetsFixture {
    budgets: Arc<dyn SmsBudgets>,
    reopen: Option<Box<dyn Fn() -> Arc<dyn SmsBudgets>>>,
    guard: Guard,
}

impl SmsBudgetsFixture {
    /// Creates a fixture. `reopen` does what a restart of the program does: it closes the store and opens it again.
    pub fn new(budgets: Arc<dyn SmsBudgets>, reopen: impl Fn() -> Arc<dyn SmsBudgets> + 'static) -> Self {
        Self { reopen: Some(Box::new(reopen)), ..Self::in_memory(budgets) }
    }

    /// Creates a fixture of budgets that do not survive the process, which only tests may use. The rule about a restart
    /// then asks the same budgets again.
    pub fn in_memory(budgets: Arc<dyn SmsBudgets>) -> Self {
        Self { budgets, reopen: None, guard: Guard::default() }
    }
}

impl fmt::Debug for SmsBudgetsFixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmsBudgetsFixture").field("budgets", &self.budgets).finish_non_exhaustive()
    }
}

suite! { $ SmsBudgets, sms_budgets, SmsBudgetsFixture, sms_budgets_tests:
    each_scope_has_its_own_interval,
    confirmations_of_a_number_have_budgets_apart_from_the_logins_of_its_owner,
    a_send_is_counted_in_every_scope_or_in_none,
    a_rejection_resets_times_from_before_the_clock_was_set_back,
    a_restart_does_not_reset_the_budgets,
}

const LIMITS: BudgetLimits = BudgetLimits {
    number: UserBudget { per_minute: 1, per_hour: 3 },
    ip_per_hour: 20,
    prefix_per_hour: 50,
    country_per_day: 2_000,
    all_per_day: 10_000,
};
const ADA: &str = "0612345612";

/// A number has one send a minute and three an hour, and another number has its own.
pub fn each_scope_has_its_own_interval(it: &Subject<SmsBudgetsFixture>) {
    let refusal = |number, seconds| it.refusal(number, &LIMITS, later(seconds));
    assert_eq!(refusal(ADA, 0), None);
    assert_eq!(refusal(ADA, 59), Some((BudgetScope::NumberMinute, 1)));
    assert_eq!((refusal(ADA, 60), refusal(ADA, 120)), (None, None));
    assert_eq!(refusal(ADA, 180), Some((BudgetScope::NumberHour, 1_020)));
    assert_eq!(refusal("0698765432", 180), None, "another number has its own");
    assert_eq!(refusal(ADA, 1_200), None);
}

/// Sends to a number that is not verified take nothing from the budgets of its owner.
pub fn confirmations_of_a_number_have_budgets_apart_from_the_logins_of_its_owner(
    it: &Subject<SmsBudgetsFixture>,
) {
    let stranger = |user, seconds| it.refusal_of_confirmation(ADA, user, later(seconds));
    assert_eq!(stranger(1, 0), None);
    assert_eq!(stranger(2, 0), Some((BudgetScope::UnverifiedMinute, 60)));
    assert_eq!((stranger(2, 60), stranger(3, 120)), (None, None));
    assert_eq!(stranger(4, 180), Some((BudgetScope::UnverifiedHour, 1_020)));
    for minute in 0..3 {
        assert_eq!(it.refusal(ADA, &LIMITS, later(180 + 60 * minute)), None);
    }
    // Six a day of one user, nine of all.
    let day = 86_400;
    for n in 0..6 {
        assert_eq!(stranger(1, day + 1_200 * n), None, "{n}");
    }
    let seventh = stranger(1, day + 7_200);
    assert_eq!(seventh, Some((BudgetScope::UnverifiedUser, 14_400 - 7_200)));
    let others: Vec<_> = (0..4).map(|n| stranger(7, day + 7_200 + 1_200 * n)).collect();
    assert_eq!(others[..3], [None; 3]);
    assert_eq!(others[3].map(|(scope, _)| scope), None, "one has flowed back");
    let full = stranger(8, day + 7_200 + 4_800);
    assert_eq!(full.map(|(scope, _)| scope), Some(BudgetScope::UnverifiedDay));
}

/// A send that one scope rejects takes nothing from the others.
pub fn a_send_is_counted_in_every_scope_or_in_none(it: &Subject<SmsBudgetsFixture>) {
    let limits = BudgetLimits { country_per_day: 2, ..LIMITS };
    let refusal = |number| it.refusal(number, &limits, NOON);
    assert_eq!(refusal(ADA), None);
    for _ in 0..5 {
        assert_eq!(refusal(ADA), Some((BudgetScope::NumberMinute, 60)));
    }
    assert_eq!(refusal("0612345613"), None, "refusals took nothing from the country");
    assert_eq!(refusal("0612345614"), Some((BudgetScope::Country, 43_200)));
    assert_eq!(refusal("+32470123456"), None, "nor from anything else");
}

/// A rejection stores the times that it returns. So after the clock was set back, no user waits for a year.
pub fn a_rejection_resets_times_from_before_the_clock_was_set_back(it: &Subject<SmsBudgetsFixture>) {
    let before = NOON.minus(Duration::from_hours(24 * 365));
    let refusal = |now| it.refusal(ADA, &LIMITS, now);
    assert_eq!(refusal(NOON), None);
    assert_eq!(refusal(before), Some((BudgetScope::NumberHour, 1_200)));
    assert_eq!(refusal(before.plus(Duration::from_mins(20))), None);
}

/// Budgets are durable: what was reserved before a restart is still reserved.
pub fn a_restart_does_not_reset_the_budgets(it: &Subject<SmsBudgetsFixture>) {
    let limits = BudgetLimits { all_per_day: 2, ..LIMITS };
    let verified = NumberOwnership::Verified;
    let fixture = it.fixture();
    let ask = |number| it.refusal(number, &limits, NOON);
    assert_eq!(ask(ADA), None);
    assert_eq!(ask("0698765432"), None);
    let exhausted = ask("+32470123456");
    assert_eq!(exhausted, Some((BudgetScope::All, 43_200)));
    let again = fixture.reopen.as_ref().map_or_else(|| fixture.budgets.clone(), |reopen| reopen());
    let ask = |number, now| it.refusal_of(again.as_ref(), number, verified, &limits, now);
    assert_eq!(ask("+32470123456", NOON), exhausted);
    assert_eq!(ask(ADA, NOON), exhausted);
    assert_eq!(ask("+32470123456", later(43_200)), None);
}

impl Subject<SmsBudgetsFixture> {
    /// Returns the scope that rejects a send to this verified number, and the seconds to wait.
    fn refusal(&self, number: &str, limits: &BudgetLimits, now: Timestamp) -> Option<(BudgetScope, u64)> {
        let budgets = self.fixture().budgets.as_ref();
        self.refusal_of(budgets, number, NumberOwnership::Verified, limits, now)
    }

    /// Returns the scope that rejects a confirmation of this number for a user, and the seconds to wait.
    fn refusal_of_confirmation(&self, number: &str, user: i64, now: Timestamp) -> Option<(BudgetScope, u64)> {
        let ownership = NumberOwnership::Unverified(UserId::new(user));
        self.refusal_of(self.fixture().budgets.as_ref(), number, ownership, &LIMITS, now)
    }

    fn refusal_of(
        &self,
        budgets: &dyn SmsBudgets,
        number: &str,
        ownership: NumberOwnership,
        limits: &BudgetLimits,
        now: Timestamp,
    ) -> Option<(BudgetScope, u64)> {
        let number = PhoneNumber::parse(number, "FR").unwrap();
        let request = BudgetRequest::new(&number, ownership, "192.0.2.1", limits, &TestDigests, now);
        match self.run(budgets.reserve(&request)).unwrap() {
            BudgetDecision::Reserved => None,
            BudgetDecision::Exhausted { scope, wait } => Some((scope, wait.seconds)),
        }
    }
}

fn later(seconds: u64) -> Timestamp {
    NOON.plus(Duration::from_secs(seconds))
}
