//! Stored TOTP secrets: unsealing, and comparing a code.

use std::hint::black_box;
use std::sync::Arc;

use mfa_core::testing::SeededEntropy;
use mfa_core::{SealContext, Sealed, SealedColumn, SecretBytes, SecretCipher as _, UserId};
use mfa_infra::crypto::{AesGcmCipher, OsEntropy};
use mfa_totp::{CodeCheck, Parameters, TimeStep, TotpCode, check_code, generate_secret};
use nova_mfa_tests::test_keys;

use crate::NOW;
use crate::part::MeasuredPart;

/// Returns the cipher of columns.
pub(crate) fn cipher() -> AesGcmCipher {
    AesGcmCipher::new(&test_keys(), Arc::new(OsEntropy))
}

/// Returns a TOTP secret.
pub(crate) fn secret() -> SecretBytes {
    generate_secret(&SeededEntropy::default()).expect("seeded randomness")
}

/// Returns the code of this secret at this time.
pub(crate) fn code(secret: &SecretBytes) -> TotpCode {
    TimeStep::at(NOW).code(secret, Parameters::default()).expect("a time after 1970")
}

/// Unsealing of a stored TOTP secret (AES-256-GCM).
#[derive(Debug)]
pub(crate) struct SecretUnsealing {
    cipher: AesGcmCipher,
    sealed: Sealed,
    context: SealContext,
    secret: SecretBytes,
}

impl SecretUnsealing {
    /// Seals a secret.
    pub(crate) fn open() -> Self {
        let (cipher, secret) = (cipher(), secret());
        let context = SealContext { user: UserId::new(42), column: SealedColumn::TotpSecret };
        let sealed = cipher.seal(&secret, context).expect("a sealed secret");
        Self { cipher, sealed, context, secret }
    }
}

impl MeasuredPart for SecretUnsealing {
    type Input = ();

    fn input(&self) {}

    fn run(&self, (): &mut ()) {
        let secret = self.cipher.unseal(black_box(&self.sealed), self.context).expect("the sealed secret");
        assert_eq!(secret.expose(), self.secret.expose());
    }
}

/// Comparison of a TOTP code with the three codes of the window.
#[derive(Debug)]
pub(crate) struct CodeComparison {
    secret: SecretBytes,
    code: TotpCode,
}

impl CodeComparison {
    /// Computes the current code.
    pub(crate) fn open() -> Self {
        let secret = secret();
        Self { code: code(&secret), secret }
    }
}

impl MeasuredPart for CodeComparison {
    type Input = ();

    fn input(&self) {}

    fn run(&self, (): &mut ()) {
        let check = check_code(&self.secret, black_box(&self.code), NOW, None, Parameters::default());
        assert_eq!(check, CodeCheck::Match(TimeStep::at(NOW)));
    }
}
