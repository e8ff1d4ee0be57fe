use mfa_core::Timestamp;
use mfa_jwt::TokenError;
use proptest::prelude::*;

use crate::forge::{KEY, legacy_service, service, sign_text};

proptest! {
    #[test]
    fn no_string_is_a_token_by_chance(token in ".*", millis in any::<i64>()) {
        for service in [service(), legacy_service()] {
            let refused = service.authenticate(&token, Timestamp::from_millis(millis));
            prop_assert_eq!(refused, Err(TokenError::Invalid));
        }
    }

    #[test]
    fn no_three_parts_are_a_token_by_chance(token in r"[A-Za-z0-9_=+/-]{0,60}\.[A-Za-z0-9_-]{0,60}\.[A-Za-z0-9_-]{0,43}") {
        let refused = legacy_service().authenticate(&token, Timestamp::from_millis(0));
        prop_assert_eq!(refused, Err(TokenError::Invalid));
    }

    #[test]
    fn whatever_is_signed_is_no_token_by_chance(
        header in prop_oneof![
            Just(r#"{"alg":"HS256","typ":"JWT"}"#.to_owned()),
            Just(r#"{"alg":"HS256","typ":"at+jwt","kid":"wEyssxs5Om8"}"#.to_owned()),
            ".*",
        ],
        claims in prop_oneof![".*", r#"\{("(exp|sub|iat|email|mfa_ok|amr)":(1|"1"|true|null|\[+|\{\}|1e999),?){0,6}\}"#],
        millis in any::<i64>(),
    ) {
        let token = sign_text(&header, &claims, KEY);
        let refused = legacy_service().authenticate(&token, Timestamp::from_millis(millis));
        prop_assert!(refused.is_err());
    }
}
