//! Delivery reports of SMS providers.

use mfa_sms::DeliveryStatus;

use crate::error::FlowError;
use crate::flows::Flows;

/// Report of a provider on one message, after its signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Name of the gateway that carried the message.
    pub gateway: &'static str,
    /// The gateway's identifier of the message.
    pub message: String,
    /// Delivery status that the provider reports.
    pub arrival: DeliveryStatus,
}

impl Flows {
    /// Records a delivery report and returns whether it belongs to a known send. It is for statistics: no report ever
    /// changes whether a code is accepted.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`]: nothing was recorded.
    pub async fn record_delivery_report(&self, report: &DeliveryReport) -> Result<bool, FlowError> {
        let DeliveryReport { gateway, message, arrival } = report;
        Ok(self.ports.sms.sends.report(gateway, message, *arrival, self.now()).await?)
    }
}
