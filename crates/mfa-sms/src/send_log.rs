//! Log of sends: provider, outcome, delivery and use of the code.
//!
//! It serves the operator. No authentication decision reads it.

use std::fmt;

use mfa_core::{BoxFuture, StoreError, Timestamp};

use crate::{Conversion, ConversionQuery, ConversionRule, LowConversion, SendId, SendRecord};

/// Durable log of sends, one row each.
pub trait SmsSendLog: Send + Sync + fmt::Debug {
    /// Records a send as [`SendState::Sending`] before any gateway is called.
    ///
    /// If the process dies afterwards, the row remains, and the message is not sent again.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the send was not recorded: send nothing.
    fn begin<'a>(&'a self, record: &'a SendRecord) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Records the outcome of a send.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the outcome was not recorded: continue. The send becomes [`SendState::Unknown`] later.
    fn settle<'a>(&'a self, id: &'a SendId, state: &'a SendState) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Records that the code of a send was used.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the use was not recorded: continue. The code counts as unused.
    fn mark_used<'a>(&'a self, id: &'a SendId, at: Timestamp) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Records a gateway's delivery report and returns whether a send with this message ID exists. The states
    /// delivered and failed are final.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if nothing was recorded: let the gateway repeat the report.
    fn report<'a>(
        &'a self,
        gateway: &'a str,
        message: &'a str,
        arrival: DeliveryStatus,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Returns how many of the codes for one purpose were used: of this prefix, this country and this user. Of one user,
    /// only the latest codes count for the prefix and the country.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the numbers could not be read: send nothing.
    fn conversion<'a>(&'a self, query: &'a ConversionQuery) -> BoxFuture<'a, Result<Conversion, StoreError>>;

    /// Lists the prefixes and countries with a low conversion rate since this time, for each purpose. Of one user, only the
    /// latest codes count.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the numbers could not be read: report them as unknown.
    fn low(
        &self,
        rule: ConversionRule,
        since: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<LowConversion>, StoreError>>;

    /// Marks sends started before `abandoned` and never settled as [`SendState::Unknown`], and returns their number.
    /// Deletes sends from before `old`, and budgets that have been full since then.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the work may be incomplete: run it again later.
    fn sweep(&self, abandoned: Timestamp, old: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>>;
}

/// State of a send.
///
/// Exhaustive, so that each state is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendState {
    /// The send is in progress, or the process died during it.
    Sending,
    /// A gateway accepted the message.
    Accepted {
        /// Name of the gateway.
        gateway: &'static str,
        /// Message ID of the gateway.
        message: String,
    },
    /// A gateway rejected the number.
    Refused,
    /// The message may have been sent.
    Unknown {
        /// Name of the gateway, if known.
        gateway: Option<&'static str>,
    },
    /// The message was not sent.
    NotSent,
}

impl SendState {
    /// Returns the name used in rows and metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Accepted { .. } => "accepted",
            Self::Refused => "refused",
            Self::Unknown { .. } => "unknown",
            Self::NotSent => "not_sent",
        }
    }
}

/// Delivery status reported by a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeliveryStatus {
    /// In transit, or being retried.
    Pending,
    /// Delivered to the phone.
    Delivered,
    /// Not delivered.
    Failed,
}

impl DeliveryStatus {
    /// Returns the name used in rows and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}
