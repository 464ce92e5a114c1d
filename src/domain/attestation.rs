//! The claims of an attestation: an OpenID Federation trust mark with a Token Status List reference.
//!
//! No person, no role title, and no date finer than a day stands in it.

use serde::{Deserialize, Serialize};

use super::authority::AuthorityKind;
use super::community::{CommunityRef, CommunitySnapshot};
use super::ids::{AttestationId, CommunityId};

/// `typ` of the JOSE header.
pub const TYP: &str = "trust-mark+jwt";

/// Path of the trust mark type under the issuer: `{iss}/tm/official-community/v1`.
pub const TYPE_PATH: &str = "/tm/official-community/v1";

/// Path of the assurance framework under the issuer.
pub const FRAMEWORK_PATH: &str = "/assurance/v1";

/// Longest `legal_person_name` inside an attestation, in characters; the full text stands on the `ref` page.
pub const NAME_MAX: usize = 500;

/// The claim set. Unknown members are ignored on reading, as RFC 7519 §4 asks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AttestationClaims {
    /// Issuer: the public base URL.
    pub iss: String,
    /// `{iss}/c/{community ulid}`
    pub sub: String,
    /// The community again, as RFC 9493 names subjects.
    pub sub_id: SubjectIdentifier,
    /// `{iss}/tm/official-community/v1`
    pub trust_mark_type: String,
    /// Attestation id.
    pub jti: AttestationId,
    /// Issued, seconds.
    pub iat: i64,
    /// Ends, seconds; at most 90 days after `iat`.
    pub exp: i64,
    /// Picture of the badge.
    pub logo_uri: String,
    /// Page for people.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Short name of the authority.
    pub organization_name: String,
    /// Always `public`.
    pub organization_type: String,
    /// The community.
    pub community: CommunityClaims,
    /// The authority.
    pub legal_entity: LegalEntity,
    /// What was checked, how, on which day.
    pub assurance: Assurance,
    /// Where to look whether it still holds.
    pub status: StatusClaim,
    /// The owner's word that this issuer may issue such badges; only where somebody else owns their kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<String>,
}

/// RFC 9493 `aliases` subject identifier: the community by number and by address.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SubjectIdentifier {
    /// `aliases`
    pub format: String,
    /// The two names.
    pub identifiers: Vec<Alias>,
}

/// One name inside [`SubjectIdentifier`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case")]
pub enum Alias {
    /// Number on a platform: `iss` is the platform's own address.
    IssSub {
        /// Platform address.
        iss: String,
        /// Community number.
        sub: String,
    },
    /// Public address.
    Uri {
        /// Address.
        uri: String,
    },
}

/// `community`: platform and id are binding, the rest is a snapshot.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CommunityClaims {
    /// Platform.
    pub platform: super::community::PlatformId,
    /// The snapshot, its number included.
    #[serde(flatten)]
    pub snapshot: CommunitySnapshot,
}

impl CommunityClaims {
    /// The binding part.
    pub fn reference(&self) -> CommunityRef {
        CommunityRef { platform: self.platform.clone(), id: self.snapshot.id.clone() }
    }
}

/// `legal_entity`, with the member names of the EU company certificate.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LegalEntity {
    /// Full name.
    pub legal_person_name: String,
    /// Short name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_person_short_name: Option<String>,
    /// `NTRRU-<OGRN>` (ETSI EN 319 412-1).
    pub legal_person_id: String,
    /// Numbers.
    pub identifier: Identifiers,
    /// `RU`
    pub registration_country: String,
    /// Kind of body.
    pub authority_kind: AuthorityKind,
    /// Where the page is a branch's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
    /// The founder, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
}

/// Numbers of the legal entity.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Identifiers {
    /// 13 digits.
    pub ogrn: String,
    /// 10 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inn: Option<String>,
    /// 9 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kpp: Option<String>,
    /// 8 or 11 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oktmo: Option<String>,
    /// 5 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub okopf: Option<String>,
}

/// A branch of the legal entity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Branch {
    /// Name.
    pub name: String,
    /// Its own KPP, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kpp: Option<String>,
}

/// The founder.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Parent {
    /// `NTRRU-<OGRN>`
    pub legal_person_id: String,
    /// Name.
    pub legal_person_name: String,
}

/// `assurance`: what was checked. Days only.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Assurance {
    /// `{iss}/assurance/v1`
    pub framework: String,
    /// `high` or `substantial`.
    pub level: String,
    /// How the legal entity was identified.
    pub entity: EntityCheck,
    /// That a representative's right to act was checked. Never who.
    pub representation: DatedMethod,
    /// How control of the community was proven.
    pub control: DatedMethod,
}

/// How the legal entity was identified.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EntityCheck {
    /// `idp_org_login`
    pub method: String,
    /// Short name of the identity provider, `esia`.
    pub idp: String,
    /// Day.
    pub at: String,
}

/// A method and the day it was used.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DatedMethod {
    /// Method.
    pub method: String,
    /// Day.
    pub at: String,
}

/// `status` of a referenced token (Token Status List).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StatusClaim {
    /// The only mechanism we use.
    pub status_list: StatusListRef,
}

/// Place in a status list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatusListRef {
    /// Index.
    pub idx: u32,
    /// `{iss}/status/{n}`
    pub uri: String,
}

/// `{iss}/tm/official-community/v1`
pub fn trust_mark_type(iss: &str) -> String {
    format!("{iss}{TYPE_PATH}")
}

/// `{iss}/c/{ulid}`
pub fn subject(iss: &str, community: CommunityId) -> String {
    format!("{iss}/c/{community}")
}

/// `{iss}/status/{n}`
pub fn status_list_uri(iss: &str, list: i64) -> String {
    format!("{iss}/status/{list}")
}

/// Back from [`status_list_uri`].
pub fn status_list_number(iss: &str, uri: &str) -> Option<i64> {
    uri.strip_prefix(iss)?.strip_prefix("/status/")?.parse().ok()
}

/// A name cut to [`NAME_MAX`] characters, with an ellipsis where something is missing.
pub fn shorten(name: &str) -> String {
    if name.chars().count() <= NAME_MAX {
        return name.to_owned();
    }
    let mut cut: String = name.chars().take(NAME_MAX - 1).collect();
    cut.push('…');
    cut
}
