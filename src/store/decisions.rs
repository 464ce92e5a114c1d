//! What operators decided about proofs of control, and the applications that wait for them.

use diesel::prelude::*;

use super::applications::ApplicationRow;
use super::schema::{applications, control_proofs, proof_decisions};
use super::{StoreError, Tx};
use crate::domain::control::{ProofKind, ProofStatus};

/// One decision of one operator.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = proof_decisions)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct DecisionRow {
    pub id: String,
    pub proof_id: String,
    pub operator_id: String,
    pub decision: String,
    pub note: Option<Vec<u8>>,
    pub decided_at: i64,
}

/// Records a decision.
///
/// # Errors
/// [`StoreError::Duplicate`] when this operator decided about this proof before.
pub fn insert(tx: &mut Tx<'_>, row: &DecisionRow) -> Result<(), StoreError> {
    diesel::insert_into(proof_decisions::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// Decisions about a proof, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn of_proof(tx: &mut Tx<'_>, proof: &str) -> Result<Vec<DecisionRow>, StoreError> {
    use proof_decisions as d;
    Ok(d::table.filter(d::proof_id.eq(proof)).order((d::decided_at, d::id)).select(DecisionRow::as_select()).load(tx.conn)?)
}

/// Which applications to list.
#[derive(Default)]
pub struct ApplicationFilter {
    /// In this state.
    pub state: Option<String>,
    /// With a proof of this kind.
    pub proof: Option<String>,
    /// With a proof that stands so (the same one, where a kind is named too).
    pub status: Option<String>,
}

/// One page of applications, newest first, before `cursor`.
///
/// # Errors
/// [`StoreError`].
pub fn page(tx: &mut Tx<'_>, filter: &ApplicationFilter, cursor: Option<&str>, limit: i64) -> Result<Vec<ApplicationRow>, StoreError> {
    use {applications as a, control_proofs as p};
    let mut rows = a::table.order(a::id.desc()).limit(limit).select(ApplicationRow::as_select()).into_boxed();
    if let Some(cursor) = cursor {
        rows = rows.filter(a::id.lt(cursor.to_owned()));
    }
    if let Some(state) = &filter.state {
        rows = rows.filter(a::state.eq(state.clone()));
    }
    if filter.proof.is_some() || filter.status.is_some() {
        let kinds = words(filter.proof.as_deref(), ProofKind::ALL.map(ProofKind::as_str));
        let statuses = words(filter.status.as_deref(), ProofStatus::ALL.map(ProofStatus::as_str));
        let with = p::table.filter(p::kind.eq_any(kinds).and(p::status.eq_any(statuses))).select(p::application_id);
        rows = rows.filter(a::id.eq_any(with));
    }
    Ok(rows.load(tx.conn)?)
}

/// The one that is asked for, or all.
fn words<const N: usize>(one: Option<&str>, all: [&str; N]) -> Vec<String> {
    one.map_or_else(|| all.map(str::to_owned).to_vec(), |one| vec![one.to_owned()])
}
