//! The faults switched on at one stand-in, and how often each has struck.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::{Fault, Kind, Place};
use crate::sandbox::esia::People;

/// More would only slow every request down.
const CAPACITY: usize = 256;

/// The board of one stand-in. Clones are the same board.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Board>>);

#[derive(Default)]
struct Board {
    last_id: u64,
    standing: Vec<Standing>,
    /// What personas bring with them; stays whatever is set and cleared.
    inborn: Vec<Fault>,
}

/// A fault on the board.
#[derive(Clone, Debug, Serialize)]
pub(in super::super) struct Standing {
    pub(in super::super) id: u64,
    #[serde(flatten)]
    pub(in super::super) fault: Fault,
    /// Requests it has struck.
    pub(in super::super) struck: u32,
}

impl Standing {
    /// It will strike again.
    pub(in super::super) fn is_active(&self) -> bool {
        self.fault.times.is_none_or(|times| self.struck < times)
    }
}

/// What is known of a request before it is answered.
pub(super) struct Sight<'a> {
    /// Where it arrived; `None` for pages no fault strikes.
    pub(super) place: Option<Place>,
    /// Whom it concerns.
    pub(super) personas: &'a [String],
}

impl Faults {
    /// A board with what the personas bring with them.
    pub(in super::super) fn of(people: &People) -> Self {
        let inborn = people.personas.iter().flat_map(|persona| persona.faults.clone()).collect();
        Self(Arc::new(Mutex::new(Board { inborn, ..Board::default() })))
    }

    /// Puts these faults in the place of all others.
    ///
    /// # Errors
    /// When there are too many.
    pub fn replace(&self, faults: Vec<Fault>) -> Result<(), String> {
        let mut board = self.lock();
        board.standing.clear();
        faults.into_iter().try_for_each(|fault| board.add(fault).map(|_| ()))
    }

    /// Adds one and tells its id.
    ///
    /// # Errors
    /// When there are too many.
    pub fn add(&self, fault: Fault) -> Result<u64, String> {
        self.lock().add(fault)
    }

    /// Takes one off; whether there was one.
    pub fn remove(&self, id: u64) -> bool {
        let mut board = self.lock();
        let before = board.standing.len();
        board.standing.retain(|standing| standing.id != id);
        board.standing.len() < before
    }

    /// Takes all off.
    pub fn clear(&self) {
        self.lock().standing.clear();
    }

    pub(in super::super) fn list(&self) -> Vec<Standing> {
        self.lock().standing.clone()
    }

    /// Whether the certificate of the new key is to be shown beside the old one.
    pub(in super::super) fn publish_the_new_certificate(&self) -> bool {
        let shows = |s: &Standing| s.is_active() && s.fault.kind == Kind::RotatedCertificate { published: true };
        self.lock().standing.iter().any(shows)
    }

    /// The faults that strike this request, each counted.
    pub(super) fn strike(&self, sight: &Sight<'_>) -> Vec<Kind> {
        let mut board = self.lock();
        let inborn: Vec<Kind> = board.inborn.iter().filter(|fault| fault.strikes(sight)).map(|fault| fault.kind.clone()).collect();
        let struck = board.standing.iter_mut().filter(|standing| standing.is_active() && standing.fault.strikes(sight));
        struck
            .map(|standing| {
                standing.struck = standing.struck.saturating_add(1);
                standing.fault.kind.clone()
            })
            .chain(inborn)
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        // Every change is a single one of the list, so a panic elsewhere cannot have left it half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    fn add(&mut self, fault: Fault) -> Result<u64, String> {
        if self.standing.len() >= CAPACITY {
            return Err(format!("there are {CAPACITY} faults already; clear some"));
        }
        self.last_id += 1;
        self.standing.push(Standing { id: self.last_id, fault, struck: 0 });
        Ok(self.last_id)
    }
}

impl Fault {
    pub(super) fn strikes(&self, sight: &Sight<'_>) -> bool {
        let Some(place) = sight.place else {
            // The clock is off on every page; nothing else reaches the others.
            return matches!(self.kind, Kind::ClockSkew { .. })
                && self.place == Place::Any
                && self.persona.is_none()
                && self.times.is_none();
        };
        let here = self.place == Place::Any || self.place == place || (self.place == Place::Te && place == Place::SystemToken);
        let theirs = self.persona.as_deref().is_none_or(|persona| sight.personas.iter().any(|p| p == persona));
        let signing_in = place != Place::Ac || !sight.personas.is_empty() || !self.kind.needs_a_person();
        here && theirs && signing_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        serde_json::from_str(text).expect("a fault")
    }

    #[test]
    fn a_fault_strikes_where_whom_and_as_often_as_it_says() {
        let faults = Faults::default();
        faults.add(fault(r#"{"where": "te", "kind": "truncated", "persona": "a", "times": 2}"#)).expect("room");
        let strikes = |place, personas: &[&str]| {
            let personas: Vec<String> = personas.iter().map(|p| (*p).to_owned()).collect();
            faults.strike(&Sight { place, personas: &personas }).len()
        };
        assert_eq!(strikes(Some(Place::Ac), &["a"]), 0);
        assert_eq!(strikes(Some(Place::Te), &["b"]), 0);
        assert_eq!(strikes(Some(Place::Te), &["a"]), 1);
        assert_eq!(strikes(Some(Place::SystemToken), &["b", "a"]), 1);
        assert_eq!(strikes(Some(Place::Te), &["a"]), 0);
        assert_eq!(faults.list()[0].struck, 2);
        let clock = faults.add(fault(r#"{"where": "any", "kind": "clock_skew", "seconds": 5}"#)).expect("room");
        assert_eq!((strikes(None, &[]), strikes(Some(Place::Roles), &[])), (1, 1));
        assert!(faults.remove(clock) && !faults.remove(clock));
        // Nobody signs in yet, so there is nothing to sign.
        faults.replace(vec![fault(r#"{"where": "ac", "kind": "wrong_issuer"}"#)]).expect("room");
        assert_eq!((strikes(Some(Place::Ac), &[]), strikes(Some(Place::Ac), &["a"])), (0, 1));
    }
}
