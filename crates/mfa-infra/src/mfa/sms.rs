//! SMS policy, ports and provider state of the settings.

use std::sync::Arc;

use mfa_core::{Clock, Entropy};
use mfa_flows::{SmsPolicy, SmsPorts};
use mfa_sms::{
    BudgetLimits, ConversionRule, MessageTemplate, PhonePolicy, SmsGateway, SmsSender, UserBudget,
};
use slog::Logger;
use tokio::runtime::Handle;

use super::error::OpenError;
use super::readiness::PartState;
use crate::database::Database;
use crate::metrics::Metrics;
use crate::settings::{Settings, SmsProvider};
use crate::sms::{
    DeliveryReports, HttpLimits, OutboxGateway, OvhGateway, SmsHttpClient, SmsLogObserver, TokioSleep,
    TwilioGateway, twilio_callback_url,
};

/// Returns the SMS policy of the settings.
pub(super) fn policy(settings: &Settings) -> Result<SmsPolicy, OpenError> {
    let sms = &settings.sms;
    let unusable =
        |name: &str, error: &dyn std::fmt::Display| OpenError::Unusable(format!("{name}: {error}"));
    let countries = sms.countries.iter().map(crate::settings::CountryCode::as_str);
    let per_user = UserBudget { per_minute: sms.budget.per_minute, per_hour: sms.budget.per_hour };
    let mut policy = SmsPolicy::default();
    policy.phones =
        PhonePolicy::allowing(countries).map_err(|error| unusable("MFA_SMS_COUNTRIES", &error))?;
    policy.per_user = per_user;
    policy.shared = BudgetLimits {
        number: per_user,
        ip_per_hour: sms.budget.per_ip_hour,
        prefix_per_hour: sms.budget.per_prefix_hour,
        country_per_day: sms.budget.per_country_day,
        all_per_day: sms.budget.per_day,
    };
    policy.conversion = ConversionRule::new(sms.min_conversion);
    policy.wording = MessageTemplate::new(&settings.brand.issuer, sms.domain.as_deref())
        .map_err(|error| unusable("MFA_SMS_DOMAIN", &error))?;
    Ok(policy)
}

/// Parts that the SMS ports need.
pub(super) struct SmsDependencies<'a> {
    pub(super) settings: &'a Settings,
    pub(super) database: &'a Arc<dyn Database>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) runtime: Handle,
    pub(super) log: Logger,
    pub(super) metrics: &'a Metrics,
}

/// Returns the SMS ports, with a gateway for each configured provider.
pub(super) fn ports(dependencies: SmsDependencies<'_>) -> SmsPorts {
    let SmsDependencies { settings, database, clock, entropy, runtime, log, metrics } = dependencies;
    let http = SmsHttpClient::new(runtime.clone(), HttpLimits::default());
    let callback = settings.server.public_url.as_ref().map(twilio_callback_url);
    let gateway = |provider: &SmsProvider| -> Arc<dyn SmsGateway> {
        match provider.clone() {
            SmsProvider::Ovh(ovh) => Arc::new(OvhGateway::new(ovh, &http, Arc::clone(&clock))),
            SmsProvider::Twilio(twilio) => Arc::new(TwilioGateway::new(twilio, callback.clone(), &http)),
            SmsProvider::Outbox(path) => Arc::new(OutboxGateway::new(path, Arc::clone(&clock))),
        }
    };
    let gateways: Vec<_> = settings.sms.providers.iter().map(gateway).collect();
    let pause = Arc::new(TokioSleep::new(runtime));
    let sender = Arc::new(SmsSender::new(gateways, clock, pause, entropy));
    create_series(metrics, settings, &sender);
    SmsPorts {
        sender,
        budgets: database.clone(),
        sends: database.clone(),
        observer: metrics.meter_sms(Arc::new(SmsLogObserver::new(log))),
    }
}

/// Creates the SMS time series at zero. Without a provider or country, the series has the label `none`.
fn create_series(metrics: &Metrics, settings: &Settings, sender: &SmsSender) {
    let or_none = |names: Vec<&'static str>| if names.is_empty() { vec!["none"] } else { names };
    let providers = or_none(sender.gateways().collect());
    let countries: Vec<_> = settings.sms.countries.iter().map(crate::settings::CountryCode::as_str).collect();
    metrics.expect_sms(&providers, if countries.is_empty() { &["none"] } else { &countries });
}

/// Returns the parser of delivery reports, for the providers that send them.
pub(super) fn reports(settings: &Settings) -> DeliveryReports {
    let token = settings.sms.providers.iter().find_map(|provider| match provider {
        SmsProvider::Twilio(twilio) => Some(twilio.auth_token.clone()),
        SmsProvider::Ovh(_) | SmsProvider::Outbox(_) => None,
    });
    DeliveryReports::new(token.zip(settings.server.public_url.as_ref()), settings.sms.hook_secret.clone())
}

/// Returns the state of the configured providers.
pub(super) fn provider_state(settings: &Settings, sender: &SmsSender) -> PartState {
    if settings.sms.countries.is_empty() {
        return PartState::Ready;
    }
    let circuit_open: Vec<_> = sender.open_circuits().collect();
    match (sender.gateways().count(), circuit_open.as_slice()) {
        (0, _) => PartState::Degraded("no SMS provider is configured: SMS is off"),
        (_, []) => PartState::Ready,
        (all, failing) if failing.len() >= all => {
            PartState::Degraded("the circuit breakers of all SMS providers are open")
        }
        (_, ["ovh", ..]) => PartState::Degraded("the circuit breaker of OVH is open: it gets no SMS to send"),
        (_, ["twilio", ..]) => {
            PartState::Degraded("the circuit breaker of Twilio is open: it gets no SMS to send")
        }
        _ => PartState::Degraded("the circuit breaker of an SMS provider is open: it gets no SMS to send"),
    }
}
