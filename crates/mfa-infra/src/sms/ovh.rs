//! SMS by OVH: `POST /sms/{account}/jobs`, signed with the keys of an application.

mod job;
mod probe;
mod remote_time;
mod response;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use mfa_core::{BoxFuture, Clock};
use mfa_sms::{SendOutcome, SmsGateway, SmsMessage};

use super::http::{Bulkhead, ProviderClient, ProviderEndpoint, RequestUrl, SmsHttp};
use crate::settings::OvhSettings;

use job::{OvhKeys, OvhSignature, job};
pub(crate) use probe::probe as probe_ovh;
use remote_time::RemoteTime;
use response::OvhOutcome;

/// Sends by OVH.
///
/// The keys need one right, `POST /sms/{account}/jobs`. OVH keeps what was sent for six months, under the account.
pub struct OvhGateway {
    lane: Bulkhead,
    calls: Arc<Calls>,
}

/// What every send needs, on whatever thread it runs.
struct Calls {
    keys: OvhKeys,
    sender: String,
    jobs: RequestUrl,
    time: RemoteTime,
}

impl OvhGateway {
    /// A gateway with these settings. Calls nobody yet: the time of OVH is read by the first send.
    pub fn new(settings: OvhSettings, http: &SmsHttp, clock: Arc<dyn Clock>) -> Self {
        let endpoint = ProviderEndpoint::new(&settings.endpoint);
        let jobs = endpoint.at(&format!("/sms/{}/jobs", settings.account));
        let time = RemoteTime::new(endpoint.at("/auth/time"), clock);
        let OvhSettings { app_key, app_secret, consumer_key, sender, .. } = settings;
        let keys = OvhKeys { app_key, app_secret, consumer_key };
        Self { lane: http.lane(), calls: Arc::new(Calls { keys, sender, jobs, time }) }
    }
}

impl SmsGateway for OvhGateway {
    fn name(&self) -> &'static str {
        "ovh"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> BoxFuture<'a, SendOutcome> {
        let (calls, message) = (Arc::clone(&self.calls), message.clone());
        Box::pin(self.lane.run(move |caller| calls.send(caller, &message)))
    }
}

impl Calls {
    /// One send. A signature that is refused sent nothing and may be a matter of the time: that is read anew, and the
    /// same is signed once more.
    fn send(&self, caller: &ProviderClient, message: &SmsMessage) -> SendOutcome {
        match self.attempt(caller, message) {
            OvhOutcome::Final(outcome) => outcome,
            OvhOutcome::BadSignature => {
                self.time.doubt();
                self.attempt(caller, message).into_outcome()
            }
        }
    }

    fn attempt(&self, caller: &ProviderClient, message: &SmsMessage) -> OvhOutcome {
        let now = match self.time.now(caller) {
            Ok(now) => now,
            Err(none) => return OvhOutcome::Final(none.into()),
        };
        let body = job(message, &self.sender);
        let signed = OvhSignature::new(&self.keys, "POST", &self.jobs.url, &body, now);
        match caller.post(&self.jobs, &signed.headers(&self.keys), &body) {
            Ok(answer) => response::verdict(&answer),
            Err(none) => OvhOutcome::Final(none.into()),
        }
    }
}

impl fmt::Debug for OvhGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OvhGateway").field("jobs", &self.calls.jobs.url).finish_non_exhaustive()
    }
}
