//! Key material that may be replaced while the service runs: the sources are looked at again now and then, and what was read
//! last and is good stays in use until something better can be read. What the material is good for is elsewhere.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openssl::sha::sha256;

use super::settings::{EsiaSettingsError, KeySource};
use crate::domain::time::Timestamp;

/// Time between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Certificates and keys are some kilobytes; what is larger was named by mistake.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Makes the material of the sources' contents, which come in the sources' order.
type Load<T> = Box<dyn Fn(&[Vec<u8>]) -> Result<T, EsiaSettingsError> + Send + Sync>;

/// One source and the setting that names it.
pub(super) type Named = (&'static str, KeySource);

/// Material of type `T` and where it comes from.
pub(super) struct Watched<T> {
    /// Empty when nothing can change: then the bytes need not be kept either.
    sources: Vec<Named>,
    load: Load<T>,
    state: Mutex<State<T>>,
}

struct State<T> {
    looked: Option<Timestamp>,
    /// What was seen at the last look, good or not: one change is told once.
    seen: Vec<Seen>,
    good: Arc<T>,
    trouble: Option<EsiaSettingsError>,
}

/// A source's content by digest, or why there is none.
type Seen = Result<[u8; 32], io::ErrorKind>;

impl<T> Watched<T> {
    /// Reads the sources and loads.
    ///
    /// # Errors
    /// Where they cannot be read or loaded: there is no last good material at the start.
    pub(super) fn new(
        sources: Vec<Named>,
        load: impl Fn(&[Vec<u8>]) -> Result<T, EsiaSettingsError> + Send + Sync + 'static,
    ) -> Result<Self, EsiaSettingsError> {
        let (seen, contents) = look(&sources);
        let good = Arc::new(load(&contents?)?);
        let changes = sources.iter().any(|(_, source)| matches!(source, KeySource::File(_)));
        let state = Mutex::new(State { looked: None, seen, good, trouble: None });
        Ok(Self { sources: if changes { sources } else { Vec::new() }, load: Box::new(load), state })
    }

    /// The material to use at `now`, read anew if a file changed since the last look.
    pub(super) fn current(&self, now: Timestamp) -> Arc<T> {
        // Nothing below leaves the state half-changed, so a panic elsewhere does not matter here.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.sources.is_empty() && is_due(state.looked, now) {
            state.looked = Some(now);
            self.look_again(&mut state);
        }
        Arc::clone(&state.good)
    }

    /// Why the files as they are now are not in use, if they are not.
    pub(super) fn trouble(&self) -> Option<EsiaSettingsError> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }

    fn look_again(&self, state: &mut State<T>) {
        let (seen, contents) = look(&self.sources);
        if seen == state.seen {
            return;
        }
        state.seen = seen;
        match contents.and_then(|contents| (self.load)(&contents)) {
            Ok(good) => {
                state.good = Arc::new(good);
                state.trouble = None;
                tracing::info!(settings = ?self.names(), "changed ESIA key files are in use");
            }
            Err(e) => {
                tracing::error!(setting = format!("idp.esia.{}", e.setting), problem = e.problem, "changed ESIA key files are not in use");
                state.trouble = Some(e);
            }
        }
    }

    fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.sources.iter().map(|(name, _)| *name).collect();
        names.dedup();
        names
    }
}

/// A clock that was set back does not put the next look off.
fn is_due(looked: Option<Timestamp>, now: Timestamp) -> bool {
    looked.is_none_or(|at| now.since(at) >= LOOK_EVERY || now < at)
}

/// What each source holds, by digest and, if all can be read, in full.
fn look(sources: &[Named]) -> (Vec<Seen>, Result<Vec<Vec<u8>>, EsiaSettingsError>) {
    let read: Vec<_> = sources.iter().map(|(name, source)| (*name, read(source))).collect();
    let seen = read.iter().map(|(_, r)| r.as_ref().map(|bytes| sha256(bytes)).map_err(io::Error::kind)).collect();
    let contents = read.into_iter().map(|(name, r)| r.map_err(|e| EsiaSettingsError::new(name, format!("cannot be read: {e}"))));
    (seen, contents.collect())
}

fn read(source: &KeySource) -> io::Result<Vec<u8>> {
    match source {
        KeySource::Fixed(bytes) => Ok(bytes.clone()),
        KeySource::File(path) => read_file(path),
    }
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    // Asked before it is opened: a named pipe would keep the one who opens it waiting.
    let meta = path.metadata()?;
    if !meta.is_file() || meta.len() > MAX_FILE_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "is not a file, or is larger than any certificate or key"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
