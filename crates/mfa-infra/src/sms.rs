//! SMS gateways: [`OvhGateway`], [`TwilioGateway`], and [`OutboxGateway`], a file for development.
//!
//! Each gateway calls its provider and classifies the response as a [`SendOutcome`](mfa_sms::SendOutcome). Retries and
//! failover are decided in [`mfa_sms::SmsSender`].
//!
//! An outcome states that nothing was sent only if the message never left this process, or if the provider rejected it
//! with an error that its manual documents. Every other failure is `Unknown`.
//!
//! The phone number, the code, the message text and the provider's messages are in no outcome, no `Debug` output and no
//! log line. Only classes are, and the provider's message id if it has a valid form.
//!
//! To add a provider, add a folder with its gateway and its response parser, and call it through [`SmsHttpClient`].

mod http;
mod log_observer;
mod outbox;
mod outbox_reader;
mod ovh;
mod provider_status;
mod reports;
mod sleep;
mod twilio;

#[cfg(test)]
mod fake_network;

pub use http::{HttpLimits, SmsHttpClient};
pub use log_observer::SmsLogObserver;
pub use outbox::OutboxGateway;
pub use outbox_reader::{OutboxMessage, OutboxReader};
pub use ovh::OvhGateway;
pub(crate) use ovh::probe_ovh;
pub(crate) use provider_status::ProviderStatus;
pub use reports::{DeliveryReportError, DeliveryReports, twilio_callback_url};
pub use sleep::TokioSleep;
pub(crate) use twilio::probe_twilio;
pub use twilio::{CallbackCheck, TwilioGateway, check_twilio_callback, twilio_signature};
