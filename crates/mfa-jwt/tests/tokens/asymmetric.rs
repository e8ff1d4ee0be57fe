//! Access tokens by `EdDSA` and ES256: what is issued, and what is refused of what others sign.

use std::sync::LazyLock;

use data_encoding::BASE64URL_NOPAD;
use josekit::jwk::KeyPair;
use josekit::jws::{ES256, EdDSA, JwsSigner};
use mfa_core::testing::SeededEntropy;
use mfa_core::{FactorKind, Jti, SecretText, Stage, VerifiedFactor};
use mfa_jwt::{PrivateKey, PublicKey, SigningAlgorithm, TokenError, TokenKeyRing, TokenService};
use serde_json::{Value, json};

use crate::forge::{
    ACCESS, KEY, KID, NOW, PENDING, header, hmac, key, marie, now, one_factor_claims, pending_claims,
    service_with, set, sign, sign_text, two_factor_claims, with,
};

/// One algorithm: a service that signs by it, and the private key in the hands of the test.
struct Case {
    service: TokenService,
    public: PublicKey,
    pem: SecretText,
    signer: Box<dyn JwsSigner>,
    public_pem: Vec<u8>,
    public_der: Vec<u8>,
}

impl Case {
    fn new(algorithm: SigningAlgorithm) -> Self {
        let pem = PrivateKey::generate(algorithm).unwrap();
        let key_of = || PrivateKey::from_pem(&pem).unwrap();
        let ring = TokenKeyRing::shared_secret(key(KEY), vec![]).signing_access(key_of());
        let bytes = pem.expose().as_bytes();
        let (signer, pair): (Box<dyn JwsSigner>, Box<dyn KeyPair>) = match algorithm {
            SigningAlgorithm::EdDsa => (
                Box::new(EdDSA.signer_from_pem(bytes).unwrap()),
                Box::new(EdDSA.key_pair_from_pem(bytes).unwrap()),
            ),
            SigningAlgorithm::Es256 => (
                Box::new(ES256.signer_from_pem(bytes).unwrap()),
                Box::new(ES256.key_pair_from_pem(bytes).unwrap()),
            ),
        };
        Self {
            service: service_with(ring, false),
            public: key_of().public_key().clone(),
            signer,
            public_pem: pair.to_pem_public_key(),
            public_der: pair.to_der_public_key(),
            pem,
        }
    }

    fn header(&self) -> Value {
        json!({ "alg": self.public.algorithm(), "typ": ACCESS, "kid": self.public.id() })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    fn sign_text(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
        format!("{signed}.{}", encode(&self.signer.sign(signed.as_bytes()).unwrap()))
    }

    fn key(&self) -> PrivateKey {
        PrivateKey::from_pem(&self.pem).unwrap()
    }

    #[track_caller]
    fn refuses(&self, token: &str, why: &str) {
        let read = self.service.authenticate(token, now());
        assert_eq!(read, Err(TokenError::Invalid), "{} {why}", self.public.algorithm());
    }

    #[track_caller]
    fn takes(&self, token: &str) -> Stage {
        self.service.authenticate(token, now()).unwrap().stage
    }
}

fn encode(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

fn cases() -> &'static [Case; 2] {
    static CASES: LazyLock<[Case; 2]> =
        LazyLock::new(|| [SigningAlgorithm::EdDsa, SigningAlgorithm::Es256].map(Case::new));
    &CASES
}

fn head_of(token: &str) -> Value {
    let head = token.split('.').next().unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(head.as_bytes()).unwrap()).unwrap()
}

#[test]
fn access_tokens_are_signed_by_the_private_key_and_pending_ones_by_the_secret() {
    let entropy = SeededEntropy::default();
    for case in cases() {
        let verified = VerifiedFactor::danger_by_administrator(
            marie(),
            FactorKind::Totp,
            now(),
            Jti::from_random([7; 16]),
        );
        for issued in
            [case.service.one_factor(&marie(), &entropy, now()), case.service.two_factors(&verified, now())]
        {
            let token = issued.unwrap().token;
            assert_eq!(head_of(token.expose()), case.header());
            let signature = token.expose().rsplit_once('.').unwrap().1;
            assert_eq!(BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap().len(), 64);
            assert_ne!(case.takes(token.expose()), Stage::Pending);
        }
        let pending = case.service.pending(&marie(), &entropy, now()).unwrap().token;
        assert_eq!(head_of(pending.expose()), header(PENDING));
        assert_eq!(case.takes(pending.expose()), Stage::Pending);
        assert_eq!(case.takes(&sign(&header(PENDING), &pending_claims())), Stage::Pending);
    }
}

#[test]
fn what_is_published_verifies_what_is_issued() {
    let entropy = SeededEntropy::default();
    for case in cases() {
        let token = case.service.one_factor(&marie(), &entropy, now()).unwrap().token;
        let set = serde_json::to_value(case.service.public_keys()).unwrap();
        let jwk = set["keys"][0].as_object().unwrap().clone();
        assert_eq!((set["keys"].as_array().unwrap().len(), jwk.contains_key("d")), (1, false));
        assert_eq!(jwk["use"], "sig");
        let jwk = josekit::jwk::Jwk::from_map(jwk).unwrap();
        let (signed, signature) = token.expose().rsplit_once('.').unwrap();
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        let verified = match case.public.algorithm() {
            "EdDSA" => EdDSA.verifier_from_jwk(&jwk).unwrap().verify(signed.as_bytes(), &signature),
            _ => ES256.verifier_from_jwk(&jwk).unwrap().verify(signed.as_bytes(), &signature),
        };
        assert!(verified.is_ok());
    }
    let secret_alone = service_with(TokenKeyRing::shared_secret(key(KEY), vec![]), false);
    assert_eq!(serde_json::to_value(secret_alone.public_keys()).unwrap(), json!({ "keys": [] }));
}

#[test]
fn every_other_algorithm_is_refused_under_a_private_keys_name() {
    for case in cases() {
        for alg in ["none", "None", "nOnE", "", "HS256", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA"]
        {
            if alg == case.public.algorithm() {
                continue;
            }
            let token = case.sign(&set(case.header(), "alg", json!(alg)), &two_factor_claims());
            let (signed, _) = token.rsplit_once('.').unwrap();
            case.refuses(&token, alg);
            case.refuses(&format!("{signed}."), alg);
            case.refuses(signed, alg);
        }
        for alg in [json!(null), json!(["EdDSA"]), json!(256)] {
            case.refuses(&case.sign(&set(case.header(), "alg", alg), &two_factor_claims()), "alg");
        }
    }
}

/// The old trick: what everybody knows is taken for the secret of an HMAC.
#[test]
fn a_public_key_is_no_secret_of_an_hmac() {
    for case in cases() {
        let jwk = serde_json::to_vec(&case.public).unwrap();
        let x = serde_json::to_value(&case.public).unwrap()["x"].as_str().unwrap().to_owned();
        let raw = BASE64URL_NOPAD.decode(x.as_bytes()).unwrap();
        let text = String::from_utf8(case.public_pem.clone()).unwrap();
        let secrets: [&[u8]; 8] = [
            &case.public_pem,
            text.trim_end().as_bytes(),
            &case.public_der,
            &jwk,
            x.as_bytes(),
            &raw,
            case.public.id().as_bytes(),
            b"",
        ];
        for secret in secrets {
            for kid in [case.public.id(), KID] {
                for (typ, claims) in [(ACCESS, two_factor_claims()), (PENDING, pending_claims())] {
                    let header = json!({ "alg": "HS256", "typ": typ, "kid": kid });
                    let signed = format!(
                        "{}.{}",
                        encode(header.to_string().as_bytes()),
                        encode(claims.to_string().as_bytes())
                    );
                    case.refuses(&format!("{signed}.{}", hmac(secret, &signed)), "public key as secret");
                }
            }
        }
    }
}

#[test]
fn the_shared_secret_makes_no_access_token_and_a_private_key_no_pending_one() {
    for case in cases() {
        for claims in [one_factor_claims(), two_factor_claims()] {
            case.refuses(&sign(&header(ACCESS), &claims), "access token by the secret");
        }
        for kid in [case.public.id(), KID] {
            let head = json!({ "alg": case.public.algorithm(), "typ": PENDING, "kid": kid });
            case.refuses(&case.sign(&head, &pending_claims()), "pending token by the private key");
            case.refuses(&case.sign(&set(head, "typ", json!(ACCESS)), &pending_claims()), "typ of the other");
        }
    }
}

#[test]
fn keys_are_not_taken_from_the_token_and_unknown_ones_are_refused() {
    let [one, other] = cases();
    for (case, stranger) in [(one, other), (other, one)] {
        case.refuses(&stranger.sign(&stranger.header(), &two_factor_claims()), "a key of another service");
        let jwk = serde_json::to_value(&stranger.public).unwrap();
        let dressed = with(stranger.header(), &json!({ "jwk": jwk, "jku": "https://example.com/jwks.json" }));
        case.refuses(&stranger.sign(&dressed, &two_factor_claims()), "its own jwk");
        let renamed = set(stranger.header(), "kid", json!(case.public.id()));
        case.refuses(&stranger.sign(&renamed, &two_factor_claims()), "our kid");
        for kid in [json!(""), json!("AAAA"), json!(format!("{} ", case.public.id())), Value::Null, json!(1)]
        {
            case.refuses(&case.sign(&set(case.header(), "kid", kid), &two_factor_claims()), "kid");
        }
        case.refuses(
            &case.sign(&with(case.header(), &json!({ "kid": null })), &two_factor_claims()),
            "no kid",
        );
        let plain = json!({ "alg": case.public.algorithm(), "typ": "JWT" });
        case.refuses(&case.sign(&plain, &two_factor_claims()), "plain");
        case.refuses(&case.sign(&set(case.header(), "crit", json!(["exp"])), &two_factor_claims()), "crit");
    }
}

#[test]
fn every_claim_must_stand_and_have_its_type() {
    let claims = two_factor_claims();
    for case in cases() {
        assert_eq!(
            case.takes(&case.sign(&case.header(), &claims)),
            Stage::TwoFactors(Some(FactorKind::Totp))
        );
        for name in claims.as_object().unwrap().keys().filter(|it| *it != "iat_ms") {
            let absent = with(claims.clone(), &json!({ name: null }));
            case.refuses(&case.sign(&case.header(), &absent), &format!("without {name}"));
            for value in [Value::Null, json!({}), json!([1]), json!(1.5)] {
                let other = set(claims.clone(), name, value.clone());
                case.refuses(&case.sign(&case.header(), &other), &format!("{name}: {value}"));
            }
        }
        for (name, value) in [
            ("nbf", json!("9999999999")),
            ("exp", json!("1")),
            ("exp", json!(NOW.to_string())),
            ("aud", json!({})),
            ("aud", json!(["nova"])),
            ("aud", json!("nova-mfa")),
            ("iss", json!("nova")),
            ("mfa_pending", json!(true)),
            ("mfa_ok", json!("true")),
        ] {
            case.refuses(&case.sign(&case.header(), &set(claims.clone(), name, value)), name);
        }
        let twice = claims.to_string().replacen('{', r#"{"sub":"1","#, 1);
        case.refuses(&case.sign_text(&case.header().to_string(), &twice), "sub twice");
    }
}

#[test]
fn times_are_held_to_as_under_a_secret() {
    for case in cases() {
        let at = |issued: i64| json!({ "iat": issued, "iat_ms": null, "nbf": issued, "exp": issued + 3600, "auth_time": issued });
        let read = |changes: Value| {
            let token = case.sign(&case.header(), &with(two_factor_claims(), &changes));
            case.service.authenticate(&token, now()).map(drop)
        };
        assert_eq!(read(at(NOW - 3605)), Ok(()));
        assert_eq!(read(at(NOW - 3606)), Err(TokenError::Expired));
        assert_eq!(read(at(NOW + 5)), Ok(()));
        assert_eq!(read(at(NOW + 6)), Err(TokenError::Invalid));
        assert_eq!(read(json!({ "exp": NOW + 3601 })), Err(TokenError::Invalid), "a longer life than ours");
    }
}

#[test]
fn every_change_of_a_character_is_refused() {
    for case in cases() {
        let token = case.sign(&case.header(), &one_factor_claims());
        for at in (0..token.len()).step_by(7).chain(token.len() - 90..token.len()) {
            for other in ["A", "b", "_", ".", "="] {
                let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
                if changed != token {
                    case.refuses(&changed, &changed);
                }
            }
        }
    }
}

#[test]
fn a_new_private_key_signs_and_the_old_one_verifies_as_long_as_it_stands() {
    let entropy = SeededEntropy::default();
    let [one, other] = cases();
    for (old, new) in [(one, other), (other, one)] {
        let before = old.service.one_factor(&marie(), &entropy, now()).unwrap().token;
        let ring = || TokenKeyRing::shared_secret(key(KEY), vec![]).signing_access(new.key());
        let overlap = service_with(ring().accepting([new.key(), old.key()]), false);
        assert_eq!(overlap.authenticate(before.expose(), now()).map(|it| it.stage), Ok(Stage::OneFactor));
        let fresh = overlap.one_factor(&marie(), &entropy, now()).unwrap().token;
        assert_eq!(head_of(fresh.expose()), new.header());
        let ids: Vec<_> = overlap.public_keys().keys().iter().map(|it| it.id().to_owned()).collect();
        assert_eq!(ids, [new.public.id(), old.public.id()], "the signing key first, and no key twice");

        let dropped = service_with(ring(), false);
        assert_eq!(dropped.authenticate(before.expose(), now()), Err(TokenError::Invalid));
    }
}

#[test]
fn from_the_secret_to_a_private_key_what_was_signed_goes_on_while_the_secret_is_named_as_previous() {
    let entropy = SeededEntropy::default();
    let secret_alone = service_with(TokenKeyRing::shared_secret(key(KEY), vec![]), false);
    let before = secret_alone.one_factor(&marie(), &entropy, now()).unwrap().token;
    for case in cases() {
        // Published first, so that those who keep the set for a while know the key before it signs.
        let announced =
            service_with(TokenKeyRing::shared_secret(key(KEY), vec![]).accepting([case.key()]), false);
        assert_eq!(announced.public_keys().keys()[0].id(), case.public.id());
        assert!(announced.authenticate(before.expose(), now()).is_ok());
        let signed = announced.one_factor(&marie(), &entropy, now()).unwrap().token;
        assert_eq!(head_of(signed.expose()), header(ACCESS));

        let overlap = service_with(
            TokenKeyRing::shared_secret(key(KEY), vec![key(KEY)]).signing_access(case.key()),
            false,
        );
        assert!(overlap.authenticate(before.expose(), now()).is_ok());
        let after = overlap.one_factor(&marie(), &entropy, now()).unwrap().token;
        assert_eq!(head_of(after.expose()), case.header());
        case.refuses(before.expose(), "the overlap is over");
        assert_eq!(case.takes(after.expose()), Stage::OneFactor);

        // And back: the private key is no longer first, and verifies.
        let back = service_with(TokenKeyRing::shared_secret(key(KEY), vec![]).accepting([case.key()]), false);
        assert!(back.authenticate(after.expose(), now()).is_ok());
    }
}

#[test]
fn legacy_tokens_are_taken_by_their_switch_under_the_secret_alone() {
    let claims = json!({ "sub": "42", "email": "marie@example.com", "exp": NOW + 60, "mfa_ok": true });
    for case in cases() {
        let legacy = sign(&json!({ "alg": "HS256", "typ": "JWT" }), &claims);
        case.refuses(&legacy, "without the switch");
        let ring = TokenKeyRing::shared_secret(key(KEY), vec![]).signing_access(case.key());
        let taking = service_with(ring, true);
        assert!(taking.authenticate(&legacy, now()).is_ok());
        let plain = json!({ "alg": case.public.algorithm(), "typ": "JWT" });
        let by_private_key = taking.authenticate(&case.sign(&plain, &claims), now());
        assert_eq!(by_private_key, Err(TokenError::Invalid));
        let public = std::str::from_utf8(&case.public_pem).unwrap();
        let by_public_key = sign_text(&json!({ "alg": "HS256" }).to_string(), &claims.to_string(), public);
        assert_eq!(taking.authenticate(&by_public_key, now()), Err(TokenError::Invalid));
    }
}

#[test]
fn a_key_is_one_key_whatever_ends_its_lines() {
    for case in cases() {
        let text = SecretText::new(case.pem.expose().replace('\n', "\r\n"));
        assert_eq!(PrivateKey::from_pem(&text).unwrap().public_key(), &case.public);
    }
}
