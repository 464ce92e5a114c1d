//! How often applications may be started by people nobody knows yet: per network they come from, and in all. What one network may
//! start shrinks as the whole fills up, so that a few cannot use up what is everybody's. Counted in memory, for each process by itself:
//! the limits keep the table from being filled, and need not be exact.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::time::Timestamp;

/// The time starts are counted over.
const WINDOW: Duration = Duration::from_secs(3600);

/// Starts in all. With three days for those nobody signed in for, some hundred thousand rows are the most that can gather.
const IN_ALL: u32 = 2000;

/// What a whole IPv6 /48 may start, in times of what one network may: whoever has one has 65 536 networks.
const TIMES_OF_A_SITE: u32 = 4;

/// What was started in the current window.
#[derive(Default)]
pub struct StartLimits(Mutex<Window>);

#[derive(Default)]
struct Window {
    begun: i64,
    all: u32,
    by_network: HashMap<Network, u32>,
}

/// Where a start is counted: an address without what its owner may choose, and how many of its bits that leaves.
type Network = (Option<IpAddr>, u32);

impl StartLimits {
    /// Counts one start from this address, unless there were too many.
    ///
    /// # Errors
    /// The time until counting begins anew, when there were too many.
    pub fn allow(&self, from: Option<IpAddr>, now: Timestamp) -> Result<(), Duration> {
        // A count that somebody's panic left half-done is a count all the same.
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Timestamp::from_millis(window.begun);
        if now < begun || now.since(begun) >= WINDOW {
            *window = Window { begun: now.millis(), ..Window::default() };
        }
        let (networks, share) = (networks(from), share(window.all));
        let full = networks.iter().any(|(n, times)| window.by_network.get(n).is_some_and(|count| *count >= share * times));
        if window.all >= IN_ALL || full {
            return Err(Timestamp::from_millis(window.begun).plus(WINDOW).since(now));
        }
        window.all += 1;
        for (network, _) in networks {
            *window.by_network.entry(network).or_default() += 1;
        }
        Ok(())
    }
}

/// What one network may start after so many starts in all. Many schools of a region may share one address, so this is no small number
/// before the whole runs short.
const fn share(all: u32) -> u32 {
    if all < IN_ALL / 2 {
        100
    } else if all < IN_ALL / 10 * 9 {
        10
    } else {
        1
    }
}

/// The networks an address belongs to, each with how many times the share it may start. An IPv6 subscriber has at least a /64 of
/// addresses, and gets a /48 for the asking.
fn networks(from: Option<IpAddr>) -> Vec<(Network, u32)> {
    match from.map(|a| a.to_canonical()) {
        Some(IpAddr::V6(a)) => {
            let first = |bits: u32| (Some(Ipv6Addr::from_bits(a.to_bits() & (u128::MAX << (128 - bits))).into()), bits);
            vec![(first(64), 1), (first(48), TIMES_OF_A_SITE)]
        }
        other => vec![((other, 32), 1)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    /// How many of these are taken.
    fn taken<A: Into<IpAddr> + Copy>(limits: &StartLimits, from: impl IntoIterator<Item = A>) -> usize {
        from.into_iter().filter(|a| limits.allow(Some((*a).into()), NOW).is_ok()).count()
    }

    fn v4(i: u32) -> IpAddr {
        IpAddr::from(i.to_be_bytes())
    }

    /// One address of a /64 of a /48.
    fn v6(site: u16, network: u16, host: u16) -> Ipv6Addr {
        Ipv6Addr::new(0x2001, 0xdb8, site, network, 0, 0, 0, host)
    }

    #[test]
    fn one_network_is_stopped_before_the_others() {
        let limits = StartLimits::default();
        assert_eq!(taken(&limits, (0..120).map(|host| v6(0, 0, host))), 100);
        assert_eq!(limits.allow(Some(v6(0, 0, 500).into()), NOW.plus(WINDOW / 4)), Err(WINDOW / 4 * 3), "and is told how long");
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(taken(&limits, [IpAddr::from(v6(0, 1, 1)), mapped]), 2);
        assert_eq!(
            taken(&limits, std::iter::repeat_n("192.0.2.1".parse::<IpAddr>().unwrap(), 120)),
            99,
            "the same network, written otherwise"
        );
        assert_eq!(limits.allow(Some(v6(0, 0, 1).into()), NOW.plus(WINDOW)), Ok(()), "an hour later");
    }

    #[test]
    fn many_networks_of_one_site_are_few() {
        let limits = StartLimits::default();
        assert_eq!(taken(&limits, (0..1000).map(|network| v6(7, network, 1))), 400);
        assert_eq!(taken(&limits, [v6(8, 0, 1)]), 1, "another site");
        // While little is left, a site has little too.
        assert_eq!(taken(&limits, (0..1399).map(v4)), 1399);
        assert_eq!(taken(&limits, (0..100).map(|network| v6(9, network, 1))), 4);
    }

    #[test]
    fn a_few_networks_do_not_use_up_what_is_everybody_s() {
        let limits = StartLimits::default();
        let at_length = |networks: std::ops::Range<u32>| networks.flat_map(|n| std::iter::repeat_n(v4(n), 200));
        assert_eq!(taken(&limits, at_length(0..10)), 1000);
        assert_eq!(taken(&limits, at_length(0..30)), 20 * 10, "ten each for newcomers, none for those who had theirs");
        assert_eq!(taken(&limits, at_length(30..90)), 60 * 10);
        assert_eq!(taken(&limits, at_length(0..150)), 60, "then one each");
        assert_eq!(taken(&limits, (200..500).map(v4)), 140);
    }

    #[test]
    fn all_together_have_a_limit_too() {
        let limits = StartLimits::default();
        assert_eq!(taken(&limits, (0..IN_ALL + 10).map(v4)), IN_ALL as usize);
        assert_eq!(limits.allow(None, NOW), Err(WINDOW));
        // A clock that went back does not shut the door for longer.
        assert_eq!(limits.allow(None, NOW.minus(WINDOW)), Ok(()));
    }
}
