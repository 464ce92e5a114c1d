//! Delivery: a task per platform that has something to deliver, begun when there is work and ended when there is none, so that
//! no endpoint can hold up another's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{complain, rest};
use crate::service::App;
use crate::service::deliver::{LaneBell, LaneEnd, lanes_with_work, run_lane};

/// Rests of a lane whose endpoint goes on failing: short enough that a restart there is hardly noticed, and then so long that an
/// endpoint which is down for days costs others nothing.
const RESTS: [Duration; 4] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(10)];

struct Running {
    bell: Arc<LaneBell>,
    task: JoinHandle<()>,
}

pub(super) async fn deliver_loop(app: Arc<App>, pause: Duration, stopped: watch::Receiver<bool>) {
    let mut waiting = stopped.clone();
    let mut lanes: BTreeMap<String, Running> = BTreeMap::new();
    loop {
        match lanes_with_work(&app).await {
            Ok(platforms) => {
                lanes.retain(|_, lane| !lane.task.is_finished());
                for platform in platforms {
                    match lanes.get(&platform) {
                        Some(lane) => lane.bell.ring(),
                        None => {
                            lanes.insert(platform.clone(), start(&app, platform, stopped.clone()));
                        }
                    }
                }
            }
            Err(e) => complain("deliver", &e),
        }
        let go_on = tokio::select! {
            () = app.delivery_bell.notified() => !*stopped.borrow(),
            on = rest(pause, &mut waiting) => on,
        };
        if !go_on {
            break;
        }
    }
    for lane in lanes.values() {
        lane.bell.end();
    }
    for (platform, lane) in lanes {
        if lane.task.await.is_err() {
            tracing::error!(platform, "a delivery lane panicked");
        }
    }
}

fn start(app: &Arc<App>, platform: String, mut stopped: watch::Receiver<bool>) -> Running {
    let (app, bell) = (Arc::clone(app), Arc::<LaneBell>::default());
    let its = Arc::clone(&bell);
    let task = tokio::spawn(async move {
        let mut failures = 0;
        loop {
            match run_lane(&app, &platform, &its, failures > 0).await {
                Ok(LaneEnd::Failing { some_arrived }) => {
                    failures = if some_arrived { 0 } else { failures };
                    if !rest(RESTS[failures.min(RESTS.len() - 1)], &mut stopped).await {
                        break;
                    }
                    failures += 1;
                }
                // Work may have come between its last look and its end.
                Ok(LaneEnd::Done) => break app.delivery_bell.notify_one(),
                Err(e) => break complain("deliver", &e),
            }
        }
    });
    Running { bell, task }
}
