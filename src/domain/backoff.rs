//! When a failed delivery is tried again: by a schedule, spread by jitter. The schedule itself is a setting.

use std::time::Duration;

/// Longest `Retry-After` obeyed; a longer one is cut to this.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(6 * 3600);

/// The wait after `failures` failed attempts, or `None` when no attempt is left.
///
/// `schedule` holds the waits before attempts 2, 3, …; after the last one a delivery is dead. `jitter` in 0..=255 spreads the wait
/// over 80 % to 120 % of the schedule, so that a returning endpoint is not stormed. A receiver's `Retry-After` lengthens the wait
/// and never shortens it.
pub fn wait_after(schedule: &[Duration], failures: u32, jitter: u8, retry_after: Option<Duration>) -> Option<Duration> {
    let base = *schedule.get(usize::try_from(failures.checked_sub(1)?).ok()?)?;
    Some(spread(base, jitter).max(retry_after.unwrap_or(Duration::ZERO).min(RETRY_AFTER_MAX)))
}

/// 80 % to 120 % of a wait.
pub fn spread(base: Duration, jitter: u8) -> Duration {
    base.mul_f64(0.8 + 0.4 * f64::from(jitter) / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The default of the settings.
    const WAITS: [Duration; 9] = [
        Duration::from_secs(5),
        Duration::from_secs(300),
        Duration::from_secs(1800),
        Duration::from_secs(5400),
        Duration::from_secs(10_800),
        Duration::from_secs(18_000),
        Duration::from_secs(14_400),
        Duration::from_secs(21_600),
        Duration::from_secs(14_400),
    ];

    #[test]
    fn ends_with_the_schedule() {
        assert!(wait_after(&WAITS, 9, 0, None).is_some());
        assert_eq!(wait_after(&WAITS, 10, 0, None), None);
        assert_eq!(wait_after(&WAITS, 0, 0, None), None);
        assert_eq!(wait_after(&[], 1, 0, None), None);
    }

    proptest! {
        #[test]
        fn stays_within_a_fifth_of_the_schedule(n in 1u32..=9, j: u8) {
            let base = WAITS[(n - 1) as usize];
            let w = wait_after(&WAITS, n, j, None).unwrap();
            prop_assert!(w >= base.mul_f64(0.799) && w <= base.mul_f64(1.201));
        }

        #[test]
        fn retry_after_only_lengthens(n in 1u32..=9, j: u8, ra in 0u64..200_000) {
            let plain = wait_after(&WAITS, n, j, None).unwrap();
            let asked = wait_after(&WAITS, n, j, Some(Duration::from_secs(ra))).unwrap();
            prop_assert!(asked >= plain && asked <= plain.max(RETRY_AFTER_MAX));
        }
    }
}
