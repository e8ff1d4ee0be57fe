//! The published vectors of TOTP: RFC 6238 appendix B, with a secret as long as each digest, as its reference
//! code has them.

use mfa_core::{SecretBytes, Timestamp};
use mfa_totp::{Algorithm, CodeCheck, Digits, Parameters, TimeStep, TotpCode, check_code};

/// Seconds, then the codes by SHA-1, SHA-256 and SHA-512.
const VECTORS: [(i64, [&str; 3]); 6] = [
    (59, ["94287082", "46119246", "90693936"]),
    (1_111_111_109, ["07081804", "68084774", "25091201"]),
    (1_111_111_111, ["14050471", "67062674", "99943326"]),
    (1_234_567_890, ["89005924", "91819424", "93441116"]),
    (2_000_000_000, ["69279037", "90698825", "38618901"]),
    (20_000_000_000, ["65353130", "77737706", "47863826"]),
];

const ALGORITHMS: [(Algorithm, usize); 3] =
    [(Algorithm::Sha1, 20), (Algorithm::Sha256, 32), (Algorithm::Sha512, 64)];

fn secret(length: usize) -> SecretBytes {
    SecretBytes::new(b"1234567890".iter().copied().cycle().take(length).collect())
}

#[test]
fn every_time_and_hash_function_gives_the_code_of_appendix_b() {
    for (seconds, codes) in VECTORS {
        for ((algorithm, length), expected) in ALGORITHMS.into_iter().zip(codes) {
            let parameters = Parameters { algorithm, digits: Digits::Eight, ..Parameters::default() };
            let (secret, now) = (secret(length), Timestamp::from_seconds(seconds));
            let code = TimeStep::at(now).code(&secret, parameters).unwrap();
            assert_eq!(code.to_text().expose(), expected, "{seconds} {algorithm:?}");
            let typed = TotpCode::parse_digits(expected, Digits::Eight).unwrap();
            assert_eq!(
                check_code(&secret, &typed, now, None, parameters),
                CodeCheck::Match(TimeStep::at(now)),
                "{seconds} {algorithm:?}"
            );
        }
    }
}

#[test]
fn a_shorter_code_is_the_end_of_the_longer_one() {
    for (digits, expected) in
        [(Digits::Six, "081804"), (Digits::Seven, "7081804"), (Digits::Eight, "07081804")]
    {
        let parameters = Parameters { digits, ..Parameters::default() };
        let code =
            TimeStep::at(Timestamp::from_seconds(1_111_111_109)).code(&secret(20), parameters).unwrap();
        assert_eq!(code.to_text().expose(), expected);
    }
}
