//! Mails of the settings: their queuing, the worker, and the state of the queue.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use mfa_core::{Clock, Entropy, PreferredLanguage};
use mfa_mail::{HelpContact, MailTexts, MailTransport};
use slog::Logger;

use super::error::OpenError;
use super::readiness::PartState;
use crate::database::{Database, Notifications};
use crate::mail::{MailOutboxFile, MailQueueHealth, MailWorker, MailWorkerParts, SmtpTransport};
use crate::metrics::Metrics;
use crate::settings::{Locale, MailDelivery, Settings};

/// Returns how mails are queued; `None` if users are told of nothing.
pub(super) fn notifications(settings: &Settings) -> Option<Notifications> {
    let fallback = match settings.brand.locale {
        Locale::Fr => PreferredLanguage::French,
        Locale::En => PreferredLanguage::English,
    };
    settings.mail.active_delivery().map(|_| Notifications { fallback })
}

/// Parts that the worker needs.
pub(super) struct MailDependencies<'a> {
    pub(super) settings: &'a Settings,
    pub(super) database: &'a Arc<dyn Database>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: &'a dyn Entropy,
    pub(super) log: Logger,
    pub(super) metrics: &'a Metrics,
}

/// Creates the worker that sends mails, without starting it.
pub(super) fn worker(dependencies: MailDependencies<'_>) -> Result<MailWorker, OpenError> {
    let MailDependencies { settings, database, clock, entropy, log, metrics } = dependencies;
    let from = &settings.mail.from;
    let transport = settings.mail.active_delivery().map(|delivery| -> Arc<dyn MailTransport> {
        match delivery.clone() {
            MailDelivery::Smtp(smtp) => Arc::new(SmtpTransport::new(smtp, from.clone())),
            MailDelivery::Outbox(path) => Arc::new(MailOutboxFile::new(path)),
        }
    });
    let texts = MailTexts::new(&settings.brand.issuer, help(settings), from.address.domain());
    let mut holder = [0_u8; 16];
    entropy.fill(&mut holder).map_err(OpenError::machine)?;
    Ok(MailWorker::new(MailWorkerParts {
        outbox: database.clone(),
        transport,
        texts: texts.map_err(OpenError::machine)?,
        clock,
        holder: HEXLOWER.encode(&holder),
        log,
        metrics: metrics.mail().clone(),
    }))
}

/// Returns whom a reader asks. An address or a number stands without its scheme: a mail is plain text.
fn help(settings: &Settings) -> HelpContact {
    let url = settings.help.url.as_ref().map(|url| {
        let is_contact = matches!(url.scheme(), "mailto" | "tel");
        if is_contact { url.path().to_owned() } else { url.to_string() }
    });
    HelpContact { url, text: settings.help.text.clone() }
}

/// Returns the state of the queue.
pub(super) fn queue_state(worker: &MailWorker) -> PartState {
    match worker.health() {
        MailQueueHealth::Drains => PartState::Ready,
        MailQueueHealth::Blocked => PartState::Degraded(
            "mails to users have waited for over ten minutes: see the log and mfa-admin doctor",
        ),
    }
}
