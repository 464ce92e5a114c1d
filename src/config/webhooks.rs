//! Reading and checking the settings of what goes out to platforms. What each means is in `settings_list.rs`.

use std::time::Duration;

use super::duration;
use super::error::Fault;
use super::model::Webhooks;
use super::reader::{Reader, Wrong, shown};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// Most waits between attempts.
const WAITS_MAX: usize = 30;

pub(super) fn read(r: &mut Reader) -> Webhooks {
    let webhooks = Webhooks {
        timeout: r.duration("webhooks.timeout", SECOND..=MINUTE),
        concurrency: r.number("webhooks.concurrency", 1..=1024) as usize,
        retry_schedule: r.list("webhooks.retry_schedule", REMEDY, wait),
        probe_interval: r.duration("webhooks.probe_interval", MINUTE..=DAY),
        alarm_after: r.duration("webhooks.alarm_after", MINUTE..=30 * DAY),
    };
    if !(1..=WAITS_MAX).contains(&webhooks.retry_schedule.len()) {
        r.fail(Fault::BadValue, "webhooks.retry_schedule", "must hold 1 to 30 waits", REMEDY);
    }
    if webhooks.alarm_after <= webhooks.probe_interval {
        let remedy = "make it longer than webhooks.probe_interval";
        r.fail(Fault::Conflict, "webhooks.alarm_after", "would raise an alarm before the endpoint was looked at", remedy);
    }
    webhooks
}

const REMEDY: &str = "write 1 to 30 lengths of time, like [\"5s\", \"5m\", \"2h\"], each from \"10ms\" to \"24h\"";

fn wait(text: &str) -> Result<Duration, Wrong> {
    let wait = duration::parse(text).ok_or_else(|| Wrong(Fault::BadValue, format!("{} is not a length of time", shown(text))))?;
    let range = Duration::from_millis(10)..=DAY;
    if range.contains(&wait) { Ok(wait) } else { Err(Wrong(Fault::BadValue, format!("{} is out of range", shown(text)))) }
}

#[cfg(test)]
mod tests {
    use super::super::load;
    use super::*;

    fn with(key: &str, value: &str) -> Result<Webhooks, String> {
        let env = [(format!("GOSBADGE__WEBHOOKS__{key}"), value.to_owned())];
        load(None, env.into_iter()).map(|c| c.webhooks).map_err(|e| e.to_string())
    }

    #[test]
    fn the_default_schedule_takes_a_day_and_then_ends() {
        let total: Duration = with("CONCURRENCY", "16").unwrap().retry_schedule.iter().sum();
        assert!(total >= DAY && total <= DAY + 2 * 60 * MINUTE, "{total:?}");
    }

    #[test]
    fn schedules_are_read_and_checked() {
        let schedule = with("RETRY_SCHEDULE", "100ms 2s").unwrap().retry_schedule;
        assert_eq!(schedule, [Duration::from_millis(100), Duration::from_secs(2)]);
        for bad in ["", "1ms", "25h", "5", "5s soon"] {
            let problem = with("RETRY_SCHEDULE", bad).err().unwrap_or_else(|| panic!("{bad:?} was accepted"));
            assert!(problem.contains("webhooks.retry_schedule"), "{problem}");
        }
        assert!(with("ALARM_AFTER", "30m").unwrap_err().contains("webhooks.alarm_after"));
    }
}
