//! From settings to what sends SMS, and the watch over it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mfa_core::{Clock, Entropy};
use mfa_flows::{SmsPolicy, SmsPorts};
use mfa_sms::{
    BudgetLimits, ConversionRule, LowConversion, MessageTemplate, PhonePolicy, SmsGateway, SmsSendLog,
    SmsSender, UserBudget,
};
use slog::Logger;
use tokio::runtime::Handle;

use super::{OpenError, PartState};
use crate::database::Database;
use crate::metrics::Metrics;
use crate::settings::{Settings, SmsProvider};
use crate::sms::{
    DeliveryReports, HttpLimits, OutboxGateway, OvhGateway, SmsHttp, SmsLogObserver, TokioSleep,
    TwilioGateway, twilio_callback_url,
};

/// How often sends are looked over.
const EVERY: Duration = Duration::from_mins(1);
/// After how long a send that was never settled is given up.
const ABANDONED_AFTER: Duration = Duration::from_mins(1);
/// How long sends are kept.
const KEPT: Duration = Duration::from_hours(24 * 90);

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

/// What the ports of SMS stand on.
pub(super) struct SmsDependencies<'a> {
    pub(super) settings: &'a Settings,
    pub(super) database: &'a Arc<dyn Database>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) runtime: Handle,
    pub(super) log: Logger,
    pub(super) metrics: &'a Metrics,
}

pub(super) fn ports(ground: SmsDependencies<'_>) -> SmsPorts {
    let SmsDependencies { settings, database, clock, entropy, runtime, log, metrics } = ground;
    let http = SmsHttp::new(runtime.clone(), HttpLimits::default());
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
    expect_sends(metrics, settings, &sender);
    SmsPorts {
        sender,
        budgets: database.clone(),
        sends: database.clone(),
        journal: metrics.before_journal(Arc::new(SmsLogObserver::new(log))),
    }
}

/// Where there is no provider or no country, a series of its own says so by standing at zero.
fn expect_sends(metrics: &Metrics, settings: &Settings, sender: &SmsSender) {
    let or_none = |names: Vec<&'static str>| if names.is_empty() { vec!["none"] } else { names };
    let providers = or_none(sender.gateways().collect());
    let countries: Vec<_> = settings.sms.countries.iter().map(crate::settings::CountryCode::as_str).collect();
    metrics.expect_sms(&providers, if countries.is_empty() { &["none"] } else { &countries });
}

pub(super) fn reports(settings: &Settings) -> DeliveryReports {
    let token = settings.sms.providers.iter().find_map(|provider| match provider {
        SmsProvider::Twilio(twilio) => Some(twilio.auth_token.clone()),
        SmsProvider::Ovh(_) | SmsProvider::Outbox(_) => None,
    });
    DeliveryReports::new(token.zip(settings.server.public_url.as_ref()), settings.sms.hook_secret.clone())
}

/// Whether there are providers, and whether they work.
pub(super) fn providers(settings: &Settings, sender: &SmsSender) -> PartState {
    if settings.sms.countries.is_empty() {
        return PartState::Ready;
    }
    let left_alone: Vec<_> = sender.left_alone().collect();
    match (sender.gateways().count(), left_alone.as_slice()) {
        (0, _) => PartState::Degraded("no SMS provider is configured: SMS is off"),
        (_, []) => PartState::Ready,
        (all, failing) if failing.len() >= all => {
            PartState::Degraded("every SMS provider fails and is left alone for now")
        }
        (_, ["ovh", ..]) => PartState::Degraded("OVH fails and is left alone for now"),
        (_, ["twilio", ..]) => PartState::Degraded("Twilio fails and is left alone for now"),
        _ => PartState::Degraded("an SMS provider fails and is left alone for now"),
    }
}

/// Looks over the sends from time to time: gives up those that a stopped process left behind, forgets old ones, and
/// finds where codes do not come back.
#[derive(Debug)]
pub(super) struct SmsMonitor {
    sends: Arc<dyn SmsSendLog>,
    rule: ConversionRule,
    clock: Arc<dyn Clock>,
    log: Logger,
    low: Mutex<Vec<LowConversion>>,
}

impl SmsMonitor {
    pub(super) fn new(
        sends: Arc<dyn SmsSendLog>,
        rule: ConversionRule,
        clock: Arc<dyn Clock>,
        log: Logger,
    ) -> Self {
        Self { sends, rule, clock, log, low: Mutex::default() }
    }

    /// Looks, and again every minute.
    pub(super) async fn run(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.sweep().await;
            self.look().await;
        }
    }

    async fn sweep(&self) {
        let now = self.clock.now();
        match self.sends.sweep(now.minus(ABANDONED_AFTER), now.minus(KEPT)).await {
            Ok(0) => {}
            Ok(abandoned) => {
                slog::warn!(self.log, "sends were never settled: they may have been sent"; "sends" => abandoned);
            }
            Err(error) => {
                slog::error!(self.log, "sends could not be looked over"; "error" => error.to_string());
            }
        }
    }

    /// Asked by readiness as well, so that it tells what is so now.
    pub(super) async fn look(&self) -> PartState {
        let since = self.rule.since(self.clock.now());
        let Ok(now_low) = self.sends.low(self.rule, since).await else { return PartState::Ready };
        let is_low = !now_low.is_empty();
        let before = self.remember(&now_low);
        let same = |a: &LowConversion, b: &LowConversion| (&a.country, &a.prefix) == (&b.country, &b.prefix);
        for low in now_low.iter().filter(|low| !before.iter().any(|it| same(it, low))) {
            slog::error!(self.log, "too few SMS codes come back"; "country" => &low.country,
                "prefix" => low.prefix.as_deref(), "sent" => low.uses.sent, "used" => low.uses.used);
        }
        if is_low {
            PartState::Degraded("too few SMS codes of a country or a prefix come back")
        } else {
            PartState::Ready
        }
    }

    /// Of how many prefixes and countries too few codes came back, as of the last look.
    pub(super) fn low(&self) -> usize {
        self.low.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn remember(&self, now_low: &[LowConversion]) -> Vec<LowConversion> {
        let mut low = self.low.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *low, now_low.to_vec())
    }
}
