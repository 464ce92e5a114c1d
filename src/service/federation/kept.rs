//! Signed statements, kept for some minutes: a question that is asked often must not cost a signature each time. Bounded, and
//! each entry is dropped when what it was made from has changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::time::Timestamp;

/// How long a statement is handed out before it is signed anew.
pub const KEEP: Duration = Duration::from_secs(600);

/// Entries of one generation; two generations are kept. Some 6 KiB each with a mark inside: 24 MiB in all at most.
const GENERATION: usize = 2048;

/// A signed entity statement, ready to be served.
pub struct Statement {
    /// The token.
    pub token: String,
    pub(super) signed_at: Timestamp,
    /// What it was made from.
    pub(super) stamp: String,
}

/// Which statement.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Document {
    /// Our own entity configuration.
    Own,
    /// A community's entity configuration.
    Community(u128),
    /// The subordinate statement about a community.
    Subordinate(u128),
}

/// Statements by what they are about.
#[derive(Default)]
pub struct Kept(Mutex<Generations>);

/// When the young generation is full it becomes the old one, and the old one is forgotten: what is asked for often is taken
/// over in time, the rest goes, and nothing needs to be counted or sorted.
#[derive(Default)]
struct Generations {
    young: HashMap<Document, Arc<Statement>>,
    old: HashMap<Document, Arc<Statement>>,
}

impl Kept {
    /// The statement, if it was made from the same and is fresh.
    pub(super) fn get(&self, document: Document, stamp: &str, now: Timestamp) -> Option<Arc<Statement>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match all.young.get(&document) {
            Some(statement) => Arc::clone(statement),
            None => {
                let statement = all.old.remove(&document)?;
                all.put(document, Arc::clone(&statement));
                statement
            }
        };
        // One from the future was signed before the clock was set back.
        let fresh = found.signed_at <= now && now.since(found.signed_at) < KEEP;
        (fresh && found.stamp == stamp).then_some(found)
    }

    /// Keeps a statement in place of the one before.
    pub(super) fn put(&self, document: Document, statement: Arc<Statement>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(document, statement);
    }
}

impl Generations {
    fn put(&mut self, document: Document, statement: Arc<Statement>) {
        if self.young.len() >= GENERATION && !self.young.contains_key(&document) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(document, statement);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_176_000);

    fn statement(stamp: &str) -> Arc<Statement> {
        Arc::new(Statement { token: "t".into(), signed_at: NOW, stamp: stamp.into() })
    }

    #[test]
    fn kept_while_fresh_and_made_from_the_same() {
        let kept = Kept::default();
        kept.put(Document::Own, statement("a"));
        assert!(kept.get(Document::Own, "a", NOW.plus(KEEP - Duration::from_millis(1))).is_some());
        assert!(kept.get(Document::Own, "a", NOW.plus(KEEP)).is_none());
        assert!(kept.get(Document::Own, "a", NOW.minus(Duration::from_secs(1))).is_none(), "the clock was set back");
        assert!(kept.get(Document::Own, "b", NOW).is_none());
        assert!(kept.get(Document::Community(1), "a", NOW).is_none());
    }

    #[test]
    fn bounded_and_what_is_asked_for_stays() {
        let kept = Kept::default();
        for n in 0..10 * GENERATION as u128 {
            kept.put(Document::Community(n), statement("a"));
            assert!(kept.get(Document::Community(0), "a", NOW).is_some(), "{n}");
        }
        let all = kept.0.lock().unwrap();
        assert!(all.young.len() <= GENERATION && all.old.len() <= GENERATION);
    }
}
