//! What an attestation says: made for the first time from an application, or carried over from the one before.

use super::{App, Error};
use crate::domain::attestation as att;
use crate::domain::authority::AuthorityKind;
use crate::domain::ids::{AttestationId, CommunityId};
use crate::domain::time::Timestamp;
use crate::store::applications::ApplicationRow;
use crate::store::authorities::AuthorityRow;
use crate::store::communities::CommunityRow;
use crate::store::platforms::PlatformRow;
use crate::store::proofs::ProofRow;

/// What is new in every attestation: its name, its life, its place in a status list.
pub(super) struct Place {
    pub id: AttestationId,
    pub issued: Timestamp,
    pub expires: Timestamp,
    pub list: i64,
    pub idx: i64,
}

impl Place {
    fn status(&self, iss: &str) -> Result<att::StatusClaim, Error> {
        let idx = u32::try_from(self.idx).map_err(|_| super::damaged("status index"))?;
        Ok(att::StatusClaim { status_list: att::StatusListRef { idx, uri: att::status_list_uri(iss, self.list) } })
    }
}

/// The claims after a confirmation.
pub(super) fn first_claims(
    app: &App,
    platform: &PlatformRow,
    a: &ApplicationRow,
    c: &CommunityRow,
    o: &AuthorityRow,
    control: &ProofRow,
    place: &Place,
) -> Result<att::AttestationClaims, Error> {
    let iss = app.settings.issuer.clone();
    let community_id: CommunityId = c.id.parse().map_err(|_| super::damaged("community id"))?;
    let snapshot = a.community()?;
    let kind: AuthorityKind = o.kind.parse().map_err(|_| super::damaged("authority kind"))?;
    let identity_day = Timestamp::from_millis(a.identity_at.unwrap_or(a.created_at)).day();
    let idp = a.idp.clone().unwrap_or_default();
    Ok(att::AttestationClaims {
        sub: att::subject(&iss, community_id),
        sub_id: sub_id(platform, &snapshot),
        trust_mark_type: att::trust_mark_type(&iss),
        jti: place.id,
        iat: place.issued.secs(),
        exp: place.expires.secs(),
        logo_uri: format!("{iss}/badge/v1.svg"),
        reference: att::subject(&iss, community_id),
        organization_name: shown_name(o),
        organization_type: "public".to_owned(),
        community: att::CommunityClaims { platform: platform.platform_id()?, snapshot },
        legal_entity: legal_entity(a, o, kind),
        assurance: att::Assurance {
            framework: format!("{iss}{}", att::FRAMEWORK_PATH),
            level: "high".to_owned(),
            entity: att::EntityCheck { method: "idp_org_login".to_owned(), idp, at: identity_day.clone() },
            representation: att::DatedMethod { method: "idp_org_member".to_owned(), at: identity_day },
            control: att::DatedMethod {
                method: control.kind()?.as_str().to_owned(),
                at: Timestamp::from_millis(control.validated_at.unwrap_or(control.created_at)).day(),
            },
        },
        status: place.status(&iss)?,
        delegation: app.settings.federation.delegation.as_ref().map(|d| d.token.clone()),
        iss,
    })
}

/// The claims of a renewal: what was confirmed stays as it was, with the days on which it was; names and addresses are those on
/// record now.
pub(super) fn renewed_claims(
    app: &App,
    platform: &PlatformRow,
    before: &str,
    c: &CommunityRow,
    o: &AuthorityRow,
    place: &Place,
) -> Result<att::AttestationClaims, Error> {
    let mut claims: att::AttestationClaims = serde_json::from_str(before).map_err(|_| super::damaged("claims of an attestation"))?;
    let iss = app.settings.issuer.clone();
    (claims.jti, claims.iat, claims.exp) = (place.id, place.issued.secs(), place.expires.secs());
    claims.status = place.status(&iss)?;
    claims.delegation = app.settings.federation.delegation.as_ref().map(|d| d.token.clone());
    let known = &mut claims.community.snapshot;
    (known.uri, known.name, known.screen_name) = (c.uri.clone(), c.name.clone(), c.screen_name.clone());
    claims.sub_id = sub_id(platform, known);
    claims.organization_name = shown_name(o);
    claims.legal_entity.legal_person_name = att::shorten(&o.full_name);
    claims.legal_entity.legal_person_short_name = (!o.short_name.is_empty()).then(|| o.short_name.clone());
    Ok(claims)
}

fn sub_id(platform: &PlatformRow, community: &crate::domain::community::CommunitySnapshot) -> att::SubjectIdentifier {
    att::SubjectIdentifier {
        format: "aliases".to_owned(),
        identifiers: vec![
            att::Alias::IssSub { iss: platform.base_url.clone(), sub: community.id.to_string() },
            att::Alias::Uri { uri: community.uri.clone() },
        ],
    }
}

fn shown_name(o: &AuthorityRow) -> String {
    if o.short_name.is_empty() { att::shorten(&o.full_name) } else { o.short_name.clone() }
}

fn legal_entity(a: &ApplicationRow, o: &AuthorityRow, kind: AuthorityKind) -> att::LegalEntity {
    att::LegalEntity {
        legal_person_name: att::shorten(&o.full_name),
        legal_person_short_name: (!o.short_name.is_empty()).then(|| o.short_name.clone()),
        legal_person_id: format!("NTRRU-{}", o.ogrn),
        identifier: att::Identifiers {
            ogrn: o.ogrn.clone(),
            inn: o.inn.clone(),
            kpp: o.kpp.clone(),
            oktmo: o.oktmo.clone(),
            okopf: o.okopf.clone(),
        },
        registration_country: "RU".to_owned(),
        authority_kind: kind,
        branch: a.branch_name.clone().map(|name| att::Branch { name, kpp: a.branch_kpp.clone() }),
        parent: None,
    }
}
