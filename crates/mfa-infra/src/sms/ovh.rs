//! SMS gateway of OVH (`POST /sms/{account}/jobs`), signed with the keys of an application.

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

use super::http::{Bulkhead, ProviderClient, ProviderEndpoint, RequestUrl, SmsHttpClient};
use crate::settings::OvhSettings;

use job::{OvhKeys, OvhSignature, job};
pub(crate) use probe::probe as probe_ovh;
use remote_time::RemoteTime;
use response::OvhOutcome;

/// SMS gateway of OVH.
///
/// The keys need one right, `POST /sms/{account}/jobs`. OVH stores sent messages for six months in the account.
pub struct OvhGateway {
    bulkhead: Bulkhead,
    api: Arc<OvhApi>,
}

/// Request data of every send, shared with the thread that sends.
struct OvhApi {
    keys: OvhKeys,
    sender: String,
    jobs: RequestUrl,
    time: RemoteTime,
}

impl OvhGateway {
    /// Creates a gateway. Makes no request: the first send reads the time of OVH.
    pub fn new(settings: OvhSettings, http: &SmsHttpClient, clock: Arc<dyn Clock>) -> Self {
        let endpoint = ProviderEndpoint::new(&settings.endpoint);
        let jobs = endpoint.at(&format!("/sms/{}/jobs", settings.account));
        let time = RemoteTime::new(endpoint.at("/auth/time"), clock);
        let OvhSettings { app_key, app_secret, consumer_key, sender, .. } = settings;
        let keys = OvhKeys { app_key, app_secret, consumer_key };
        Self { bulkhead: http.bulkhead(), api: Arc::new(OvhApi { keys, sender, jobs, time }) }
    }
}

impl SmsGateway for OvhGateway {
    fn name(&self) -> &'static str {
        "ovh"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> BoxFuture<'a, SendOutcome> {
        let (api, message) = (Arc::clone(&self.api), message.clone());
        Box::pin(self.bulkhead.run(move |client| api.send(client, &message)))
    }
}

impl OvhApi {
    /// Sends a message. If OVH rejects the signature, which sends nothing, the cause may be the time: reads it again and
    /// tries once more.
    fn send(&self, client: &ProviderClient, message: &SmsMessage) -> SendOutcome {
        match self.attempt(client, message) {
            OvhOutcome::Final(outcome) => outcome,
            OvhOutcome::BadSignature => {
                self.time.invalidate();
                self.attempt(client, message).into_outcome()
            }
        }
    }

    fn attempt(&self, client: &ProviderClient, message: &SmsMessage) -> OvhOutcome {
        let now = match self.time.now(client) {
            Ok(now) => now,
            Err(error) => return OvhOutcome::Final(error.into()),
        };
        let body = job(message, &self.sender);
        let signature = OvhSignature::new(&self.keys, "POST", &self.jobs.url, &body, now);
        match client.post(&self.jobs, &signature.headers(&self.keys), &body) {
            Ok(response) => response::outcome(&response),
            Err(error) => OvhOutcome::Final(error.into()),
        }
    }
}

impl fmt::Debug for OvhGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OvhGateway").field("jobs", &self.api.jobs.url).finish_non_exhaustive()
    }
}
