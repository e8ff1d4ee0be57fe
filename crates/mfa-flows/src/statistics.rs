//! Numbers over all users, for administrators.

use mfa_core::{Activity, EventKind, Period, Totals};

use crate::{AdminCall, FlowError, Flows};

impl Flows {
    /// What happened in a period, and how users are protected now.
    ///
    /// # Errors
    ///
    /// A store error, also where counting took too long: ask for a shorter period.
    pub async fn statistics(
        &self,
        call: &AdminCall,
        period: Period,
    ) -> Result<(Activity, Totals), FlowError> {
        self.tell_look(call, None, EventKind::AdminStats);
        let activity = self.ports.statistics.activity(period).await?;
        let totals = self.ports.statistics.totals(self.now()).await?;
        Ok((activity, totals))
    }
}
