//! Sending of mails by SMTP.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use mfa_core::BoxFuture;
use mfa_mail::{MailMessage, MailOutcome, MailTransport};
use tokio::sync::Mutex;

use super::encode::encode;
use super::smtp_error::{outcome, reason};
use crate::settings::{MailSender, SmtpEncryption, SmtpSettings};

/// Sends mails by one SMTP server, and keeps the connection from one mail to the next.
pub struct SmtpTransport {
    settings: SmtpSettings,
    from: MailSender,
    limits: SmtpLimits,
    connection: Mutex<Option<AsyncSmtpConnection>>,
}

/// Maximum durations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SmtpLimits {
    /// Connecting, TLS and login.
    pub(crate) connect: Duration,
    /// Sending one mail. Servers that examine a mail while it is sent take their time.
    pub(crate) send: Duration,
}

impl Default for SmtpLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(20), send: Duration::from_mins(2) }
    }
}

impl SmtpTransport {
    /// Creates the transport without connecting.
    pub fn new(settings: SmtpSettings, from: MailSender) -> Self {
        Self { settings, from, limits: SmtpLimits::default(), connection: Mutex::default() }
    }

    #[cfg(test)]
    pub(super) fn with_limits(self, limits: SmtpLimits) -> Self {
        Self { limits, ..self }
    }

    /// Connects and logs in without sending.
    ///
    /// # Errors
    ///
    /// The reason why the server cannot be used, without address and password.
    pub async fn probe(&self) -> Result<(), String> {
        let mut connection = self.connect().await?;
        drop(tokio::time::timeout(self.limits.connect, connection.quit()).await);
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        within(self.limits.connect, self.connect_without_limit()).await.unwrap_or_else(Err)
    }

    async fn connect_without_limit(&self) -> Result<AsyncSmtpConnection, String> {
        let SmtpSettings { host, port, encryption, login, .. } = &self.settings;
        let name = ClientId::Domain(self.from.address.domain().to_owned());
        let server = (host.as_str(), *port);
        let implicit = match encryption {
            SmtpEncryption::Tls => Some(self.tls().await?),
            SmtpEncryption::StartTls | SmtpEncryption::StartTlsIfOffered => None,
        };
        let connected =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.limits.connect), &name, implicit, None)
                .await;
        let mut connection = connected.map_err(|error| reason(&error))?;
        match encryption {
            SmtpEncryption::StartTls if !connection.can_starttls() => {
                connection.abort().await;
                return Err("the server does not offer STARTTLS, so that nothing is sent".to_owned());
            }
            SmtpEncryption::StartTls | SmtpEncryption::StartTlsIfOffered if connection.can_starttls() => {
                let tls = self.tls().await?;
                connection.starttls(tls, &name).await.map_err(|error| reason(&error))?;
            }
            SmtpEncryption::Tls | SmtpEncryption::StartTls | SmtpEncryption::StartTlsIfOffered => {}
        }
        if let Some((user, password)) = login {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            let login = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            if let Err(error) = login {
                connection.abort().await;
                return Err(reason(&error));
            }
        }
        Ok(connection)
    }

    /// Returns the TLS parameters, with the authorities as they are now. Reading those of the system takes a while.
    async fn tls(&self) -> Result<TlsParameters, String> {
        let (host, file) = (self.settings.host.clone(), self.settings.authorities.clone());
        let build = move || {
            let mut parameters = TlsParameters::builder(host);
            if let Some(file) = file {
                let pem = std::fs::read(&file)
                    .map_err(|error| format!("SSL_CERT_FILE names {}: {error}", file.display()))?;
                let certificates = Certificate::from_pem(&pem).map_err(|error| reason(&error))?;
                parameters =
                    parameters.certificate_store(CertificateStore::None).add_root_certificate(certificates);
            }
            parameters.build_rustls().map_err(|error| reason(&error))
        };
        tokio::task::spawn_blocking(build).await.map_err(|error| error.to_string())?
    }

    /// Returns the connection of the last mail if it still works, or a new one.
    async fn open(&self, kept: Option<AsyncSmtpConnection>) -> Result<AsyncSmtpConnection, String> {
        if let Some(mut connection) = kept {
            let is_alive = within(self.limits.connect, connection.test_connected()).await;
            if is_alive == Ok(true) {
                return Ok(connection);
            }
        }
        self.connect().await
    }

    async fn send_once(&self, message: &MailMessage) -> MailOutcome {
        let (envelope, bytes) = match encode(&self.from, message) {
            Ok(encoded) => encoded,
            Err(error) => return MailOutcome::Refused(error.to_string()),
        };
        let mut slot = self.connection.lock().await;
        let mut connection = match self.open(slot.take()).await {
            Ok(connection) => connection,
            Err(reason) => return MailOutcome::Unavailable(reason),
        };
        match within(self.limits.send, connection.send(&envelope, &bytes)).await {
            Ok(Ok(_)) => {
                *slot = Some(connection);
                MailOutcome::Sent
            }
            Ok(Err(error)) => {
                let outcome = outcome(&error);
                drop(within(self.limits.connect, connection.abort()).await);
                outcome
            }
            Err(late) => MailOutcome::Failed(late),
        }
    }
}

/// Returns the output of the future, or an error if it takes longer than this.
async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Result<T, String> {
    let late = || format!("the server did not answer within {} seconds", limit.as_secs());
    tokio::time::timeout(limit, future).await.map_err(|_| late())
}

impl MailTransport for SmtpTransport {
    fn send<'a>(&'a self, message: &'a MailMessage) -> BoxFuture<'a, MailOutcome> {
        Box::pin(self.send_once(message))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Some(mut connection) = self.connection.lock().await.take() {
                drop(within(self.limits.connect, connection.quit()).await);
            }
        })
    }
}

impl fmt::Debug for SmtpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpTransport").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
