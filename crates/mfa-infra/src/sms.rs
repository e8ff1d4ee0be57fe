//! The networks that carry SMS ([`OvhGateway`], [`TwilioGateway`]) and the file that stands in for them in development
//! ([`OutboxGateway`]).
//!
//! Each speaks to its provider and sorts the answer into a [`SendOutcome`](mfa_sms::SendOutcome); whether to go on, to
//! repeat or to stop is decided in [`mfa_sms::SmsSender`]. Two lines are drawn with care. Nothing was sent is said only
//! where the message never left this process or the provider has refused it in words that its manual explains; all else
//! is `Unknown`. And the number, the code, the text and whatever a provider writes are in no outcome, no `Debug` and no
//! log: only classes are, and the provider's name for a message where it has the form of one.
//!
//! To add a provider: a folder with its gateway and a file that reads its answers, which goes through [`SmsHttp`].

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

pub use http::{HttpLimits, SmsHttp};
pub use log_observer::SmsLogObserver;
pub use outbox::OutboxGateway;
pub use outbox_reader::{OutboxMessage, OutboxReader};
pub use ovh::OvhGateway;
pub(crate) use ovh::probe_ovh;
pub(crate) use provider_status::ProviderStatus;
// removed once the server uses mfa_flows::DeliveryReport
pub use mfa_flows::DeliveryReport;
pub use reports::{DeliveryReportError, DeliveryReports, twilio_callback_url};
pub use sleep::TokioSleep;
pub(crate) use twilio::probe_twilio;
pub use twilio::{CallbackCheck, TwilioGateway, check_twilio_callback, twilio_signature};
