use mfa_core::testing::SeededEntropy;
use mfa_core::{SecretText, Stage};
use mfa_jwt::{KeyError, SecretKey, TokenError, TokenKeyRing};

use crate::forge::{KEY, OTHER_KEY, key, marie, now, service, service_with};

#[test]
fn the_old_key_still_verifies_and_the_new_one_signs() {
    let before = service();
    let rotated = service_with(TokenKeyRing::shared_secret(key(OTHER_KEY), vec![key(KEY)]), false);
    let dropped = service_with(TokenKeyRing::shared_secret(key(OTHER_KEY), vec![]), false);
    let entropy = SeededEntropy::default();

    let old = before.one_factor(&marie(), &entropy, now()).unwrap();
    assert_eq!(rotated.authenticate(old.token.expose(), now()).map(|it| it.stage), Ok(Stage::OneFactor));
    assert_eq!(dropped.authenticate(old.token.expose(), now()), Err(TokenError::Invalid));

    let new = rotated.pending(&marie(), &entropy, now()).unwrap();
    assert_eq!(dropped.authenticate(new.token.expose(), now()).map(|it| it.stage), Ok(Stage::Pending));
    assert_eq!(before.authenticate(new.token.expose(), now()), Err(TokenError::Invalid));
}

#[test]
fn a_weak_key_does_not_become_a_key() {
    for (weak, error) in [
        ("b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3", KeyError::TooShort),
        ("GENERER_UNE_CLE_ALEATOIRE_256_BITS_ICI", KeyError::Placeholder),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", KeyError::Guessable),
    ] {
        assert_eq!(SecretKey::new(&SecretText::new(weak.to_owned())).err(), Some(error));
        assert!(!error.to_string().contains(&weak[..8]));
    }
}
