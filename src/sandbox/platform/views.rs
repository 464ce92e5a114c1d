//! What the templates are given. Texts are chosen here, layout in `templates/`.

use askama::Template;

use crate::domain::attestation::AttestationClaims;
use crate::domain::time::Timestamp;

use super::assess::Assessment;
use super::communities::{Answer, Community, FlowError};
use super::state::Platform;
use super::words;

/// Moscow keeps UTC+3 all year.
const MOSCOW_MS: i64 = 3 * 3600 * 1000;

#[derive(Template)]
#[template(path = "front.html", config = "src/sandbox/platform/askama.toml")]
pub(super) struct Front {
    pub(super) clubs: Vec<Club>,
}

#[derive(Template)]
#[template(path = "club.html", config = "src/sandbox/platform/askama.toml")]
pub(super) struct ClubPage {
    pub(super) club: Club,
    pub(super) posts: &'static [(&'static str, &'static str)],
}

#[derive(Template)]
#[template(path = "settings.html", config = "src/sandbox/platform/askama.toml")]
pub(super) struct Settings<'a> {
    pub(super) club: Club,
    /// Present when the browser administers the community.
    pub(super) csrf: Option<String>,
    pub(super) name_now: &'a str,
    /// When the application went to an operator.
    pub(super) since: Option<String>,
    pub(super) error: Option<Trouble>,
    pub(super) answer: Option<Told>,
}

#[derive(Template)]
#[template(path = "notice.html", config = "src/sandbox/platform/askama.toml")]
pub(super) struct Notice<'a> {
    pub(super) title: &'a str,
    pub(super) text: &'a str,
}

/// A community and its badge, ready to show.
pub(super) struct Club {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) handle: &'static str,
    pub(super) initials: &'static str,
    pub(super) tone: &'static str,
    pub(super) about: String,
    /// The web site it names.
    pub(super) site: String,
    pub(super) followers: &'static str,
    /// Only while the badge verifies.
    pub(super) badge: Option<Mark>,
    /// Status code, for colours.
    pub(super) status: String,
    pub(super) status_words: String,
    pub(super) explanation: &'static str,
    pub(super) reason: Option<String>,
    /// A line for visitors about a badge that does not hold any more.
    pub(super) warning: Option<&'static str>,
    pub(super) version: u64,
    pub(super) verified_at: String,
}

/// The badge.
pub(super) struct Mark {
    pub(super) authority: String,
    pub(super) full_name: String,
    pub(super) ogrn: String,
    /// gosbadge's page about it; only an address under the issuer becomes a link.
    pub(super) link: Option<String>,
}

/// A failed attempt.
pub(super) struct Trouble {
    pub(super) code: Option<String>,
    pub(super) description: String,
    /// The description came over OAuth, which allows ASCII only (RFC 6749 §4.1.2.1): not in the reader's language.
    pub(super) foreign: bool,
    pub(super) advice: &'static str,
}

/// gosbadge's answer to a message.
pub(super) struct Told {
    pub(super) at: String,
    pub(super) summary: String,
    pub(super) kind: &'static str,
    pub(super) body: String,
    pub(super) accepted: bool,
}

impl Club {
    pub(super) fn of(community: &Community, a: &Assessment, platform: &Platform) -> Self {
        let status = a.standing.status.clone();
        let claims = a.claims.as_ref().filter(|_| a.standing.shown());
        Self {
            id: community.id.to_string(),
            name: community.name.clone(),
            handle: community.screen_name,
            initials: community.initials,
            tone: community.tone,
            about: community.about.clone(),
            site: community.site.clone(),
            followers: community.followers,
            badge: claims.map(|c| Mark::of(c, &platform.issuer)),
            status_words: words::status(&status).to_owned(),
            explanation: words::explanation(&status),
            reason: a.standing.reason.as_deref().map(|r| words::reason(r).to_owned()),
            warning: match status.as_str() {
                "suspended" => Some("Отметка госорганизации приостановлена. Проверяйте сведения на других официальных ресурсах."),
                "revoked" => Some("Отметка госорганизации отозвана: эта страница больше не подтверждена."),
                _ => None,
            },
            status,
            version: a.version,
            verified_at: moscow(a.verified_at),
        }
    }
}

impl Mark {
    fn of(claims: &AttestationClaims, issuer: &str) -> Self {
        let link = Some(claims.reference.clone()).filter(|r| r.starts_with(&format!("{issuer}/")));
        let entity = &claims.legal_entity;
        Self { authority: authority_name(claims), full_name: entity.legal_person_name.clone(), ogrn: entity.identifier.ogrn.clone(), link }
    }
}

impl Trouble {
    pub(super) fn of(e: &FlowError) -> Self {
        Self {
            code: e.code.clone(),
            description: e.description.clone(),
            foreign: e.description.is_ascii(),
            advice: words::advice(&e.error, e.code.as_deref()),
        }
    }
}

impl Told {
    pub(super) fn of(a: &Answer) -> Self {
        Self { at: moscow(a.at), summary: a.summary.clone(), kind: a.kind, body: a.body.clone(), accepted: a.accepted }
    }
}

/// The name people know the authority by.
pub(super) fn authority_name(claims: &AttestationClaims) -> String {
    claims.legal_entity.legal_person_short_name.clone().unwrap_or_else(|| claims.organization_name.clone())
}

/// `24 ноября, 12:04`, Moscow time.
pub(super) fn moscow(at: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"];
    let t = Timestamp::from_millis(at.millis().saturating_add(MOSCOW_MS)).to_utc();
    let month = MONTHS[usize::from(u8::from(t.month())) - 1];
    format!("{} {month}, {:02}:{:02}:{:02}", t.day(), t.hour(), t.minute(), t.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moscow_is_three_hours_ahead() {
        let t = Timestamp::parse_rfc3339("2026-11-30T22:04:05Z").unwrap();
        assert_eq!(moscow(t), "1 декабря, 01:04:05");
    }
}
