//! Statistics over all users, for administrators.

use mfa_core::{Activity, Adoption, EventKind, Outcome, Period, Totals};

use crate::call::AdminCall;
use crate::error::FlowError;
use crate::flows::Flows;

impl Flows {
    /// Returns the activity of a period and the current totals.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`], also if counting took too long: request a shorter period.
    pub async fn statistics(
        &self,
        call: &AdminCall,
        period: Period,
    ) -> Result<(Activity, Totals), FlowError> {
        self.record_admin_event(call, None, EventKind::AdminStats, Outcome::Success);
        let activity = self.ports.statistics.activity(period).await?;
        let totals = self.ports.statistics.totals(self.now()).await?;
        Ok((activity, totals))
    }

    /// Returns how many users had a second factor, and a passkey, at the end of each of the last weeks. Part of the
    /// [`statistics`](Self::statistics), whose access is logged.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`], also if counting took too long.
    pub async fn adoption(&self, _: &AdminCall, weeks: u32) -> Result<Vec<Adoption>, FlowError> {
        Ok(self.ports.statistics.adoption(self.now(), weeks).await?)
    }
}
