//! Use cases of NOVA MFA: each loads an account, decides, stores the result and records an event.
//!
//! [`Flows`] holds the ports of `mfa-core` and the factor crates. Each use case is one method, in a file of its own. The
//! HTTP handlers and the command line call these methods and nothing below them, so that no rule is written twice.
//!
//! This crate does no I/O of its own, does not depend on HTTP, and holds no rule of a single factor: those are in
//! `mfa-totp`, `mfa-sms` and `mfa-recovery`.
//!
//! To add a use case:
//!
//! 1. Add a file with one `impl Flows` block, and declare the module here.
//! 2. Change an account only inside `decide` (any caller) or `try_factor` (checks a code): both apply the admission rules
//!    of `mfa-core` and log a denied call.
//! 3. Add a variant to [`FlowError`] for each new reason to fail, with its `code` and `status`.

mod access_pass;
mod admin;
mod administrator;
mod authenticator_names;
mod authenticators;
mod backup;
mod bulk;
mod call;
mod clock_drift;
mod code_queue;
mod csv;
mod decision;
mod delivery_report;
mod disable_totp;
mod enrol_totp;
mod erase;
mod error;
mod events;
mod flows;
mod import_legacy;
mod introspect;
mod lists;
mod login;
mod passkeys;
mod phone;
mod policy;
mod ports;
mod profile;
mod recovery;
mod reseal;
mod revoke;
mod role;
mod send_sms;
mod sessions;
mod spreadsheet_cell;
mod statistics;
mod status;
mod stored_passkey;
mod support;
mod token_holder;
mod transfer;
mod user_record;
mod verify;

pub use access_pass::{AccessPassRequest, IssuedAccessPass};
pub use admin::{
    IssuedAdminToken, MfaRequirement, NewUserRequest, RequirementChange, TokenKind, UserSelector,
};
pub use administrator::AdminAction;
pub use authenticator_names::MAX_NAME_CHARS;
pub use authenticators::{Authenticator, AuthenticatorDetails, PasskeyDetails};
pub use bulk::{BulkAction, BulkOutcome, BulkResult};
pub use call::{AcceptedStages, AdminCall, Call};
pub use csv::{CSV_START, event_csv, event_csv_header, user_csv, user_csv_header};
pub use delivery_report::DeliveryReport;
pub use enrol_totp::{EnrolmentComplete, EnrolmentMode, TotpEnrolment, TotpEnrolmentRequest};
pub use error::FlowError;
pub use flows::Flows;
pub use import_legacy::{ImportedNumber, LegacyImport, LegacyImportOutcome, LegacyRow, NoSms};
pub use introspect::ActiveToken;
pub use lists::{EventExport, UserExport, UserList};
pub use login::LoginOutcome;
pub use passkeys::{PasskeyOptions, PasskeyRegistered};
pub use phone::PhoneConfirmed;
pub use policy::{PasskeyPolicy, Policy, SmsPolicy};
pub use ports::{Ports, SmsPorts};
pub use profile::Profile;
pub use reseal::ResealOutcome;
pub use send_sms::SmsSent;
pub use sessions::Session;
pub use spreadsheet_cell::{defuse_cell, restore_cell};
pub use status::{AccountStatus, AuthenticatorCounts, MethodChoice, MethodState};
pub use support::{SupportAction, SupportCall};
pub use token_holder::TokenHolder;
pub use transfer::{LegacyExport, TotpExport, TotpImport, TotpImportOutcome};
pub use verify::{AccessGrant, EnrolmentGrant, VerificationGrant};
