//! Passkeys: registration and verification (WebAuthn Level 3).
//!
//! Signatures are checked between decisions, never inside one.

use mfa_core::{
    Account, AuthenticatedToken, AuthenticatorUse, DigestPurpose, EventKind, FactorAttempt, FactorKind,
    FactorResult, Outcome, Passkey, PasskeyAttempt, PasskeyState, Phase, RateRule, Requirement, SealContext,
    Sealed, SealedColumn, SecretBytes, SecurityEvent, Stage, Timestamp, TokenId, VerificationOutcome,
    authorize_passkey, confirm, verify_passkey,
};
use mfa_passkey::{
    Assertion, AuthenticationResponse, Challenge, ChallengeBinding, ChallengeError, ChallengeKey,
    ChallengePurpose, CounterStatus, CreationOptions, PasskeyError, Registered, RegistrationResponse,
    RejectReason, RelyingParty, RequestOptions, UserEntity, UserHandle, counter_status,
};

use crate::access_pass::remaining;
use crate::authenticator_names::{check_name, default_name, label_of, name_newest_in_event, normalized_name};
use crate::authenticators::Authenticator;
use crate::call::Call;
use crate::enrol_totp::EnrolmentComplete;
use crate::error::FlowError;
use crate::flows::Flows;
use crate::policy::PasskeyPolicy;
use crate::stored_passkey::{credential, credentials, unreadable, user_handle};
use crate::verify::AccessGrant;

/// Random bytes of an authenticator ID.
const ID_BYTES: usize = 9;

/// Options for the browser, with the end of their challenge.
#[derive(Clone, Debug)]
pub struct PasskeyOptions<T> {
    /// Options of the WebAuthn call.
    pub options: T,
    /// Time when the challenge expires.
    pub expires_at: Timestamp,
}

/// Passkey that was registered.
#[derive(Debug)]
pub struct PasskeyRegistered {
    /// The new authenticator.
    pub authenticator: Authenticator,
    /// New token and recovery codes, if it is the account's first factor or the token enrols only. The latter makes
    /// recovery codes only if none are left.
    pub enrolled: Option<EnrolmentComplete>,
}

/// User handle and placeholder, stored with the first passkey of an account.
#[derive(Clone, Debug)]
struct FirstPasskey {
    handle: String,
    placeholder: Sealed,
}

impl Flows {
    /// Returns the options of a registration. Stores nothing: the challenge carries its own expiry and a MAC.
    ///
    /// # Errors
    ///
    /// [`FlowError::MethodNotAvailable`] if passkeys are off, [`FlowError::TooManyAuthenticators`],
    /// [`FlowError::RateLimited`] by user, or the account denies the call.
    pub async fn start_passkey_registration(
        &self,
        call: &Call,
    ) -> Result<PasskeyOptions<CreationOptions>, FlowError> {
        let now = self.trusted_now()?;
        let policy = self.passkey_policy()?;
        let need = Requirement::Enrol { max_age: self.policy.step_up_max_age };
        let max = policy.max_per_user;
        let token = call.token.clone();
        let account = self
            .decide(call, need, now, move |account| {
                let account = remaining(account, &token).into_owned();
                check_room(&account, max)?;
                Ok(account)
            })
            .await?;
        self.limit_caller(RateRule::EnrolPerUser, call).await?;
        let mut nonce = [0_u8; 16];
        self.ports.entropy.fill(&mut nonce)?;
        let key = self.challenge_key();
        let challenge = Challenge::issue(&key, nonce, binding(&call.token, ChallengePurpose::Register), now);
        let handle = match user_handle(&account)? {
            Some(handle) => handle,
            None => self.new_user_handle(account.user, challenge.bytes()),
        };
        let credentials = credentials(&account)?;
        let name = if account.email.is_empty() { &account.username } else { &account.email };
        let user = UserEntity { handle: &handle, name, display_name: &account.username };
        let options = CreationOptions::new(&policy.relying_party, user, &challenge, &credentials);
        Ok(PasskeyOptions { options, expires_at: challenge.expires_at() })
    }

    /// Registers a passkey. The first factor also makes recovery codes and a token with two factors. So does an enrolment
    /// token, which keeps unused recovery codes.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoChallenge`], [`FlowError::MalformedCredential`], [`FlowError::InvalidCode`] if the response does not
    /// verify, [`FlowError::AlreadyRegistered`], [`FlowError::TooManyAuthenticators`], [`FlowError::NameTaken`], or the
    /// account denies the call.
    pub async fn finish_passkey_registration(
        &self,
        call: &Call,
        response: RegistrationResponse,
        name: Option<String>,
    ) -> Result<PasskeyRegistered, FlowError> {
        let now = self.trusted_now()?;
        let policy = self.passkey_policy()?.clone();
        let need = Requirement::Enrol { max_age: self.policy.step_up_max_age };
        // The name is chosen here, so that the response needs no read after the commit: a fault of that read would lose
        // recovery codes that are shown only once.
        let token = call.token.clone();
        let before = self.decide(call, need, now, move |account| {
            let account = &*remaining(account, &token);
            let name = name.as_deref().map(normalized_name);
            let name = name.unwrap_or_else(|| default_name(account, FactorKind::Passkey));
            check_name(account, "", &name)?;
            Ok((account.has_factor(), account.recovery.left() > 0, name))
        });
        let (had_factor, had_codes, name) = before.await?;
        let challenge = self.open_challenge(call, ChallengePurpose::Register, response.challenge(), now)?;
        let attempt = self.attempt(call, FactorKind::Passkey, need, now);
        let is_enrolment_only = call.token.stage == Stage::Enrolment;
        // A further passkey grants no token.
        let attempt = if had_factor && !is_enrolment_only { attempt } else { self.granting(attempt)? };
        let registered = match mfa_passkey::verify_registration(&policy.relying_party, &challenge, response) {
            Ok(registered) => registered,
            Err(PasskeyError::Malformed(error)) => return Err(FlowError::MalformedCredential(error)),
            Err(PasskeyError::Rejected(reason)) => {
                return Err(self.reject_registration(call, attempt, reason).await);
            }
        };
        let id = self.new_authenticator_id()?;
        let first = self.first_passkey(call, &challenge)?;
        let max = policy.max_per_user;
        let authenticator = Authenticator::new_passkey(id.clone(), name.clone(), &registered, now);
        let check = {
            move |account: &mut Account| -> Result<FactorResult, FlowError> {
                if account.has_factor() != had_factor {
                    return Err(FlowError::changed_meanwhile());
                }
                add_passkey(account, &registered, &first, &id, &name, now, max)?;
                Ok(FactorResult::Correct)
            }
        };
        let enrolled = if had_factor && (had_codes || !is_enrolment_only) {
            let confirmed = self.try_factor(call, Phase::Begin, attempt, move |account, attempt| {
                let outcome = confirm(account, attempt, &check)?;
                if let VerificationOutcome::Verified(_) = outcome {
                    name_newest_in_event(account, FactorKind::Passkey);
                }
                Ok(outcome)
            });
            let passed = confirmed.await?;
            // An enrolment token is spent, so its holder gets an access token. The recovery codes stay.
            let granted = is_enrolment_only.then(|| self.grant(&passed, now)?.access()).transpose()?;
            granted.map(|granted| EnrolmentComplete { granted, recovery_codes: Vec::new() })
        } else {
            Some(self.enrol(call, attempt, check).await?)
        };
        Ok(PasskeyRegistered { authenticator, enrolled })
    }

    /// Returns the options of a verification. Stores nothing.
    ///
    /// # Errors
    ///
    /// [`FlowError::MethodNotAvailable`] if the account has no passkey for the current RP ID, or the account denies the
    /// call.
    pub async fn start_passkey_verification(
        &self,
        call: &Call,
    ) -> Result<PasskeyOptions<RequestOptions>, FlowError> {
        let now = self.trusted_now()?;
        let policy = self.passkey_policy()?;
        let account = self.admit_passkey(call, now).await?;
        let mut nonce = [0_u8; 16];
        self.ports.entropy.fill(&mut nonce)?;
        let binding = binding(&call.token, verification_purpose(&call.token));
        let challenge = Challenge::issue(&self.challenge_key(), nonce, binding, now);
        let credentials = credentials(&account)?;
        let options = RequestOptions::new(&policy.relying_party, &challenge, &credentials)
            .map_err(|_| FlowError::MethodNotAvailable)?;
        Ok(PasskeyOptions { options, expires_at: challenge.expires_at() })
    }

    /// Verifies a passkey as a second factor.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidCode`] for an assertion that does not verify or was used; it is recorded and does not count
    /// towards a lock. [`FlowError::NoChallenge`], [`FlowError::MalformedCredential`],
    /// [`FlowError::MethodNotAvailable`], or the account denies the call.
    pub async fn verify_passkey(
        &self,
        call: &Call,
        response: AuthenticationResponse,
    ) -> Result<AccessGrant, FlowError> {
        let now = self.trusted_now()?;
        let policy = self.passkey_policy()?.clone();
        let account = self.admit_passkey(call, now).await?;
        let purpose = verification_purpose(&call.token);
        let challenge = self.open_challenge(call, purpose, response.challenge(), now)?;
        let attempt = PasskeyAttempt {
            attempt: self.granting(self.attempt(
                call,
                FactorKind::Passkey,
                Requirement::SecondFactor,
                now,
            ))?,
            challenge: TokenId::from_bytes(*challenge.id().bytes()),
            challenge_expires_at: challenge.expires_at(),
        };
        let verified = check_assertion(&policy.relying_party, &challenge, &account, &response)?;
        let passed = self
            .try_factor(call, Phase::Begin, attempt.attempt.clone(), move |account, factor| {
                let passkey = PasskeyAttempt { attempt: factor.clone(), ..attempt.clone() };
                let outcome = verify_passkey(account, &passkey, |account| {
                    let Ok((id, assertion)) = &verified else { return Ok(FactorResult::Wrong) };
                    Ok::<_, FlowError>(accept_assertion(account, id, *assertion, factor))
                })?;
                if let (Err(reason), VerificationOutcome::InvalidCode) = (&verified, &outcome) {
                    explain_failure(account, *reason);
                }
                Ok(outcome)
            })
            .await?;
        self.grant(&passed, now)?.access()
    }

    /// Records a registration that does not verify, with the reason for operators, and returns the error of the client.
    async fn reject_registration(
        &self,
        call: &Call,
        attempt: FactorAttempt,
        reason: RejectReason,
    ) -> FlowError {
        let recorded = self.try_factor(call, Phase::Begin, attempt, move |account, attempt| {
            let outcome = confirm(account, attempt, |_| Ok::<_, FlowError>(FactorResult::Wrong))?;
            explain_failure(account, reason);
            Ok(outcome)
        });
        recorded.await.err().unwrap_or(FlowError::InvalidCode)
    }

    /// Returns a new random ID of an authenticator.
    pub(crate) fn new_authenticator_id(&self) -> Result<String, FlowError> {
        let mut id = [0_u8; ID_BYTES];
        self.ports.entropy.fill(&mut id)?;
        Ok(data_encoding::BASE64URL_NOPAD.encode(&id))
    }

    fn passkey_policy(&self) -> Result<&PasskeyPolicy, FlowError> {
        self.policy.passkeys.as_ref().ok_or(FlowError::MethodNotAvailable)
    }

    /// Returns the account if it admits an attempt with a passkey.
    async fn admit_passkey(&self, call: &Call, now: Timestamp) -> Result<Account, FlowError> {
        let token = call.token.clone();
        self.update_caller(call, Phase::Begin, Some(FactorKind::Passkey), move |account| {
            authorize_passkey(account, &token, Requirement::SecondFactor, now)
                .map_err(|reason| FlowError::from_deny_reason(reason, now))?;
            if !account.has_passkey() {
                return Err(FlowError::MethodNotAvailable);
            }
            Ok(account.clone())
        })
        .await
    }

    fn challenge_key(&self) -> ChallengeKey {
        let digest = self.ports.digests.digest(DigestPurpose::PasskeyChallenge, b"challenge");
        ChallengeKey::from_bytes(digest.bytes)
    }

    /// Returns the challenge of a response, if it was issued for this call. During a rotation of keys, an older key may
    /// have issued it.
    fn open_challenge(
        &self,
        call: &Call,
        purpose: ChallengePurpose,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<Challenge, FlowError> {
        let keys = self.ports.digests.digest_with_each_key(DigestPurpose::PasskeyChallenge, b"challenge");
        for key in keys {
            let key = ChallengeKey::from_bytes(key.bytes);
            match Challenge::verify(&key, bytes, binding(&call.token, purpose), now) {
                Ok(challenge) => return Ok(challenge),
                Err(ChallengeError::Expired) => return Err(FlowError::NoChallenge),
                Err(ChallengeError::Unknown) => {}
            }
        }
        Err(FlowError::NoChallenge)
    }

    /// Returns the user handle that belongs to a challenge: the start of a registration stores nothing, so both of its
    /// calls derive the handle from the random challenge.
    fn new_user_handle(&self, user: mfa_core::UserId, challenge: &[u8]) -> UserHandle {
        let mut bytes = [0_u8; 64];
        for (part, half) in bytes.chunks_mut(32).zip([b"handle 1", b"handle 2"]) {
            let message = [half.as_slice(), &user.value().to_be_bytes(), challenge].concat();
            part.copy_from_slice(&self.ports.digests.digest(DigestPurpose::PasskeyChallenge, &message).bytes);
        }
        UserHandle::from_bytes(bytes)
    }

    fn first_passkey(&self, call: &Call, challenge: &Challenge) -> Result<FirstPasskey, FlowError> {
        let user = call.token.user;
        let handle = self.new_user_handle(user, challenge.bytes());
        let mut random = vec![0_u8; 20];
        self.ports.entropy.fill(&mut random)?;
        let context = SealContext { user, column: SealedColumn::TotpSecret };
        let placeholder = self.ports.cipher.seal(&SecretBytes::new(random), context)?;
        Ok(FirstPasskey { handle: data_encoding::BASE64URL_NOPAD.encode(handle.bytes()), placeholder })
    }
}

/// Returns the purpose of an assertion that comes with this token.
const fn verification_purpose(token: &AuthenticatedToken) -> ChallengePurpose {
    match token.stage {
        Stage::Pending | Stage::Enrolment | Stage::OneFactor => ChallengePurpose::Login,
        Stage::TwoFactors(_) => ChallengePurpose::StepUp,
    }
}

const fn binding(token: &AuthenticatedToken, purpose: ChallengePurpose) -> ChallengeBinding {
    ChallengeBinding { purpose, user: token.user, token: token.id }
}

fn check_room(account: &Account, max: usize) -> Result<(), FlowError> {
    if account.passkeys.keys.len() < max { Ok(()) } else { Err(FlowError::TooManyAuthenticators) }
}

fn add_passkey(
    account: &mut Account,
    registered: &Registered,
    first: &FirstPasskey,
    id: &str,
    name: &str,
    now: Timestamp,
    max: usize,
) -> Result<(), FlowError> {
    let credential_id = registered.credential.id.to_string();
    if account.passkeys.by_credential_id(&credential_id).is_some() {
        return Err(FlowError::AlreadyRegistered);
    }
    check_room(account, max)?;
    check_name(account, id, name)?;
    let PasskeyState { handle, placeholder, keys } = &mut account.passkeys;
    handle.get_or_insert_with(|| first.handle.clone());
    placeholder.get_or_insert_with(|| first.placeholder.clone());
    keys.push(Passkey {
        id: id.to_owned(),
        name: name.to_owned(),
        created_at: now,
        credential_id,
        credential: serde_json::to_value(&registered.credential).map_err(|_| unreadable())?,
        rest: serde_json::Map::new(),
    });
    let state = AuthenticatorUse {
        counter: registered.sign_count,
        backed_up: registered.backed_up,
        ..AuthenticatorUse::default()
    };
    account.internal.authenticators.insert(id.to_owned(), state);
    Ok(())
}

/// Checks the signature of an assertion. Returns the ID of the passkey, or why it does not verify.
fn check_assertion(
    relying_party: &RelyingParty,
    challenge: &Challenge,
    account: &Account,
    response: &AuthenticationResponse,
) -> Result<Result<(String, Assertion), RejectReason>, FlowError> {
    let id = response.credential_id().to_string();
    let Some(passkey) = account.passkeys.by_credential_id(&id) else {
        return Ok(Err(RejectReason::CredentialId));
    };
    let handle = user_handle(account)?.ok_or_else(unreadable)?;
    match mfa_passkey::verify_assertion(relying_party, challenge, &credential(passkey)?, &handle, response) {
        Ok(assertion) => Ok(Ok((passkey.id.clone(), assertion))),
        Err(PasskeyError::Malformed(error)) => Err(FlowError::MalformedCredential(error)),
        Err(PasskeyError::Rejected(reason)) => Ok(Err(reason)),
    }
}

/// Adds the reason of a failure to its event, for operators: a wrong origin shows a wrong setting.
fn explain_failure(account: &mut Account, reason: RejectReason) {
    if let Some(event) = account.events.last_mut() {
        event.reason = Some(reason.to_string());
    }
}

/// Compares the counter and stores what the assertion says, in the decision that grants the login.
fn accept_assertion(
    account: &mut Account,
    id: &str,
    assertion: Assertion,
    attempt: &FactorAttempt,
) -> FactorResult {
    // Removed since the signature was checked.
    let Some(passkey) = account.passkeys.keys.iter_mut().find(|key| key.id == id) else {
        return FactorResult::Wrong;
    };
    let event = |kind, outcome, label: String| {
        let event = SecurityEvent::new(kind, outcome, attempt.at, attempt.origin.clone());
        SecurityEvent { reason: Some(label), ..event.with_method(FactorKind::Passkey) }
    };
    let label = label_of(&passkey.name, id);
    let state = account.internal.authenticators.entry(id.to_owned()).or_default();
    if counter_status(state.counter, assertion.sign_count) == CounterStatus::Regressed {
        state.clone_suspected = true;
        account.record(event(EventKind::PasskeyCloneSuspected, Outcome::Failure, label));
        return FactorResult::Wrong;
    }
    state.counter = assertion.sign_count;
    state.backed_up = assertion.backed_up;
    state.last_used_at = Some(attempt.at);
    if assertion.backup_eligible_changed {
        if let Some(flag) = passkey.credential.get_mut("backup_eligible") {
            *flag = assertion.backup_eligible.into();
        }
        account.record(event(EventKind::PasskeyBackupChanged, Outcome::Success, label));
    }
    FactorResult::Correct
}
