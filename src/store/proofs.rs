//! Proofs of control of a community. What makes one hold is the services'; what a status may become is the domain's.

use diesel::dsl::max;
use diesel::prelude::*;

use super::applications::ApplicationRow;
use super::schema::control_proofs;
use super::{StoreError, Tx};
use crate::domain::control::{self, Binding, ProofKind, ProofStatus};
use crate::domain::control_problem::ControlProblem;
use crate::domain::time::Timestamp;

/// One proof, or attempt at one. No `Debug`: the one-time text is a secret until it is placed, and what was sealed stays so.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = control_proofs)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct ProofRow {
    pub id: String,
    pub application_id: String,
    pub kind: String,
    pub status: String,
    pub token: Option<String>,
    pub error: Option<String>,
    pub authority_id: Option<String>,
    pub login_id: Option<String>,
    pub created_at: i64,
    pub validated_at: Option<i64>,
    pub expires_at: i64,
    pub updated_at: i64,
    pub updated_by: String,
    pub page: Option<String>,
    pub sealed: Option<Vec<u8>>,
    pub looked_at: Option<i64>,
}

impl ProofRow {
    /// The kind, parsed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn kind(&self) -> Result<ProofKind, StoreError> {
        self.kind.parse().map_err(|_| StoreError::Corrupt("kind of a proof"))
    }

    /// The status on record, parsed; see [`Self::status_at`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn status(&self) -> Result<ProofStatus, StoreError> {
        self.status.parse().map_err(|_| StoreError::Corrupt("status of a proof"))
    }

    /// The status at `now`: an attempt whose time is up is over, whether anybody came by or not.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn status_at(&self, now: Timestamp) -> Result<ProofStatus, StoreError> {
        let status = self.status()?;
        let open = matches!(status, ProofStatus::Pending | ProofStatus::Processing);
        Ok(if open && self.expires_at <= now.millis() { ProofStatus::Invalid } else { status })
    }
}

/// The proof that the authenticated push of an application is: valid at once.
pub fn of_push(id: String, application: &ApplicationRow) -> ProofRow {
    ProofRow {
        status: ProofStatus::Valid.as_str().to_owned(),
        authority_id: None,
        validated_at: Some(application.created_at),
        updated_by: application.updated_by.clone(),
        ..begun(id, application, ProofKind::PlatformPush, Timestamp::from_millis(application.created_at), "")
    }
}

/// An attempt begun now for an application and the organisation it has chosen; it lasts as long as the application.
pub fn begun(id: String, application: &ApplicationRow, kind: ProofKind, now: Timestamp, by: &str) -> ProofRow {
    ProofRow {
        id,
        application_id: application.id.clone(),
        kind: kind.as_str().to_owned(),
        status: ProofStatus::Pending.as_str().to_owned(),
        token: None,
        error: None,
        authority_id: application.authority_id.clone(),
        login_id: None,
        created_at: now.millis(),
        validated_at: None,
        expires_at: application.expires_at,
        updated_at: now.millis(),
        updated_by: by.to_owned(),
        page: None,
        sealed: None,
        looked_at: None,
    }
}

/// Records a proof.
///
/// # Errors
/// [`StoreError::Duplicate`] when one of this kind is open.
pub fn insert(tx: &mut Tx<'_>, row: &ProofRow) -> Result<(), StoreError> {
    diesel::insert_into(control_proofs::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// All proofs of an application, oldest first; of the same instant, the strongest kind first.
///
/// # Errors
/// [`StoreError`].
pub fn of_application(tx: &mut Tx<'_>, application: &str) -> Result<Vec<ProofRow>, StoreError> {
    use control_proofs as p;
    let rows = p::table.filter(p::application_id.eq(application)).select(ProofRow::as_select());
    let mut rows: Vec<ProofRow> = rows.order((p::created_at, p::id)).load(tx.conn)?;
    rows.sort_by_key(|row| (row.created_at, row.kind().ok()));
    Ok(rows)
}

/// The strongest proof of an application that holds.
///
/// # Errors
/// [`StoreError`].
pub fn strongest_valid(tx: &mut Tx<'_>, application: &str, now: Timestamp) -> Result<Option<ProofRow>, StoreError> {
    let mut best: Option<(ProofKind, ProofRow)> = None;
    for row in of_application(tx, application)? {
        let kind = row.kind()?;
        if row.status_at(now)? == ProofStatus::Valid && best.as_ref().is_none_or(|(b, _)| kind < *b) {
            best = Some((kind, row));
        }
    }
    Ok(best.map(|(_, row)| row))
}

/// The attempt of a kind that is open or holds; one whose time is up is still there until it is ended.
///
/// # Errors
/// [`StoreError`].
pub fn open_of_kind(tx: &mut Tx<'_>, application: &str, kind: ProofKind) -> Result<Option<ProofRow>, StoreError> {
    use control_proofs as p;
    let rows = p::table.filter(p::application_id.eq(application).and(p::kind.eq(kind.as_str())));
    let open = rows.filter(p::status.ne(ProofStatus::Invalid.as_str()));
    Ok(open.select(ProofRow::as_select()).first(tx.conn).optional()?)
}

/// Names the page of the site that is to be looked at.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such proof.
pub fn set_page(tx: &mut Tx<'_>, id: &str, page: &str, now: Timestamp) -> Result<(), StoreError> {
    use control_proofs as p;
    let change = (p::page.eq(Some(page)), p::error.eq(None::<String>), p::updated_at.eq(now.millis()), p::updated_by.eq(tx.name));
    StoreError::expect_one(diesel::update(p::table.find(id)).set(change).execute(tx.conn)?, "proof")
}

/// Notes that a proof is looked at now.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such proof.
pub fn note_look(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<(), StoreError> {
    use control_proofs as p;
    let n = diesel::update(p::table.find(id)).set(p::looked_at.eq(Some(now.millis()))).execute(tx.conn)?;
    StoreError::expect_one(n, "proof")
}

/// When any proof of an application was looked at last.
///
/// # Errors
/// [`StoreError`].
pub fn last_look(tx: &mut Tx<'_>, application: &str) -> Result<Option<Timestamp>, StoreError> {
    use control_proofs as p;
    let last: Option<i64> = p::table.filter(p::application_id.eq(application)).select(max(p::looked_at)).first(tx.conn)?;
    Ok(last.map(Timestamp::from_millis))
}

/// Ends the open attempts of an application, those of the kind `but` excepted.
///
/// # Errors
/// [`StoreError`].
pub fn end_others(tx: &mut Tx<'_>, application: &str, but: ProofKind, why: ControlProblem, now: Timestamp) -> Result<(), StoreError> {
    for row in of_application(tx, application)? {
        if row.kind()? != but && matches!(row.status()?, ProofStatus::Pending | ProofStatus::Processing) {
            advance(tx, &row.id, ProofStatus::Invalid, Some(why.as_str()), now)?;
        }
    }
    Ok(())
}

/// Moves a proof from one of the states it may leave for `to`. What ends has no more use for its one-time text.
///
/// # Errors
/// [`StoreError::Stale`] when it stands elsewhere.
pub fn advance(tx: &mut Tx<'_>, id: &str, to: ProofStatus, error: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
    use control_proofs as p;
    let from: Vec<&str> = ProofStatus::ALL.into_iter().filter(|s| s.may_become(to)).map(ProofStatus::as_str).collect();
    let n = diesel::update(p::table.find(id))
        .filter(p::status.eq_any(from))
        .set((p::status.eq(to.as_str()), p::error.eq(error), p::updated_at.eq(now.millis()), p::updated_by.eq(tx.name)))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "proof")?;
    if to == ProofStatus::Valid {
        diesel::update(p::table.find(id)).set(p::validated_at.eq(Some(now.millis()))).execute(tx.conn)?;
    }
    if matches!(to, ProofStatus::Valid | ProofStatus::Invalid) {
        diesel::update(p::table.find(id)).set(p::token.eq(None::<String>)).execute(tx.conn)?;
    }
    if to == ProofStatus::Invalid {
        diesel::update(p::table.find(id)).set(p::sealed.eq(None::<Vec<u8>>)).execute(tx.conn)?;
    }
    Ok(())
}

/// Binds an application's proofs to the organisation that was chosen and the sign-in that chose it; those given for another
/// organisation end, and those for another branch of the same (`other_branch`), which is another holder of badges.
///
/// # Errors
/// [`StoreError`].
pub fn bind_all(
    tx: &mut Tx<'_>,
    application: &str,
    authority: &str,
    other_branch: bool,
    login: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    use control_proofs as p;
    for row in of_application(tx, application)? {
        if row.status()? == ProofStatus::Invalid {
            continue;
        }
        let kind = row.kind()?;
        let binding = match control::bind(kind, row.authority_id.as_deref(), authority) {
            Binding::Keep if other_branch && !kind.holds_for_any_authority() => Binding::Void,
            binding => binding,
        };
        match binding {
            Binding::Void => advance(tx, &row.id, ProofStatus::Invalid, Some(ControlProblem::OtherOrganisation.as_str()), now)?,
            Binding::Bind | Binding::Keep => {
                diesel::update(p::table.find(&row.id))
                    .set((
                        p::authority_id.eq(Some(authority)),
                        p::login_id.eq(login),
                        p::updated_at.eq(now.millis()),
                        p::updated_by.eq(tx.name),
                    ))
                    .execute(tx.conn)?;
            }
        }
    }
    Ok(())
}
