//! Wrong step-up codes of an account, counted for each access token.

use serde::{Deserialize, Serialize};

use crate::{AuthenticatedToken, Timestamp, TokenId};

/// Number of wrong step-up codes that revokes the access token they came with.
const MAX_FAILURES: u8 = 5;

/// Wrong step-up codes of an account, counted for each access token until it expires.
///
/// Two fields of `mfa_internal`: `up` holds the latest token, as versions before the second field read and write it, and
/// `ups` holds the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepUpFailures {
    #[serde(rename = "up", skip_serializing_if = "Option::is_none")]
    latest: Option<StepUpFailure>,
    #[serde(rename = "ups", skip_serializing_if = "Vec::is_empty")]
    others: Vec<StepUpFailure>,
}

/// Wrong step-up codes that came with one access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StepUpFailure {
    /// ID of the access token.
    #[serde(rename = "id")]
    token: TokenId,
    /// Number of wrong codes.
    #[serde(rename = "n")]
    count: u8,
    /// Time when the token expires. Absent in entries of earlier versions, which are kept until others need the room.
    #[serde(rename = "exp", default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

/// Effect of a wrong step-up code on the access token it came with.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepUpLimit {
    /// The token stays valid.
    Counted,
    /// The token has used up its attempts: revoke it.
    Exceeded,
}

impl StepUpFailures {
    /// Maximum number of tokens. If as many others have wrong codes, the first wrong code of one more revokes it.
    pub const CAPACITY: usize = 8;

    /// Returns the number of wrong codes that came with this token.
    pub fn count(&self, token: &TokenId) -> u8 {
        self.latest.iter().chain(&self.others).find(|it| it.token == *token).map_or(0, |it| it.count)
    }

    /// Counts a wrong code.
    pub(crate) fn add(&mut self, token: &AuthenticatedToken, now: Timestamp) -> StepUpLimit {
        let count = self.count(&token.id).saturating_add(1);
        self.remove(&token.id);
        if count >= MAX_FAILURES {
            return StepUpLimit::Exceeded;
        }
        let mut others: Vec<_> = self.latest.take().into_iter().chain(self.others.drain(..)).collect();
        others.retain(|it| it.expires_at.is_none_or(|at| now <= at));
        if others.len() >= Self::CAPACITY {
            others.retain(|it| it.expires_at.is_some());
        }
        self.others = others;
        if self.others.len() >= Self::CAPACITY {
            return StepUpLimit::Exceeded;
        }
        self.latest = Some(StepUpFailure { token: token.id, count, expires_at: Some(token.expires_at) });
        StepUpLimit::Counted
    }

    /// Removes the count of a token.
    pub(crate) fn remove(&mut self, token: &TokenId) {
        self.latest.take_if(|it| it.token == *token);
        self.others.retain(|it| it.token != *token);
    }

    /// Removes the counts of all tokens but this one.
    pub(crate) fn retain_only(&mut self, token: Option<&TokenId>) {
        self.latest.take_if(|it| Some(&it.token) != token);
        self.others.retain(|it| Some(&it.token) == token);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::{InternalState, Stage, UserId};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn token(name: &str, lifetime: u64) -> AuthenticatedToken {
        AuthenticatedToken {
            user: UserId::new(1),
            id: TokenId::from_jti(name),
            stage: Stage::TwoFactors(None),
            session: Some(0),
            issued_at: NOW,
            expires_at: NOW.plus(Duration::from_secs(lifetime)),
            auth_time: Some(NOW),
            is_superuser: false,
        }
    }

    #[test]
    fn a_full_list_admits_no_further_token_until_one_expires() {
        let mut failures = StepUpFailures::default();
        for n in 0..StepUpFailures::CAPACITY {
            assert_eq!(failures.add(&token(&n.to_string(), 600), NOW), StepUpLimit::Counted);
        }
        assert_eq!(failures.add(&token("more", 900), NOW), StepUpLimit::Exceeded);
        assert_eq!(
            failures.add(&token("3", 600), NOW),
            StepUpLimit::Counted,
            "a listed token has its own count"
        );
        assert_eq!(failures.count(&TokenId::from_jti("3")), 2);
        let later = NOW.plus(Duration::from_secs(601));
        assert_eq!(failures.add(&token("more", 900), later), StepUpLimit::Counted);
        assert_eq!(failures.count(&TokenId::from_jti("3")), 0, "expired");
    }

    #[test]
    fn the_document_is_read_and_written_beside_an_earlier_version() {
        let id = serde_json::to_value(TokenId::from_jti("a")).unwrap();
        let row = serde_json::json!({ "up": { "id": id, "n": 4 }, "later": 1 });
        let mut internal: InternalState = serde_json::from_value(row).unwrap();
        assert_eq!(internal.step_up_failures.count(&TokenId::from_jti("a")), 4);
        assert_eq!(internal.step_up_failures.add(&token("b", 600), NOW), StepUpLimit::Counted);
        let stored = serde_json::to_value(&internal).unwrap();
        assert_eq!(stored["up"]["n"], 1, "one object with `id` and `n`");
        assert_eq!((&stored["ups"][0]["id"], &stored["ups"][0]["n"]), (&id, &serde_json::json!(4)));
        assert_eq!(stored["later"], 1);
        assert_eq!(serde_json::from_value::<InternalState>(stored).unwrap(), internal);
        assert_eq!(internal.step_up_failures.add(&token("a", 600), NOW), StepUpLimit::Exceeded);
    }

    proptest! {
        #[test]
        fn no_order_of_tokens_gives_one_more_than_four_wrong_codes(order in prop::collection::vec(0..12_u8, 0..80)) {
            let mut failures = StepUpFailures::default();
            let mut counted = [0_u8; 12];
            let mut ended = [false; 12];
            for name in order {
                let index = usize::from(name);
                if ended[index] {
                    continue;
                }
                match failures.add(&token(&name.to_string(), 600), NOW) {
                    StepUpLimit::Counted => counted[index] = counted[index].saturating_add(1),
                    StepUpLimit::Exceeded => ended[index] = true,
                }
                prop_assert!(counted[index] < MAX_FAILURES);
                prop_assert!(failures.others.len() <= StepUpFailures::CAPACITY);
            }
        }
    }
}
