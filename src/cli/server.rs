//! The listeners of a running service: public and admin, with the background work beside them.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App as Actix, HttpServer, web};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::http::request_log::{self, RequestLog};
use crate::http::{Http, routes};
use crate::jobs::{Jobs, Rhythm};
use crate::service::App;

/// How often the identity providers are looked at: a clock drifts slowly, and a person who meets the fault first is worse.
const WATCH: Duration = Duration::from_secs(300);

/// A service that answers.
pub struct Running {
    handles: Vec<ServerHandle>,
    servers: Vec<JoinHandle<io::Result<()>>>,
    jobs: Jobs,
}

/// Starts both listeners and the background work.
///
/// # Errors
/// When a listener cannot be used.
pub fn start(app: &Arc<App>, config: &Config, public: TcpListener, admin: TcpListener) -> io::Result<Running> {
    let jobs = Jobs::start(app, Rhythm { watch: Some(WATCH), ..rhythm(config, config.jobs.in_process) });
    let mut running = Running { handles: Vec::new(), servers: Vec::new(), jobs };
    running.listen(app, config, public, routes::public)?;
    running.listen(app, config, admin, routes::administration)?;
    Ok(running)
}

/// Paces of the background loops.
pub fn rhythm(config: &Config, works: bool) -> Rhythm {
    Rhythm {
        refresh: config.status.refresh_interval,
        deliver: config.jobs.poll_interval,
        sweep: Duration::from_secs(60),
        watch: None,
        log: config.transparency.interval,
        works,
    }
}

impl Running {
    fn listen(&mut self, app: &Arc<App>, config: &Config, listener: TcpListener, table: fn(&mut web::ServiceConfig)) -> io::Result<()> {
        let http = web::Data::new(Http { app: Arc::clone(app), body_time: config.http.body_timeout });
        let log = web::Data::new(RequestLog {
            entropy: Arc::clone(&app.entropy),
            trusted_proxies: config.http.trusted_proxies.clone(),
            client_certificates: config.oauth.mtls.is_some(),
        });
        let https = config.public_url.starts_with("https://");
        let make = move || {
            Actix::new()
                .app_data(http.clone())
                .app_data(log.clone())
                .wrap(routes::common_headers(https))
                .wrap(from_fn(request_log::record))
                .configure(table)
        };
        let mut server = HttpServer::new(make)
            .client_request_timeout(config.http.client_timeout)
            .keep_alive(config.http.keep_alive)
            .shutdown_timeout(10)
            .disable_signals();
        if let Some(n) = config.http.workers {
            server = server.workers(n);
        }
        let server = server.listen(listener)?.run();
        self.handles.push(server.handle());
        self.servers.push(tokio::spawn(server));
        Ok(())
    }

    /// Takes no new requests, finishes those in hand, then the background work.
    pub async fn stop(self) {
        for handle in &self.handles {
            handle.stop(true).await;
        }
        for server in self.servers {
            if !matches!(server.await, Ok(Ok(()))) {
                tracing::error!("a listener ended with an error");
            }
        }
        self.jobs.stop().await;
    }
}

/// Waits until the process is told to stop: Ctrl-C or SIGTERM.
///
/// # Errors
/// When signals cannot be received.
pub async fn stop_signal() -> io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        r = tokio::signal::ctrl_c() => r,
        _ = terminate.recv() => Ok(()),
    }
}
