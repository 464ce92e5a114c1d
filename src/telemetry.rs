//! Logging: `tracing` to standard error for people or as JSON, panics included, and a count of errors for tests.
//!
//! What must never be logged: tokens, codes, secrets, query strings, whole addresses of callers, anything about a person.

use std::io::{IsTerminal as _, stderr};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config::{Log, LogFormat};

static ERRORS: AtomicU64 = AtomicU64::new(0);
static STARTED: Once = Once::new();

/// Starts logging for this process and logs panics from now on. Later calls change nothing, so every test may call it.
pub fn init(log: &Log) {
    STARTED.call_once(|| {
        install(log);
        panic::set_hook(Box::new(log_panic));
    });
}

/// Starts logging in tests, where panics keep their usual report. Later calls change nothing.
pub fn init_for_tests() {
    STARTED.call_once(|| install(&Log { format: LogFormat::Human, level: "warn".to_owned() }));
}

/// How many events at ERROR this process has seen, shown or not. A black-box test compares before and after.
pub fn error_count() -> u64 {
    ERRORS.load(Ordering::Relaxed)
}

fn install(log: &Log) {
    // The configuration was checked with the same parser; a filter that fails all the same shows too much rather than nothing.
    let filter = EnvFilter::builder().parse(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = match log.format {
        LogFormat::Human => tracing_subscriber::fmt::layer().with_writer(stderr).with_ansi(wants_colour()).boxed(),
        LogFormat::Json => tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(stderr).boxed(),
    };
    // The filter belongs to the lines alone: errors are counted even where they are not shown.
    let installed = tracing_subscriber::registry().with(CountErrors).with(lines.with_filter(filter)).try_init();
    if installed.is_err() {
        tracing::debug!("another subscriber was there first");
    }
}

#[expect(clippy::disallowed_methods, reason = "NO_COLOR (no-color.org) is a convention of terminals, not a setting of ours")]
fn wants_colour() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// One line per panic, at ERROR. The message is ours or a library's; types that hold secrets or persons have no `Debug` to get into it.
fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let message = info.payload_as_str().unwrap_or("no message");
    tracing::error!(place, message, "panic");
}

/// Counts ERROR events.
struct CountErrors;

impl<S: Subscriber> Layer<S> for CountErrors {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            ERRORS.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_even_when_not_shown_and_starting_twice_is_harmless() {
        init_for_tests();
        init_for_tests();
        let quiet = EnvFilter::new("off");
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::sink).with_filter(quiet);
        let before = error_count();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(CountErrors).with(lines), || {
            tracing::error!("counted by a test of telemetry");
        });
        // Other tests of the same process may log errors meanwhile, so at least one.
        assert!(error_count() > before);
    }
}
