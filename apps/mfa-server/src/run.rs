//! Running server: HTTP, TLS certificate and shutdown.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use mfa_http::HttpServerHandle;
use mfa_infra::Mfa;
use mfa_pages::Pages;

use crate::signals::Signals;
use crate::tls::ReloadableCertificate;

/// Running server with its own threads. Dropping it stops it at once.
#[derive(Debug)]
pub struct Server {
    http: HttpServerHandle,
    certificate: Option<Arc<ReloadableCertificate>>,
    log: slog::Logger,
}

/// Serves API and pages on this listener until it is stopped: over TLS if the settings name a certificate.
///
/// The caller handles signals ([`Server::until_signalled`]) and stops `mfa` afterwards ([`Mfa::stop`]).
///
/// # Errors
///
/// A certificate or an address that cannot be used, with the setting that names it, or the error of the operating
/// system.
pub fn serve(mfa: Arc<Mfa>, listener: TcpListener) -> io::Result<Server> {
    let certificate = mfa.settings().server.tls.as_ref().map(ReloadableCertificate::load).transpose()?;
    let tls = certificate.as_ref().map(ReloadableCertificate::config).transpose()?;
    let log = mfa.telemetry().logger();
    let pages = Arc::new(Pages::new(&mfa)?);
    let http = mfa_http::serve(mfa, listener, tls, Some(pages))?;
    Ok(Server { http, certificate, log })
}

impl Server {
    /// Returns the address it listens on, with the port that was picked.
    pub const fn address(&self) -> SocketAddr {
        self.http.address()
    }

    /// Returns the address for operators, or `None` if operators use the same address as everyone.
    pub const fn ops_address(&self) -> Option<SocketAddr> {
        self.http.ops_address()
    }

    /// Returns whether `localhost` is a name of the server.
    pub(crate) const fn is_localhost(&self) -> bool {
        self.http.is_localhost()
    }

    /// Reloads the certificate for new connections. If it cannot be used, the previous one stays in use and the log
    /// has the reason.
    fn reload_certificate(&self) {
        let Some(certificate) = &self.certificate else { return };
        match certificate.reload() {
            Ok(()) => {
                slog::info!(self.log, "TLS certificate reloaded");
                if let Err(error) = certificate.check_dates() {
                    slog::warn!(self.log, "clients reject the TLS certificate"; "reason" => %error);
                }
                // The certificate is in use all the same: an expired one would stop every login.
                if let Some(key) = certificate.exposed_key() {
                    slog::warn!(self.log, "a file with a secret is not protected: in production the next start is refused";
                        "reason" => key.detail(), "remedy" => key.remedy());
                }
            }
            Err(error) => {
                slog::error!(self.log, "cannot reload the TLS certificate; the previous one stays in use";
                    "reason" => %error);
            }
        }
    }

    /// Stops the server: no new connections, ten seconds for running requests. Returns when all have ended.
    ///
    /// # Errors
    ///
    /// The reason why the server ended before this call.
    pub fn stop(self) -> io::Result<()> {
        self.http.stop()
    }

    /// Runs until `SIGTERM` or `SIGINT`, then [stops](Self::stop). Each `SIGHUP` reloads the certificate and calls
    /// `on_hangup`.
    ///
    /// # Errors
    ///
    /// The reason why the server ended without a signal.
    pub fn until_signalled(mut self, signals: Signals, on_hangup: impl Fn()) -> io::Result<()> {
        if let Some(mut ended) = self.http.take_ended() {
            let on_hangup = || {
                on_hangup();
                self.reload_certificate();
            };
            signals.wait(&mut ended, on_hangup);
        }
        self.stop()
    }
}
