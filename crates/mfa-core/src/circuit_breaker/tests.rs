use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn report_all(breaker: &CircuitBreaker, results: &[CallResult]) {
    for result in results {
        let permit = breaker.try_call(NOW).expect("closed");
        let _ = permit.report(*result, NOW);
    }
}

/// Five failures in a row or ten of the last twenty open it for thirty seconds, as for an SMS gateway.
mod with_a_failure_rate {
    use super::*;

    const OPEN_FOR: Duration = Duration::from_secs(30);

    fn closed() -> CircuitBreaker {
        let rate = FailureRate { failures: 10, window: 20 };
        CircuitBreaker::new(
            CircuitBreakerConfig::new(5, OPEN_FOR).with_failure_rate(rate).wait_after_dropped_probe(),
        )
    }

    fn opened() -> CircuitBreaker {
        let breaker = closed();
        report_all(&breaker, &[CallResult::Failure; 5]);
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_four_do_not() {
        let breaker = closed();
        for _ in 0..2 {
            report_all(&breaker, &[CallResult::Failure; 4]);
            assert!(!breaker.is_open());
            report_all(&breaker, &[CallResult::Success]);
        }
        assert!(opened().is_open());
        assert!(opened().try_call(NOW).is_none());
    }

    #[test]
    fn half_of_the_last_twenty_open_it() {
        let breaker = closed();
        report_all(&breaker, &[CallResult::Success; 40]);
        let alternating = [CallResult::Failure, CallResult::Success];
        report_all(&breaker, &alternating.repeat(9));
        assert!(!breaker.is_open(), "nine of the last twenty");
        report_all(&breaker, &[CallResult::Failure]);
        assert!(breaker.is_open());
        let breaker = closed();
        report_all(&breaker, &alternating.repeat(9));
        assert!(!breaker.is_open(), "fewer than twenty calls are not evaluated");
    }

    #[test]
    fn after_thirty_seconds_one_probe_passes_and_its_success_closes_it() {
        let breaker = opened();
        assert!(breaker.try_call(NOW.plus(Duration::from_millis(29_999))).is_none());
        let probe = breaker.try_call(after(30)).unwrap();
        assert!(breaker.try_call(after(30)).is_none(), "one probe");
        assert_eq!(probe.report(CallResult::Success, after(31)), Some(CircuitTransition::Closed));
        assert!(!breaker.is_open());
        report_all(&breaker, &[CallResult::Failure; 4]);
        assert!(!breaker.is_open(), "earlier failures are forgotten");
    }

    #[test]
    fn a_probe_that_fails_opens_it_for_another_thirty_seconds() {
        let breaker = opened();
        let probe = breaker.try_call(after(30)).unwrap();
        assert_eq!(probe.report(CallResult::Failure, after(38)), None);
        assert!(breaker.try_call(after(67)).is_none());
        assert!(breaker.try_call(after(68)).is_some());
    }

    #[test]
    fn a_probe_without_a_result_delays_the_next_one_and_does_not_prevent_it() {
        for is_dropped in [true, false] {
            let breaker = opened();
            let mut probe = breaker.try_call(after(30));
            assert!(probe.is_some());
            if is_dropped {
                probe = None;
            }
            assert!(breaker.try_call(after(59)).is_none());
            assert!(breaker.try_call(after(60)).is_some());
            drop(probe);
        }
    }

    #[test]
    fn results_of_calls_from_before_it_opened_change_nothing() {
        let breaker = closed();
        let (late, later) = (breaker.try_call(NOW).unwrap(), breaker.try_call(NOW).unwrap());
        report_all(&breaker, &[CallResult::Failure; 5]);
        assert_eq!(late.report(CallResult::Success, after(5)), None);
        assert!(breaker.is_open());
        assert_eq!(later.report(CallResult::Failure, after(29)), None);
        assert!(breaker.try_call(after(30)).is_some());
    }

    #[test]
    fn a_clock_that_jumps_back_keeps_it_open_no_longer() {
        let breaker = opened();
        let hour_ago = NOW.minus(Duration::from_hours(1));
        assert!(breaker.try_call(hour_ago).is_none());
        assert!(breaker.try_call(hour_ago.plus(OPEN_FOR)).is_some());
    }
}

/// Three failures in a row open it for five seconds, as for Redis.
mod without_a_failure_rate {
    use super::*;

    const OPEN_FOR: Duration = Duration::from_secs(5);
    const NEARLY: Duration = Duration::from_millis(4_999);

    fn closed() -> CircuitBreaker {
        CircuitBreaker::new(CircuitBreakerConfig::new(3, OPEN_FOR))
    }

    #[derive(Debug, PartialEq, Eq)]
    enum Call {
        Rejected,
        Reported(Option<CircuitTransition>),
    }

    /// Attempts a call with this result.
    fn call(breaker: &CircuitBreaker, result: CallResult, now: Timestamp) -> Call {
        breaker.try_call(now).map_or(Call::Rejected, |permit| Call::Reported(permit.report(result, now)))
    }

    fn opened() -> CircuitBreaker {
        let breaker = closed();
        let transitions = [CallResult::Failure; 3].map(|result| call(&breaker, result, NOW));
        assert_eq!(
            transitions,
            [Call::Reported(None), Call::Reported(None), Call::Reported(Some(CircuitTransition::Opened))]
        );
        breaker
    }

    #[test]
    fn the_third_failure_in_a_row_opens_it_for_five_seconds() {
        let breaker = opened();
        assert!(breaker.is_open());
        assert_eq!(call(&breaker, CallResult::Success, NOW), Call::Rejected);
        assert_eq!(call(&breaker, CallResult::Success, NOW.plus(NEARLY)), Call::Rejected);
        let later = NOW.plus(OPEN_FOR);
        assert_eq!(
            call(&breaker, CallResult::Success, later),
            Call::Reported(Some(CircuitTransition::Closed))
        );
        assert!(!breaker.is_open());
        assert_eq!(call(&breaker, CallResult::Success, later), Call::Reported(None));
    }

    #[test]
    fn a_success_between_failures_restarts_the_count() {
        let breaker = closed();
        let (failure, success) = (CallResult::Failure, CallResult::Success);
        for result in [failure, failure, success, failure, failure, success] {
            assert_eq!(call(&breaker, result, NOW), Call::Reported(None));
        }
    }

    #[test]
    fn two_failures_of_every_three_calls_do_not_open_it() {
        let breaker = closed();
        report_all(&breaker, &[CallResult::Failure, CallResult::Failure, CallResult::Success].repeat(20));
        assert!(!breaker.is_open(), "only failures in a row count");
    }

    #[test]
    fn one_call_probes_at_a_time_and_a_failed_probe_opens_it_again() {
        let breaker = opened();
        let later = NOW.plus(OPEN_FOR);
        let probe = breaker.try_call(later).unwrap();
        assert!(breaker.try_call(later).is_none());
        assert_eq!(probe.report(CallResult::Failure, later), None);
        assert!(breaker.try_call(later.plus(NEARLY)).is_none());
        assert!(breaker.try_call(later.plus(OPEN_FOR)).is_some());
    }

    #[test]
    fn a_dropped_probe_is_followed_by_the_next_at_once() {
        let breaker = opened();
        let later = NOW.plus(OPEN_FOR);
        drop(breaker.try_call(later).unwrap());
        assert!(breaker.is_open());
        assert_eq!(
            call(&breaker, CallResult::Success, later),
            Call::Reported(Some(CircuitTransition::Closed))
        );
    }

    #[test]
    fn calls_from_before_it_opened_change_nothing_when_they_end() {
        let breaker = closed();
        let (slow, slower) = (breaker.try_call(NOW).unwrap(), breaker.try_call(NOW).unwrap());
        report_all(&breaker, &[CallResult::Failure; 3]);
        assert_eq!(slow.report(CallResult::Success, NOW), None);
        let later = NOW.plus(OPEN_FOR);
        let probe = breaker.try_call(later).unwrap();
        assert_eq!(slower.report(CallResult::Failure, later), None);
        assert_eq!(probe.report(CallResult::Success, later), Some(CircuitTransition::Closed));
    }
}
