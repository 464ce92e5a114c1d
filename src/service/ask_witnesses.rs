//! Shows each new checkpoint to the configured witnesses and keeps what they sign (C2SP tlog-witness, the log's side). A
//! witness that is away or refuses holds up nothing: the log goes on without its signature, and it is asked again later.

use std::sync::Arc;

use super::{App, Error};
use crate::domain::tlog::note::{Signature, SignedNote};
use crate::domain::tlog::tree::Tree;
use crate::domain::tlog::witness::add_checkpoint;
use crate::ports::Witness;
use crate::ports::witness::WitnessAnswer;
use crate::store::StoreError;
use crate::store::log::{self, StoredTiles};
use crate::verifier::log::signed_by;

/// Asks every witness that has not signed the newest checkpoint; returns how many signed.
///
/// # Errors
/// [`Error`] when the database is away. What a witness does wrong is logged.
pub async fn ask_witnesses(app: &Arc<App>) -> Result<usize, Error> {
    let asked = app.log.witnesses.iter().map(|w| ask(app, &**w));
    let answers: Vec<Result<bool, Error>> = futures_util::future::join_all(asked).await;
    answers.into_iter().try_fold(0, |n, signed| Ok(n + usize::from(signed?)))
}

/// A request for a witness.
struct Request {
    size: i64,
    note: String,
    body: String,
    old: u64,
}

async fn ask(app: &Arc<App>, witness: &dyn Witness) -> Result<bool, Error> {
    let name = witness.key().to_string();
    if app.log.rests(&name, app.clock.now()) {
        return Ok(false);
    }
    let mut saw = None;
    // Twice: a witness that saw another checkpoint last says which, and then gets the proof from there.
    for _ in 0..2 {
        let Some(request) = request(app, name.clone(), saw).await? else { return Ok(false) };
        let why = match witness.add_checkpoint(request.body).await {
            Ok(WitnessAnswer::SawLast(size)) if size != request.old && i64::try_from(size).is_ok_and(|s| s <= request.size) => {
                saw = Some(size);
                continue;
            }
            Ok(WitnessAnswer::SawLast(size)) => format!("it says it saw {size} leaves last, the log has {}", request.size),
            Ok(WitnessAnswer::Cosigned(lines)) => match line_of(witness, &request.note, &lines) {
                Some(line) => {
                    record(app, request.size, name.clone(), line).await?;
                    app.log.answered(&name);
                    return Ok(true);
                }
                None => "its answer holds no valid signature of its key".to_owned(),
            },
            Err(e) => e.to_string(),
        };
        return Ok(complain(app, witness, &why));
    }
    Ok(complain(app, witness, "it contradicts itself about the last checkpoint it saw"))
}

fn complain(app: &App, witness: &dyn Witness, why: &str) -> bool {
    let rest = app.log.failed(&witness.key().to_string(), app.clock.now());
    tracing::warn!(witness = witness.key().name(), why, again_in_s = rest.as_secs(), "a witness did not sign the checkpoint");
    false
}

/// The request for the newest checkpoint; `None` when the witness signed it already. `saw` is what the witness says it saw
/// last; without it, what we know of it.
async fn request(app: &Arc<App>, witness: String, saw: Option<u64>) -> Result<Option<Request>, Error> {
    let made = app.db.read("witness_request", move |tx| -> Result<_, StoreError> {
        let size = log::state(tx)?.checkpoint_size;
        let known = log::witnessed(tx, &witness)?;
        // An empty log has nothing to witness.
        if size <= 0 || known >= size {
            return Ok(None);
        }
        let row = log::checkpoint(tx, size)?.ok_or(StoreError::Corrupt("checkpoint"))?;
        let (Ok(new), Ok(known)) = (u64::try_from(size), u64::try_from(known)) else { return Err(StoreError::Corrupt("log size")) };
        let old = saw.unwrap_or(known);
        let mut tiles = StoredTiles(tx);
        let proof = Tree::new(&mut tiles, new).consistency(old)?.ok_or(StoreError::Corrupt("log size"))?;
        Ok(Some(Request { size, body: add_checkpoint(old, &proof, &row.note), note: row.note, old }))
    });
    made.await.map_err(Error::from)
}

/// The witness's valid signature line, among what it sent.
fn line_of(witness: &dyn Witness, note: &str, lines: &str) -> Option<String> {
    let note = SignedNote::parse(note)?;
    let signatures = lines.lines().filter_map(Signature::parse);
    signatures.into_iter().find(|s| signed_by(&note.text, s, witness.key())).map(|s| s.to_string())
}

async fn record(app: &Arc<App>, size: i64, witness: String, line: String) -> Result<(), Error> {
    let now = app.clock.now();
    match app.db.write("record_cosignature", move |tx| log::insert_cosignature(tx, size, &witness, &line, now)).await {
        // Another process asked at the same time.
        Ok(()) | Err(StoreError::Duplicate) => Ok(()),
        Err(e) => Err(e.into()),
    }
}
