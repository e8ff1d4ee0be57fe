//! The published vectors of HOTP: RFC 4226 appendix D.

use mfa_core::SecretBytes;
use mfa_totp::{Parameters, hotp};

#[test]
fn the_first_ten_counters_give_the_codes_of_appendix_d() {
    let secret = SecretBytes::new(b"12345678901234567890".to_vec());
    let codes =
        ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
    for (counter, expected) in (0..).zip(codes) {
        assert_eq!(hotp(&secret, counter, Parameters::default()).to_text().expose(), expected, "{counter}");
    }
}
