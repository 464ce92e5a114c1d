//! How often applications may be started by people nobody knows yet: per network they come from, and in all. Counted in memory,
//! for each process by itself: the limits keep the table from being filled, and need not be exact.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::time::Timestamp;

/// The time starts are counted over.
const WINDOW: Duration = Duration::from_secs(3600);

/// Starts from one network. Many schools of a region may share one address, so this is no small number.
const PER_NETWORK: u32 = 100;

/// Starts in all. With three days for those nobody signed in for, some hundred thousand rows are the most that can gather.
const IN_ALL: u32 = 2000;

/// Networks remembered at once: no more can have started anything.
const NETWORKS: usize = IN_ALL as usize;

/// What was started in the current window.
#[derive(Default)]
pub struct StartLimits(Mutex<Window>);

#[derive(Default)]
struct Window {
    begun: i64,
    all: u32,
    by_network: HashMap<Option<IpAddr>, u32>,
}

impl StartLimits {
    /// Counts one start from this address, unless there were too many.
    pub fn allow(&self, from: Option<IpAddr>, now: Timestamp) -> bool {
        // A count that somebody's panic left half-done is a count all the same.
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Timestamp::from_millis(window.begun);
        if now < begun || now.since(begun) >= WINDOW {
            *window = Window { begun: now.millis(), ..Window::default() };
        }
        let network = from.map(network);
        let known = window.by_network.get(&network).copied().unwrap_or_default();
        if window.all >= IN_ALL || known >= PER_NETWORK || window.by_network.len() >= NETWORKS {
            return false;
        }
        window.all += 1;
        window.by_network.insert(network, known + 1);
        true
    }
}

/// The address, or for IPv6 its /64: one subscriber has that many addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(a) => a.into(),
        IpAddr::V6(a) => Ipv6Addr::from_bits(a.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_is_stopped_before_the_others() {
        let limits = StartLimits::default();
        let now = Timestamp::from_millis(1_800_000_000_000);
        let from = |text: &str| Some(text.parse().unwrap());
        for i in 0..PER_NETWORK {
            assert!(limits.allow(from(&format!("2001:db8::{i:x}")), now));
        }
        assert!(!limits.allow(from("2001:db8::1:1"), now), "another address of the same network");
        assert!(limits.allow(from("2001:db8:0:1::1"), now) && limits.allow(from("::ffff:192.0.2.1"), now));
        assert!(limits.allow(from("2001:db8::1"), now.plus(WINDOW)), "an hour later");
    }

    #[test]
    fn all_together_have_a_limit_too() {
        let limits = StartLimits::default();
        let now = Timestamp::from_millis(1_800_000_000_000);
        let allowed = (0..IN_ALL + 10).filter(|i| limits.allow(Some(IpAddr::from(i.to_be_bytes())), now)).count();
        assert_eq!(allowed, IN_ALL as usize);
        // A clock that went back does not shut the door for longer.
        assert!(limits.allow(None, now.minus(WINDOW)));
    }
}
