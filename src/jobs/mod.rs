//! Background work of a process: following the ledger, delivering events, sweeping, watching the identity providers and what ends,
//! writing the transparency log. Each loop survives errors, which are logged and tried again, and stops when asked.

mod lanes;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::service::ask_witnesses::ask_witnesses;
use crate::service::federation::delegation::watch_delegation;
use crate::service::renew::renew;
use crate::service::revoke_many::carry_out;
use crate::service::sequence_log::sequence_log;
use crate::service::turn_keys::turn_keys;
use crate::service::verify_stream::verify_streams;
use crate::service::watch_communities::watch_communities;
use crate::service::watch_identity_providers::watch_identity_providers;
use crate::service::watch_sites::watch_sites;
use crate::service::{App, Error, sweep};

/// Platforms count requests by the second.
const COMMUNITY_PAUSE: Duration = Duration::from_secs(1);

/// Sites are looked at in their own time; nobody waits for it.
const SITE_PAUSE: Duration = Duration::from_secs(60);

/// How often the loops look by themselves.
#[derive(Clone, Copy, Debug)]
pub struct Rhythm {
    /// Status view.
    pub refresh: Duration,
    /// Deliveries, when nobody rings.
    pub deliver: Duration,
    /// Sweep.
    pub sweep: Duration,
    /// Identity providers; `None` in a process that signs nobody in.
    pub watch: Option<Duration>,
    /// Transparency log.
    pub log: Duration,
    /// Whether this process delivers and sweeps, or only follows.
    pub works: bool,
}

/// The running loops.
pub struct Jobs {
    stop: watch::Sender<bool>,
    handles: Vec<JoinHandle<()>>,
}

impl Jobs {
    /// Starts the loops.
    pub fn start(app: &Arc<App>, rhythm: Rhythm) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut handles = vec![tokio::spawn(follow(Arc::clone(app), rhythm.refresh, stopped.clone()))];
        if let Some(pause) = rhythm.watch {
            handles.push(tokio::spawn(watch_loop(Arc::clone(app), pause, stopped.clone())));
        }
        if rhythm.works {
            handles.push(tokio::spawn(lanes::deliver_loop(Arc::clone(app), rhythm.deliver, stopped.clone())));
            handles.push(tokio::spawn(verify_loop(Arc::clone(app), rhythm.deliver, stopped.clone())));
            handles.push(tokio::spawn(sweep_loop(Arc::clone(app), rhythm.sweep, stopped.clone())));
            handles.push(tokio::spawn(log_loop(Arc::clone(app), rhythm.log, stopped.clone())));
            if app.platform_apis.iter().next().is_some() && !app.settings.watch.every.is_zero() {
                handles.push(tokio::spawn(community_loop(Arc::clone(app), rhythm.deliver, stopped.clone())));
                handles.push(tokio::spawn(site_loop(Arc::clone(app), stopped.clone())));
            }
            if !app.log.witnesses.is_empty() {
                handles.push(tokio::spawn(witness_loop(Arc::clone(app), rhythm.log, stopped)));
            }
        }
        Self { stop, handles }
    }

    /// Asks the loops to stop and waits until the work in hand is done.
    pub async fn stop(self) {
        // No receiver left means every loop has ended already.
        let _ = self.stop.send(true);
        for handle in self.handles {
            if handle.await.is_err() {
                tracing::error!("a background loop panicked");
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "pacing background loops is the one place where the process waits")]
async fn rest(pause: Duration, stopped: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => !*stopped.borrow(),
        _ = stopped.changed() => false,
    }
}

fn complain(job: &'static str, e: &Error) {
    tracing::warn!(job, error = %e, detail = e.operator_detail(), "background work failed, will try again");
}

async fn follow(app: Arc<App>, pause: Duration, mut stopped: watch::Receiver<bool>) {
    loop {
        if let Err(e) = app.keys.follow().await {
            complain("follow_keys", &e);
        }
        if let Err(e) = app.view.refresh(&app).await {
            complain("follow_ledger", &e);
        }
        if !rest(pause, &mut stopped).await {
            return;
        }
    }
}

async fn verify_loop(app: Arc<App>, pause: Duration, mut stopped: watch::Receiver<bool>) {
    let mut waiting = stopped.clone();
    loop {
        // An endpoint that does not answer must not hold up the end of the process; the claim on it runs out by itself.
        tokio::select! {
            done = verify_streams(&app) => if let Err(e) = done { complain("verify_streams", &e) },
            _ = stopped.changed() => return,
        }
        let go_on = tokio::select! {
            () = app.stream_bell.notified() => !*stopped.borrow(),
            on = rest(pause, &mut waiting) => on,
        };
        if !go_on {
            return;
        }
    }
}

async fn watch_loop(app: Arc<App>, pause: Duration, mut stopped: watch::Receiver<bool>) {
    let mut waiting = stopped.clone();
    loop {
        // A provider that does not answer must not hold up the end of the process.
        tokio::select! {
            () = watch_identity_providers(&app) => watch_delegation(&app),
            _ = stopped.changed() => return,
        }
        if !rest(pause, &mut waiting).await {
            return;
        }
    }
}

async fn log_loop(app: Arc<App>, pause: Duration, mut stopped: watch::Receiver<bool>) {
    loop {
        if let Err(e) = sequence_log(&app).await {
            complain("sequence_log", &e);
        }
        if !rest(pause, &mut stopped).await {
            return;
        }
    }
}

/// Apart from the sequencer: a slow witness must not hold up the log.
async fn witness_loop(app: Arc<App>, pause: Duration, mut stopped: watch::Receiver<bool>) {
    let mut waiting = stopped.clone();
    loop {
        tokio::select! {
            asked = ask_witnesses(&app) => if let Err(e) = asked { complain("ask_witnesses", &e) },
            _ = stopped.changed() => return,
        }
        if !rest(pause, &mut waiting).await {
            return;
        }
    }
}

/// Apart from the sweep: platforms answer slowly and want to be asked at their own pace.
async fn community_loop(app: Arc<App>, pause: Duration, mut stopped: watch::Receiver<bool>) {
    let mut waiting = stopped.clone();
    loop {
        // What was claimed is free again when its lease is over.
        tokio::select! {
            watched = watch_communities(&app) => if let Err(e) = watched { complain("watch_communities", &e) },
            _ = stopped.changed() => return,
        }
        if !rest(pause.max(COMMUNITY_PAUSE), &mut waiting).await {
            return;
        }
    }
}

/// Apart from the communities: a site may take its whole time to answer.
async fn site_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut waiting = stopped.clone();
    loop {
        tokio::select! {
            watched = watch_sites(&app) => if let Err(e) = watched { complain("watch_sites", &e) },
            _ = stopped.changed() => return,
        }
        if !rest(SITE_PAUSE, &mut waiting).await {
            return;
        }
    }
}

async fn sweep_loop(app: Arc<App>, pause: Duration, mut stopped: watch::Receiver<bool>) {
    loop {
        if let Err(e) = sweep::sweep(&app).await {
            complain("sweep", &e);
        }
        if let Err(e) = carry_out(&app).await {
            complain("carry_out_revocations", &e);
        }
        if let Err(e) = turn_keys(&app).await {
            complain("turn_keys", &e);
        }
        if let Err(e) = renew(&app).await {
            complain("renew", &e);
        }
        if !rest(pause, &mut stopped).await {
            return;
        }
    }
}
