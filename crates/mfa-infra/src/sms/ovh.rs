//! SMS by OVH: `POST /sms/{account}/jobs`, signed with the keys of an application.

mod answer;
mod ask;
mod job;
mod remote_time;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use mfa_core::{BoxFuture, Clock};
use mfa_sms::{SendOutcome, SmsGateway, SmsMessage};

use super::http::{Address, Caller, Endpoint, Lane, SmsHttp};
use crate::settings::OvhSettings;

use answer::Verdict;
pub(crate) use ask::ask as ask_ovh;
use job::{Keys, Signed, job};
use remote_time::RemoteTime;

/// Sends by OVH.
///
/// The keys need one right, `POST /sms/{account}/jobs`. OVH keeps what was sent for six months, under the account.
pub struct OvhGateway {
    lane: Lane,
    calls: Arc<Calls>,
}

/// What every send needs, on whatever thread it runs.
struct Calls {
    keys: Keys,
    sender: String,
    jobs: Address,
    time: RemoteTime,
}

impl OvhGateway {
    /// A gateway with these settings. Calls nobody yet: the time of OVH is read by the first send.
    pub fn new(settings: OvhSettings, http: &SmsHttp, clock: Arc<dyn Clock>) -> Self {
        let endpoint = Endpoint::new(&settings.endpoint);
        let jobs = endpoint.at(&format!("/sms/{}/jobs", settings.account));
        let time = RemoteTime::new(endpoint.at("/auth/time"), clock);
        let OvhSettings { app_key, app_secret, consumer_key, sender, .. } = settings;
        let keys = Keys { app_key, app_secret, consumer_key };
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
    fn send(&self, caller: &Caller, message: &SmsMessage) -> SendOutcome {
        match self.attempt(caller, message) {
            Verdict::Final(outcome) => outcome,
            Verdict::BadSignature => {
                self.time.doubt();
                self.attempt(caller, message).into_outcome()
            }
        }
    }

    fn attempt(&self, caller: &Caller, message: &SmsMessage) -> Verdict {
        let now = match self.time.now(caller) {
            Ok(now) => now,
            Err(none) => return Verdict::Final(none.into()),
        };
        let body = job(message, &self.sender);
        let signed = Signed::new(&self.keys, "POST", &self.jobs.url, &body, now);
        match caller.post(&self.jobs, &signed.headers(&self.keys), &body) {
            Ok(answer) => answer::verdict(&answer),
            Err(none) => Verdict::Final(none.into()),
        }
    }
}

impl fmt::Debug for OvhGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OvhGateway").field("jobs", &self.calls.jobs.url).finish_non_exhaustive()
    }
}
