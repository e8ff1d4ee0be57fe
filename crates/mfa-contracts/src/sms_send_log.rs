//! Contract of [`SmsSendLog`](mfa_sms::SmsSendLog).

use mfa_core::{SmsPurpose, Timestamp};
use mfa_sms::{CodeUsage, Conversion, ConversionQuery, DeliveryStatus, LowConversion, SendState};

use crate::Subject;
use crate::new_user::NOON;

mod fixture;

pub use fixture::{SmsSendLogFixture, StoredSend};

use fixture::{accepted, later, named, record};

suite! { $ SmsSendLog, sms_send_log, SmsSendLogFixture, sms_send_log_tests:
    sends_that_certainly_failed_are_not_counted_in_the_conversion,
    conversion_is_measured_per_prefix_and_country_after_a_given_time,
    one_user_adds_the_latest_three_sends_to_a_prefix_and_a_country,
    confirmations_and_logins_are_judged_apart,
    a_number_has_converted_once_one_of_its_codes_was_used_whoever_asked,
    the_conversion_query_of_a_send_counts_earlier_sends_within_a_day,
    a_delivery_report_changes_one_message_and_a_final_status_is_kept,
    a_send_without_a_message_id_matches_no_delivery_report,
    low_conversion_is_reported_from_the_twentieth_send_on,
    a_sweep_settles_abandoned_sends_as_unknown_and_deletes_old_ones,
    a_send_id_is_used_once,
    an_unknown_send_is_neither_settled_nor_marked_as_used,
}

const ADA: &str = "0612345612";
const LONG_AGO: Timestamp = Timestamp::from_seconds(1);

/// Sends that may have been sent count, whatever became of them. Those that certainly failed do not.
pub fn sends_that_certainly_failed_are_not_counted_in_the_conversion(it: &Subject<SmsSendLogFixture>) {
    let states = [
        SendState::Sending,
        accepted("m-1"),
        SendState::Unknown { gateway: Some("ovh") },
        SendState::Unknown { gateway: None },
        SendState::Refused,
        SendState::NotSent,
    ];
    for (n, state) in states.iter().enumerate() {
        let id = it.begin(&format!("s-{n}"), ADA, NOON);
        it.settle(&id, state);
        it.mark_used(&id);
        assert_eq!(it.state(&id), state.as_str(), "{state:?}");
    }
    it.begin("not used", ADA, NOON);
    let conversion = it.conversion(ADA, LONG_AGO, 5);
    let counted = CodeUsage { sent: 5, used: 4 };
    assert_eq!((conversion.prefix, conversion.country), (counted, counted));
    assert_eq!(nth_latest_at(&conversion), [Some(NOON); 2]);
    assert_eq!(nth_latest_at(&it.conversion(ADA, LONG_AGO, 6)), [None; 2]);
}

/// The conversion counts the sends after a time, for the prefix and for the country, with the time of the nth latest.
pub fn conversion_is_measured_per_prefix_and_country_after_a_given_time(it: &Subject<SmsSendLogFixture>) {
    it.send_many(ADA, 3, 1);
    it.send_many("0612345699", 2, 2);
    it.send_many("0698765432", 4, 0);
    it.send_many("+32470123456", 5, 5);
    let all = it.conversion(ADA, LONG_AGO, 1);
    assert_eq!(all.prefix, CodeUsage { sent: 5, used: 3 });
    assert_eq!(all.country, CodeUsage { sent: 9, used: 3 });
    let after_the_first = it.conversion(ADA, NOON, 1);
    assert_eq!(after_the_first.prefix, CodeUsage { sent: 3, used: 1 });
    assert_eq!(after_the_first.country, CodeUsage { sent: 6, used: 1 });
    let nth = |n| it.conversion(ADA, LONG_AGO, n);
    let times = [Some(later(2)), Some(later(1)), Some(later(1)), Some(NOON), Some(NOON), None];
    let of_prefix = [1, 2, 3, 4, 5, 6].map(|n| nth(n).prefix_nth_latest_at);
    assert_eq!(of_prefix, times);
    let times = [Some(later(3)), Some(later(2)), Some(later(1)), Some(NOON), None];
    let of_country = [1, 3, 5, 7, 10].map(|n| nth(n).country_nth_latest_at);
    assert_eq!(of_country, times);
    let nobody = it.conversion("+4915112345678", LONG_AGO, 1);
    assert_eq!(nobody, Conversion::default());
}

/// Of one user only the latest sends count for prefix and country; all count for the user.
pub fn one_user_adds_the_latest_three_sends_to_a_prefix_and_a_country(it: &Subject<SmsSendLogFixture>) {
    use SmsPurpose::SecondFactor;
    for second in 0..30 {
        it.send_by(1, SecondFactor, ADA, second, second >= 28);
    }
    it.send_by(2, SecondFactor, ADA, 10, false);
    let counted = CodeUsage { sent: 4, used: 2 };
    let conversion = it.conversion_for(1, SecondFactor, ADA);
    assert_eq!((conversion.prefix, conversion.country), (counted, counted));
    assert_eq!(conversion.user, CodeUsage { sent: 30, used: 2 }, "all of them");
    assert_eq!(nth_latest_at(&conversion), [None; 2], "four are no twenty");
    assert_eq!(conversion.user_nth_latest_at, Some(later(10)));
    let other = it.conversion_for(2, SecondFactor, ADA);
    assert_eq!((other.prefix, other.user), (counted, CodeUsage { sent: 1, used: 0 }));
    assert_eq!(it.low(0.9, LONG_AGO), []);
    // Eighteen of six users and the two of others make a rate.
    for user in 3..9 {
        for second in 0..3 {
            it.send_by(user, SecondFactor, ADA, 40 + second, false);
        }
    }
    let low = it.low(0.9, LONG_AGO);
    assert!(low.len() == 2 && low.iter().all(|it| it.uses == CodeUsage { sent: 22, used: 2 }));
    assert_eq!(it.conversion_for(1, SecondFactor, ADA).prefix, low[0].uses);
}

/// The codes of one purpose do not change the conversion of the other.
pub fn confirmations_and_logins_are_judged_apart(it: &Subject<SmsSendLogFixture>) {
    use SmsPurpose::{Confirmation, SecondFactor};
    for user in 0..25 {
        it.send_by(user, Confirmation, "0612345699", 1, false);
    }
    it.send_by(1, SecondFactor, ADA, 2, true);
    let of = |purpose| it.conversion_for(1, purpose, ADA);
    let (logins, confirmations) = (of(SecondFactor), of(Confirmation));
    let one = CodeUsage { sent: 1, used: 1 };
    assert_eq!((logins.prefix, logins.country, logins.user), (one, one, one));
    let none = CodeUsage { sent: 25, used: 0 };
    assert_eq!((confirmations.prefix, confirmations.country), (none, none));
    assert_eq!(confirmations.user, CodeUsage { sent: 1, used: 0 });
    let low = it.low(0.2, LONG_AGO);
    assert!(low.len() == 2 && low.iter().all(|it| it.purpose == Confirmation), "{low:?}");
}

/// One used code opens a number for every user and purpose, until the sweep deletes the send.
pub fn a_number_has_converted_once_one_of_its_codes_was_used_whoever_asked(it: &Subject<SmsSendLogFixture>) {
    use SmsPurpose::{Confirmation, SecondFactor};
    let has_converted = |user, purpose, number| it.conversion_for(user, purpose, number).number_has_converted;
    it.send_by(1, Confirmation, ADA, 1, false);
    assert!(!has_converted(1, Confirmation, ADA));
    it.send_by(1, Confirmation, ADA, 2, true);
    for purpose in [Confirmation, SecondFactor] {
        assert!(has_converted(1, purpose, ADA) && has_converted(2, purpose, ADA));
        assert!(!has_converted(1, purpose, "0612345699"), "a neighbour has not");
    }
    it.sweep(LONG_AGO, later(10));
    assert!(!has_converted(1, SecondFactor, ADA), "the log does not reach back");
}

/// The period of a conversion starts after the send of exactly a day ago.
pub fn the_conversion_query_of_a_send_counts_earlier_sends_within_a_day(it: &Subject<SmsSendLogFixture>) {
    it.begin("old", ADA, NOON);
    it.begin("recent", ADA, later(1));
    let next = record("next", ADA, later(86_400));
    let conversion = it.run(it.log().conversion(&ConversionQuery::for_send(&next))).unwrap();
    assert_eq!(conversion.prefix, CodeUsage { sent: 1, used: 0 });
}

/// A delivery report is matched by gateway and message ID. Delivered and failed are final.
pub fn a_delivery_report_changes_one_message_and_a_final_status_is_kept(it: &Subject<SmsSendLogFixture>) {
    use DeliveryStatus::{Delivered, Failed, Pending};
    let [first, second] = ["m-1", "m-2"].map(|message| {
        let id = it.begin(message, ADA, NOON);
        it.settle(&id, &accepted(message));
        id
    });
    let arrived = |id, arrival: Option<&str>| it.arrival(id).as_deref() == arrival;
    assert!(!it.report("twilio", "m-1", Delivered) && !it.report("ovh", "m-3", Delivered),);
    assert!(!it.report("ovh", "' OR '1' = '1", Delivered));
    assert!(arrived(&first, None) && arrived(&second, None));
    for (reported, stored) in
        [(Pending, "pending"), (Failed, "failed"), (Pending, "failed"), (Delivered, "failed")]
    {
        assert!(it.report("ovh", "m-1", reported), "it is there, whatever is recorded");
        assert!(arrived(&first, Some(stored)), "{reported:?}");
    }
    assert!(it.report("ovh", "m-2", Delivered));
    assert!(it.report("ovh", "m-2", Pending) && it.report("ovh", "m-2", Failed));
    assert!(arrived(&second, Some("delivered")));
    assert_eq!(it.state(&first), "accepted", "it was sent all the same");
}

/// An empty message ID matches nothing.
pub fn a_send_without_a_message_id_matches_no_delivery_report(it: &Subject<SmsSendLogFixture>) {
    let id = it.begin("s", ADA, NOON);
    assert!(!it.report("ovh", "", DeliveryStatus::Delivered));
    it.settle(&id, &SendState::Unknown { gateway: Some("ovh") });
    assert!(!it.report("ovh", "", DeliveryStatus::Delivered));
    assert_eq!(it.arrival(&id), None);
}

/// Prefixes and countries with fewer than twenty sends, or with enough used codes, are not reported.
pub fn low_conversion_is_reported_from_the_twentieth_send_on(it: &Subject<SmsSendLogFixture>) {
    it.send_many(ADA, 20, 3);
    it.send_many("0698765432", 19, 0);
    it.send_many("+32470123456", 20, 4);
    let france = LowConversion {
        country: "FR".into(),
        prefix: None,
        user: None,
        purpose: SmsPurpose::SecondFactor,
        uses: CodeUsage { sent: 39, used: 3 },
    };
    let prefix = LowConversion {
        prefix: Some(record("asks", ADA, NOON).prefix),
        uses: CodeUsage { sent: 20, used: 3 },
        ..france.clone()
    };
    assert_eq!(it.low(0.2, LONG_AGO), [france.clone(), prefix]);
    let after_the_first = LowConversion { uses: CodeUsage { sent: 37, used: 2 }, ..france };
    assert_eq!(it.low(0.2, NOON), [after_the_first]);
    assert_eq!(it.low(0.0, LONG_AGO), []);
}

/// A sweep settles what a stopped process left behind, once, and deletes only what is old.
pub fn a_sweep_settles_abandoned_sends_as_unknown_and_deletes_old_ones(it: &Subject<SmsSendLogFixture>) {
    let old = it.begin("old", ADA, NOON);
    let left_behind = it.begin("left behind", ADA, later(10));
    let settled = it.begin("settled", ADA, later(10));
    it.settle(&settled, &SendState::NotSent);
    let sending = it.begin("sending", ADA, later(20));
    let is = |id, state: &str| it.state(id) == state;
    assert_eq!(it.sweep(later(20), LONG_AGO), 2);
    assert!(is(&old, "unknown") && is(&left_behind, "unknown"));
    assert!(is(&settled, "not_sent") && is(&sending, "sending"));
    assert_eq!(it.sweep(later(20), later(10)), 0, "nothing is given up twice");
    assert!(is(&old, "gone") && is(&left_behind, "unknown") && is(&settled, "not_sent"));
    it.settle(&left_behind, &accepted("m-1"));
    assert!(is(&left_behind, "accepted"), "what is known late is known");
}

/// A second send with the same ID is an error and changes nothing.
pub fn a_send_id_is_used_once(it: &Subject<SmsSendLogFixture>) {
    let id = it.begin("s", ADA, NOON);
    it.settle(&id, &SendState::Refused);
    let again = record("s", ADA, NOON);
    assert!(it.run(it.log().begin(&again)).is_err());
    assert_eq!(it.state(&id), "refused");
}

/// Outcome and use of an unknown send are ignored without an error.
pub fn an_unknown_send_is_neither_settled_nor_marked_as_used(it: &Subject<SmsSendLogFixture>) {
    it.settle(&named("nobody"), &accepted("m-1"));
    it.mark_used(&named("nobody"));
    assert_eq!(it.state(&named("nobody")), "gone");
    assert_eq!(it.conversion(ADA, LONG_AGO, 1), Conversion::default());
}

fn nth_latest_at(conversion: &Conversion) -> [Option<Timestamp>; 2] {
    [conversion.prefix_nth_latest_at, conversion.country_nth_latest_at]
}
