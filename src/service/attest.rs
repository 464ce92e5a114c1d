//! The three steps by which any attestation comes to be, whoever asked for it: its intent on record, its signature, its record.

use super::attestation_claims::Place;
use super::{App, Error};
use crate::domain::attestation::{AttestationClaims, TYP};
use crate::domain::badge::BadgeState;
use crate::domain::ids::AttestationId;
use crate::domain::time::Timestamp;
use crate::ports::signer::{KeyPurpose, SignedJwt};
use crate::store::attestations::{self, AttestationRow};
use crate::store::badges::{self, BadgeRow};
use crate::store::{Tx, evidence, renewals};

/// Takes a place in a status list for an attestation that will end at `expires`.
pub(super) fn take_place(app: &App, tx: &mut Tx<'_>, id: AttestationId, expires: Timestamp, issued: Timestamp) -> Result<Place, Error> {
    let (list, idx) = attestations::allocate_index(tx, i64::from(app.settings.status_list_size), expires, issued)?;
    Ok(Place { id, issued, expires, list, idx })
}

/// Records the intent: what will be signed, and where it stands.
pub(super) fn prepare(
    tx: &mut Tx<'_>,
    badge: String,
    application: String,
    place: &Place,
    claims: &AttestationClaims,
) -> Result<AttestationRow, Error> {
    let row = AttestationRow {
        id: place.id.to_string(),
        badge_id: badge,
        application_id: application,
        list_id: place.list,
        idx: place.idx,
        state: "prepared".to_owned(),
        status: 0,
        claims: serde_json::to_string(claims).map_err(|e| Error::Internal(e.to_string()))?,
        token: None,
        kid: None,
        issued_at: place.issued.millis(),
        expires_at: place.expires.millis(),
        created_at: place.issued.millis(),
        updated_by: tx.name.to_owned(),
    };
    attestations::insert(tx, &row)?;
    Ok(row)
}

/// Signs what was recorded. What others will check must hold now: a wrong key or a damaged record is found before anybody relies
/// on it.
pub(super) fn sign(app: &App, row: &AttestationRow, now: Timestamp) -> Result<SignedJwt, Error> {
    let signed = app.keys.sign_jwt(KeyPurpose::Badge, TYP, &row.claims)?;
    let own = app.keys.known().verifier.attestation(&signed.token, now);
    let own = own.map_err(|r| Error::Internal(format!("own attestation does not verify: {}", r.detail)))?;
    if own.claims.jti.to_string() != row.id {
        return Err(Error::Internal("own attestation carries another id".to_owned()));
    }
    Ok(signed)
}

/// Records the token and puts its badge, which is locked, in force until its end; the badge's new version. The event is the
/// caller's to write, after all locks.
pub(super) fn put_in_force(
    app: &App,
    tx: &mut Tx<'_>,
    badge: &BadgeRow,
    row: &AttestationRow,
    signed: &SignedJwt,
    now: Timestamp,
) -> Result<i64, Error> {
    attestations::activate(tx, &row.id, &signed.token, &signed.kid)?;
    let end = Timestamp::from_millis(row.expires_at);
    evidence::keep_until(tx, &row.application_id, end.plus(app.settings.evidence_retention))?;
    let version = badges::advance(tx, badge, BadgeState::Active, None, now)?;
    badges::extend(tx, &badge.id, end)?;
    renewals::note(tx, &badge.id, None)?;
    Ok(version)
}
