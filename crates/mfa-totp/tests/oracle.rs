//! Equality with an independent implementation, for any secret, time and parameters.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use mfa_core::{SecretBytes, Timestamp};
use mfa_totp::{Algorithm, CodeCheck, Digits, Parameters, Period, TimeStep, TotpCode, check_code};
use proptest::prelude::*;
use totp_rs::{Builder, Totp};

fn parameters() -> impl Strategy<Value = Parameters> {
    let algorithm = prop::sample::select(vec![Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512]);
    let digits = prop::sample::select(vec![Digits::Six, Digits::Seven, Digits::Eight]);
    let period = (15_u32..=120).prop_map(|seconds| Period::try_from(seconds).unwrap());
    (algorithm, digits, period).prop_map(|(algorithm, digits, period)| Parameters {
        algorithm,
        digits,
        period,
    })
}

fn oracle(secret: &[u8], parameters: Parameters) -> Totp {
    let algorithm = match parameters.algorithm {
        Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
        Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
        Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
    };
    Builder::new()
        .with_algorithm(algorithm)
        .with_digits(parameters.digits.count())
        .with_secret(secret.to_vec())
        .with_skew(1)
        .with_step_duration(parameters.period.seconds().into())
        .with_account_name("a")
        .with_issuer(Some("i"))
        .build()
        .unwrap()
}

proptest! {
    #[test]
    fn both_make_the_same_code(
        secret in prop::collection::vec(any::<u8>(), 16..=128),
        seconds in 0..=253_402_300_799_i64,
        parameters in parameters(),
    ) {
        let expected = oracle(&secret, parameters).generate(u64::try_from(seconds).unwrap()).to_string();
        let step = TimeStep::with_period(Timestamp::from_seconds(seconds), parameters.period);
        let code = step.code(&SecretBytes::new(secret), parameters).unwrap().to_text();
        prop_assert_eq!(code.expose(), expected);
    }

    #[test]
    fn both_find_the_same_step_in_the_window(
        secret in prop::collection::vec(any::<u8>(), 16..=64),
        seconds in 480..=4_000_000_000_i64,
        shift in -3_i64..=3,
        parameters in parameters(),
    ) {
        let oracle = oracle(&secret, parameters);
        let secret = SecretBytes::new(secret);
        let period = i64::from(parameters.period.seconds());
        let shown_at = Timestamp::from_seconds(seconds.saturating_add(shift.saturating_mul(period)));
        let text = TimeStep::with_period(shown_at, parameters.period).code(&secret, parameters).unwrap().to_text();
        let expected = oracle.check(text.expose(), u64::try_from(seconds).unwrap());
        let code = TotpCode::parse_digits(text.expose(), parameters.digits).unwrap();
        let found = match check_code(&secret, &code, Timestamp::from_seconds(seconds), None, parameters) {
            CodeCheck::Match(step) => Some(u64::try_from(step.number()).unwrap()),
            CodeCheck::Replayed | CodeCheck::Wrong => None,
        };
        prop_assert_eq!(found, expected);
    }
}
