//! When a failed delivery is tried again: the schedule of Standard Webhooks, spread by jitter.

use std::time::Duration;

/// Waits before attempts 2, 3, …; together a little over 24 hours. After the last one a delivery is dead.
const WAITS: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(90 * 60),
    Duration::from_secs(3 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(4 * 3600),
    Duration::from_secs(6 * 3600),
    Duration::from_secs(4 * 3600),
];

/// Longest `Retry-After` obeyed; a longer one is cut to this.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(6 * 3600);

/// The wait after `failures` failed attempts, or `None` when no attempt is left.
///
/// `jitter` in 0..=255 spreads the wait over 80 % to 120 % of the schedule, so that a returning endpoint is not stormed.
/// A receiver's `Retry-After` lengthens the wait and never shortens it.
pub fn wait_after(failures: u32, jitter: u8, retry_after: Option<Duration>) -> Option<Duration> {
    let base = *WAITS.get(usize::try_from(failures.checked_sub(1)?).ok()?)?;
    let spread = base.mul_f64(0.8 + 0.4 * f64::from(jitter) / 255.0);
    Some(spread.max(retry_after.unwrap_or(Duration::ZERO).min(RETRY_AFTER_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn covers_a_day_and_then_ends() {
        let total: Duration = (1..=9).map(|n| wait_after(n, 128, None).unwrap()).sum();
        assert!(total >= Duration::from_secs(24 * 3600) && total <= Duration::from_secs(26 * 3600), "{total:?}");
        assert_eq!(wait_after(10, 0, None), None);
        assert_eq!(wait_after(0, 0, None), None);
    }

    proptest! {
        #[test]
        fn stays_within_a_fifth_of_the_schedule(n in 1u32..=9, j: u8) {
            let base = WAITS[(n - 1) as usize];
            let w = wait_after(n, j, None).unwrap();
            prop_assert!(w >= base.mul_f64(0.799) && w <= base.mul_f64(1.201));
        }

        #[test]
        fn retry_after_only_lengthens(n in 1u32..=9, j: u8, ra in 0u64..200_000) {
            let plain = wait_after(n, j, None).unwrap();
            let asked = wait_after(n, j, Some(Duration::from_secs(ra))).unwrap();
            prop_assert!(asked >= plain && asked <= plain.max(RETRY_AFTER_MAX));
        }
    }
}
