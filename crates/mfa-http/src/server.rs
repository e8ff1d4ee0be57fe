//! HTTP server: listeners, workers, limits and shutdown.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};
use futures::future::try_join_all;
use mfa_infra::Mfa;
use rustls::ServerConfig;
use tokio::net::TcpSocket;
use tokio::sync::oneshot;

use crate::extension::RouteExtension;
use crate::middleware::MiddlewareConfig;
use crate::openapi::OpenApiDocument;
use crate::routes::{self, RouteConfig};

/// Worker threads of the public address.
const WORKERS: usize = 2;
/// Maximum number of connections per worker. Further connections wait to be accepted.
const MAX_CONNECTIONS: usize = 2048;
/// Maximum number of connections on the address for operators, which has one worker.
const MAX_OPS_CONNECTIONS: usize = 64;
/// Maximum number of connections that wait in the kernel.
const BACKLOG: u32 = 1024;
/// Timeout for the head of a request and for the TLS handshake.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Timeout for a client to close its connection.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Timeout of idle connections.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Seconds for running requests during shutdown.
const SHUTDOWN_TIMEOUT: u64 = 10;

/// Running server with its own threads. Dropping it stops it at once.
#[derive(Debug)]
pub struct HttpServerHandle {
    address: SocketAddr,
    ops_address: Option<SocketAddr>,
    is_localhost: bool,
    handles: Vec<ServerHandle>,
    ended: Option<oneshot::Receiver<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Listens on an address. Port 0 selects a free port.
///
/// # Errors
///
/// The error of the operating system, for example if the port is in use.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    // A tokio socket, because the standard library cannot set a backlog.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    })
}

/// Serves the API and the routes of `extension` on this listener until it is stopped: over TLS if `tls` is given. In
/// development, a loopback address is served together with the other one, so that `localhost` is always a name of it. If the
/// settings name an address for operators, health and metrics are served there in plain HTTP.
///
/// # Errors
///
/// An address for operators or a setting that cannot be used, which the error names, or the error of the operating
/// system.
pub fn serve(
    mfa: Arc<Mfa>,
    listener: TcpListener,
    tls: Option<ServerConfig>,
    extension: Option<Arc<dyn RouteExtension>>,
) -> io::Result<HttpServerHandle> {
    let settings = &mfa.settings().server;
    let operators = settings.ops_bind.map(listen_for_operators).transpose()?;
    let over_tls = tls.is_some() || settings.behind_tls_proxy;
    let address = listener.local_addr()?;
    let localhost =
        mfa.settings().environment.is_development().then(|| listen_on_localhost(address)).flatten();
    let is_localhost = localhost.is_some();
    let ops_address = operators.as_ref().map(TcpListener::local_addr).transpose()?;
    let listeners = Listeners {
        middleware: Arc::new(MiddlewareConfig::new(&mfa, over_tls, extension.as_deref())?),
        public: localhost.into_iter().flatten().chain([listener]).collect(),
        tls,
        // Without HSTS: this address has no TLS.
        operators: operators
            .map(|it| Ok::<_, io::Error>((it, Arc::new(MiddlewareConfig::new(&mfa, false, None)?))))
            .transpose()?,
        extension,
    };
    let (started, starting) = mpsc::sync_channel(1);
    let (ending, ended) = oneshot::channel();
    let thread = thread::Builder::new().name("http".to_owned()).spawn(move || {
        let outcome = rt::System::new().block_on(async move {
            let servers = listeners.start(&mfa)?;
            let _ = started.send(servers.iter().map(Server::handle).collect());
            try_join_all(servers).await.map(drop)
        });
        let _ = ending.send(());
        outcome
    })?;
    match starting.recv() {
        Ok(handles) => {
            let (ended, thread) = (Some(ended), Some(thread));
            Ok(HttpServerHandle { address, ops_address, is_localhost, handles, ended, thread })
        }
        // The thread ended before the start: its result has the reason.
        Err(_) => join_thread(thread).and_then(|()| Err(io::Error::other("the server did not start"))),
    }
}

/// Makes `localhost` a name of a server on a loopback address: browsers refuse passkeys on an IP address, and the name may
/// stand for either loopback address. Returns the second listener, or none if this machine has one address; `None` if the
/// address is another one, or if another program uses the port on the second address.
fn listen_on_localhost(address: SocketAddr) -> Option<Vec<TcpListener>> {
    let second = match address.ip() {
        IpAddr::V4(Ipv4Addr::LOCALHOST) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        _ => return None,
    };
    match listen(SocketAddr::new(second, address.port())) {
        Ok(listener) => Some(vec![listener]),
        Err(error) if error.kind() == ErrorKind::AddrInUse => None,
        Err(_) => Some(Vec::new()),
    }
}

fn listen_for_operators(address: SocketAddr) -> io::Result<TcpListener> {
    listen(address)
        .map_err(|error| io::Error::new(error.kind(), listen_failure(address, &error, "MFA_OPS_BIND")))
}

/// Returns the message for an address that [`listen`] cannot use: its cause and what to do. `setting` names the address.
pub fn listen_failure(address: SocketAddr, error: &io::Error, setting: &str) -> String {
    let remedy = match error.kind() {
        ErrorKind::PermissionDenied => {
            "ports below 1024 need the capability CAP_NET_BIND_SERVICE: grant it, or set"
        }
        ErrorKind::AddrNotAvailable => "this machine does not have the address: set",
        _ => "stop the program that uses it, or set",
    };
    format!("cannot listen on {address} ({error}): {remedy} {setting}")
}

/// Listeners of the server with their middleware.
struct Listeners {
    public: Vec<TcpListener>,
    middleware: Arc<MiddlewareConfig>,
    tls: Option<ServerConfig>,
    operators: Option<(TcpListener, Arc<MiddlewareConfig>)>,
    extension: Option<Arc<dyn RouteExtension>>,
}

impl Listeners {
    fn start(self, mfa: &Arc<Mfa>) -> io::Result<Vec<Server>> {
        let mut servers = vec![public(mfa, self.middleware, self.public, self.tls.as_ref(), self.extension)?];
        if let Some((listener, middleware)) = self.operators {
            servers.push(operators(mfa, middleware, listener)?);
        }
        Ok(servers)
    }
}

fn public(
    mfa: &Arc<Mfa>,
    middleware: Arc<MiddlewareConfig>,
    listeners: Vec<TcpListener>,
    tls: Option<&ServerConfig>,
    extension: Option<Arc<dyn RouteExtension>>,
) -> io::Result<Server> {
    let mfa = Arc::clone(mfa);
    let options = RouteConfig::new(mfa.settings(), extension.is_some());
    let document = OpenApiDocument::from_routes(&routes::routes(options), &middleware.reader())?;
    let document = Data::new(document);
    let app = move || {
        let (middleware, extension) = (Arc::clone(&middleware), extension.clone());
        App::new()
            .app_data(Data::from(Arc::clone(&mfa)))
            .app_data(document.clone())
            .configure(|config| {
                routes::configure(config, options, |config| {
                    if let Some(extension) = extension {
                        extension.configure(config);
                        extension.configure_entry_points(config);
                    }
                });
            })
            .wrap(from_fn(move |request, next| {
                let middleware = Arc::clone(&middleware);
                async move { middleware.handle(request, next).await }
            }))
    };
    let mut server = HttpServer::new(app)
        .workers(WORKERS)
        .max_connections(MAX_CONNECTIONS)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .tls_handshake_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_TIMEOUT)
        .disable_signals();
    for listener in listeners {
        server = match tls {
            Some(config) => server.listen_rustls_0_23(listener, config.clone())?,
            None => server.listen(listener)?,
        };
    }
    Ok(server.run())
}

fn operators(mfa: &Arc<Mfa>, middleware: Arc<MiddlewareConfig>, listener: TcpListener) -> io::Result<Server> {
    let mfa = Arc::clone(mfa);
    let app = move || {
        let middleware = Arc::clone(&middleware);
        App::new().app_data(Data::from(Arc::clone(&mfa))).configure(routes::configure_for_operators).wrap(
            from_fn(move |request, next| {
                let middleware = Arc::clone(&middleware);
                async move { middleware.handle(request, next).await }
            }),
        )
    };
    let server = HttpServer::new(app)
        .workers(1)
        .max_connections(MAX_OPS_CONNECTIONS)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_TIMEOUT)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

impl HttpServerHandle {
    /// Returns the address of the server, with the selected port.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address for operators, with the selected port; `None` without a separate address.
    pub const fn ops_address(&self) -> Option<SocketAddr> {
        self.ops_address
    }

    /// Returns whether `localhost` is a name of the server: in development, on a loopback address.
    pub const fn is_localhost(&self) -> bool {
        self.is_localhost
    }

    /// Stops the server: no new connections, ten seconds for running requests. Returns when all have ended.
    ///
    /// # Errors
    ///
    /// The reason why the server ended before this call.
    pub fn stop(mut self) -> io::Result<()> {
        self.request_stop(true);
        self.join()
    }

    /// Takes the receiver that completes when the server has ended by itself; `None` after the first call.
    pub const fn take_ended(&mut self) -> Option<oneshot::Receiver<()>> {
        self.ended.take()
    }

    /// Sends the stop command without waiting for its result.
    fn request_stop(&self, gracefully: bool) {
        for handle in &self.handles {
            drop(handle.stop(gracefully));
        }
    }

    fn join(&mut self) -> io::Result<()> {
        self.thread.take().map_or(Ok(()), join_thread)
    }
}

impl Drop for HttpServerHandle {
    fn drop(&mut self) {
        self.request_stop(false);
        // A destructor cannot return the result.
        let _ = self.join();
    }
}

/// Waits for the thread and returns its result.
fn join_thread(thread: JoinHandle<io::Result<()>>) -> io::Result<()> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the server panicked")))
}

#[cfg(test)]
mod tests;
