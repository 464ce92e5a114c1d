//! The verdict as people and programs read it. The JSON members are those of `POST /v1/verify`, with `code` and `detail`.

use serde::Serialize;

use crate::domain::attestation::AttestationClaims;
use crate::domain::authority::AuthorityKind;
use crate::domain::community::CommunityRef;
use crate::domain::ids::AttestationId;
use crate::domain::status::VerifyStatus;
use crate::domain::time::Timestamp;
use crate::verifier::Verdict;

const VALID: u8 = 0;
const INVALID: u8 = 1;
pub(super) const CANNOT_TELL: u8 = 2;

#[derive(Serialize)]
pub(super) struct Report {
    verdict: &'static str,
    status: VerifyStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(flatten)]
    badge: Option<Badge>,
    as_of: Timestamp,
}

/// What the attestation says, once its signature held.
#[derive(Serialize)]
struct Badge {
    attestation: AttestationId,
    authority: Authority,
    community: CommunityRef,
    community_uri: String,
    issued_at: Timestamp,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct Authority {
    ogrn: String,
    name: String,
    kind: AuthorityKind,
}

impl Badge {
    fn of(claims: &AttestationClaims) -> Self {
        Self {
            attestation: claims.jti,
            authority: Authority {
                ogrn: claims.legal_entity.identifier.ogrn.clone(),
                name: claims.legal_entity.legal_person_name.clone(),
                kind: claims.legal_entity.authority_kind,
            },
            community: claims.community.reference(),
            community_uri: claims.community.snapshot.uri.clone(),
            issued_at: Timestamp::from_secs(claims.iat),
            expires_at: Timestamp::from_secs(claims.exp),
        }
    }
}

impl Report {
    pub(super) fn of(issuer: Option<String>, verdict: &Verdict, as_of: Timestamp) -> Self {
        let word = match verdict.status {
            VerifyStatus::Active => "valid",
            VerifyStatus::Unknown => "cannot_tell",
            _ => "invalid",
        };
        Self {
            verdict: word,
            status: verdict.status,
            code: verdict.code,
            detail: verdict.detail.clone(),
            issuer,
            badge: verdict.claims.as_ref().map(Badge::of),
            as_of,
        }
    }

    pub(super) fn cannot_tell(code: &'static str, detail: String, as_of: Timestamp) -> Self {
        let status = VerifyStatus::Unknown;
        Self { verdict: "cannot_tell", status, code: Some(code), detail: Some(detail), issuer: None, badge: None, as_of }
    }

    pub(super) fn exit_status(&self) -> u8 {
        match self.verdict {
            "valid" => VALID,
            "invalid" => INVALID,
            _ => CANNOT_TELL,
        }
    }

    pub(super) fn is_verdict(&self) -> bool {
        self.exit_status() != CANNOT_TELL
    }

    pub(super) fn detail(&self) -> String {
        printable(self.detail.as_deref().unwrap_or_default())
    }

    pub(super) fn json(&self) -> String {
        // safety: strings, numbers and string-keyed members only; nothing here can fail to serialize
        serde_json::to_string(self).expect("a plain value")
    }

    /// For people; `compared` tells whether the badge was held against a community.
    pub(super) fn text(&self, compared: bool) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &str| text.push_str(&format!("{name:<12} {}\n", printable(value)));
        line(if self.exit_status() == VALID { "VALID" } else { "NOT VALID" }, self.status.as_str());
        if let (Some(detail), Some(code)) = (&self.detail, self.code) {
            line("because", &format!("{detail} ({code})"));
        }
        if let Some(badge) = &self.badge {
            line("authority", &format!("{}, OGRN {}", badge.authority.name, badge.authority.ogrn));
            line("community", &format!("{} {} {}", badge.community.platform, badge.community.id, badge.community_uri));
            line("attestation", &format!("{} from {} until {}", badge.attestation, badge.issued_at, badge.expires_at));
        }
        if let Some(issuer) = &self.issuer {
            line("issuer", issuer);
        }
        if self.exit_status() == VALID && !compared {
            line("note", "not compared with the community that shows it; give --platform and --community");
        }
        text
    }
}

/// Without control characters: an attestation must not steer the reader's terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
