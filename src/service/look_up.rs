//! Reading what is on record: a community's page, a badge, an application.

use std::sync::Arc;

use super::{App, Error};
use crate::domain::application::StartKind;
use crate::domain::badge::BadgeState;
use crate::domain::community_link;
use crate::domain::control::{ProofKind, ProofStatus};
use crate::domain::digest::{self, SecretKind};
use crate::domain::time::Timestamp;
use crate::store::applications::{self, ApplicationRow};
use crate::store::attestations::{self, AttestationRow};
use crate::store::badges::{self, BadgeFacts, BadgeRow};
use crate::store::communities;
use crate::store::ledger::{self, EventRow};
use crate::store::platforms::{self, PlatformRow};
use crate::store::proofs::{self, ProofRow};
use crate::store::{StoreError, Tx, authorities, evidence, logins, renewals, reproofs};

/// Everything public about one badge.
pub struct BadgeRecord {
    /// Badge, community, authority.
    pub facts: BadgeFacts,
    /// Platform.
    pub platform: PlatformRow,
    /// Its history, oldest first.
    pub events: Vec<EventRow>,
    /// The newest attestation.
    pub attestation: Option<AttestationRow>,
    /// By when control of the community has to be proven again, for a badge in force.
    pub reprove_by: Option<Timestamp>,
}

fn record(tx: &mut Tx<'_>, id: &str) -> Result<Option<BadgeRecord>, StoreError> {
    let Some(facts) = badges::facts(tx, id)?.filter(|(b, ..)| b.issued_at.is_some()) else { return Ok(None) };
    let platform = platforms::by_id(tx, &facts.1.platform_id)?.ok_or(StoreError::Stale("platform"))?;
    let events = ledger::of_badge(tx, id)?.into_iter().filter(|e| e.kind != "abandoned").collect();
    let term = reproofs::term(tx, id)?.filter(|_| facts.0.state == BadgeState::Active.as_str());
    Ok(Some(BadgeRecord { facts, platform, events, attestation: attestations::newest_active(tx, id)?, reprove_by: term.map(|t| t.by) }))
}

/// The badge a community has now, or had last.
///
/// # Errors
/// [`Error::NotFound`] when it never had one.
pub async fn community_record(app: &Arc<App>, community: String) -> Result<BadgeRecord, Error> {
    app.db
        .read("community_record", move |tx| -> Result<_, Error> {
            let c = communities::by_id(tx, &community)?.ok_or(Error::NotFound("page"))?;
            let shown = newest(tx, &c.id)?.ok_or(Error::NotFound("page"))?;
            record(tx, &shown.id)?.ok_or(Error::NotFound("page"))
        })
        .await
}

/// The badge a community has now, or had last; one that was never in force does not count.
pub(super) fn newest(tx: &mut Tx<'_>, community: &str) -> Result<Option<BadgeRow>, StoreError> {
    match badges::current_of(tx, community)? {
        Some(b) => Ok(Some(b)),
        None => Ok(badges::history_of(tx, community)?.into_iter().next()),
    }
}

/// What a pasted link leads to.
pub enum Found {
    /// The link is on no platform we know.
    NotAPlatform,
    /// On this platform, but no such community has a badge, or ever had.
    Nothing {
        /// Platform name.
        platform: String,
    },
    /// The community's badge.
    Record {
        /// The badge.
        record: Box<BadgeRecord>,
        /// Found by the community's number, which never changes; otherwise by an address that may have moved to another
        /// community since it was recorded.
        by_number: bool,
    },
}

/// Finds the badge of the community a link points to: by the number in it (`club123`, `public123`, `group/123`), else by its
/// exact address or screen name as recorded.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn by_link(app: &Arc<App>, link: &str) -> Result<Found, Error> {
    let link = link.trim().to_owned();
    app.db
        .read("by_link", move |tx| -> Result<_, StoreError> {
            let address = if link.contains("://") { link.clone() } else { format!("https://{link}") };
            let Ok(url) = url::Url::parse(&address) else { return Ok(Found::NotAPlatform) };
            let plain = format!("{}{}", url.origin().ascii_serialization(), url.path().trim_end_matches('/'));
            for platform in platforms::list(tx)? {
                let Some(rest) = community_link::rest_of(&plain, &platform.prefixes()?) else { continue };
                let number = community_link::number(&rest);
                let found = match &number {
                    Some(n) => communities::by_number(tx, &platform.id, n.as_str())?,
                    None => match communities::by_uri(tx, &plain)? {
                        Some(c) => Some(c),
                        None => communities::by_screen_name(tx, &platform.id, &rest)?,
                    },
                };
                let badge = match found {
                    Some(c) => newest(tx, &c.id)?,
                    None => None,
                };
                let record = match badge {
                    Some(b) => record(tx, &b.id)?,
                    None => None,
                };
                return Ok(match record {
                    Some(r) => Found::Record { record: Box::new(r), by_number: number.is_some() },
                    None => Found::Nothing { platform: platform.name },
                });
            }
            Ok(Found::NotAPlatform)
        })
        .await
        .map_err(Error::from)
}

/// A badge by id.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn badge_record(app: &Arc<App>, badge: String) -> Result<BadgeRecord, Error> {
    app.db.read("badge_record", move |tx| record(tx, &badge)).await.map_err(Error::from)?.ok_or(Error::NotFound("badge"))
}

/// What stood in the way of a badge's renewal at the last look, for operators.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn renewal_obstacle(app: &Arc<App>, badge: String) -> Result<Option<String>, Error> {
    app.db.read("renewal_obstacle", move |tx| renewals::obstacle(tx, &badge)).await.map_err(Error::from)
}

/// An application, for the platform that started it. One that an authority started is no platform's to see.
///
/// # Errors
/// [`Error::NotFound`], for another platform's too.
pub async fn application_of_platform(app: &Arc<App>, id: String, platform: &str) -> Result<(ApplicationRow, Vec<ProofState>), Error> {
    let (platform, now) = (platform.to_owned(), app.clock.now());
    app.db
        .read("application", move |tx| -> Result<_, Error> {
            let row = applications::by_id(tx, &id)?;
            let row =
                row.filter(|r| r.platform_id == platform && r.start != StartKind::Portal.as_str()).ok_or(Error::NotFound("application"))?;
            let proofs = proofs::of_application(tx, &row.id)?.into_iter().map(|p| ProofState::of(&p, now)).collect::<Result<_, _>>()?;
            Ok((row, proofs))
        })
        .await
}

/// A proof of control as anybody may see it who may see the application: without the one-time text, which is its person's.
pub struct ProofState {
    /// Which kind.
    pub kind: ProofKind,
    /// Where it stands now.
    pub status: ProofStatus,
    /// Until when it can be given.
    pub expires_at: Timestamp,
    /// When it was found to hold.
    pub validated_at: Option<Timestamp>,
    /// Why it does not hold, or did not at the last look.
    pub error: Option<String>,
}

impl ProofState {
    fn of(row: &ProofRow, now: Timestamp) -> Result<Self, StoreError> {
        Ok(Self {
            kind: row.kind()?,
            status: row.status_at(now)?,
            expires_at: Timestamp::from_millis(row.expires_at),
            validated_at: row.validated_at.map(Timestamp::from_millis),
            error: row.error.clone(),
        })
    }
}

/// An application, for the browser that signed in for it, with its platform.
///
/// # Errors
/// [`Error::NotFound`], for another browser too.
pub async fn application_of_browser(app: &Arc<App>, id: String, browser: &str) -> Result<(ApplicationRow, PlatformRow), Error> {
    let browser_digest = digest::of_secret(SecretKind::Browser, browser);
    app.db
        .read("application", move |tx| -> Result<_, Error> {
            let row = applications::by_id(tx, &id)?.ok_or(Error::NotFound("application"))?;
            if !logins::browser_began(tx, &row.id, &browser_digest)? {
                return Err(Error::NotFound("application"));
            }
            let platform = platforms::by_id(tx, &row.platform_id)?.ok_or(StoreError::Stale("platform"))?;
            Ok((row, platform))
        })
        .await
}

/// What a browser may know of the sign-in that counts for an application.
#[derive(Default)]
pub struct SignedIn {
    /// When, where it was this browser that signed in.
    pub here: Option<Timestamp>,
    /// Whether it was another one.
    pub elsewhere: bool,
    /// The organisation that was chosen, by its full name; for the browser that signed in.
    pub organisation: Option<String>,
}

/// Whose sign-in counts for an authority's own application now. One that is too old counts no more.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn sign_in_of(app: &Arc<App>, row: &ApplicationRow, browser: &str) -> Result<SignedIn, Error> {
    let browser_digest = digest::of_secret(SecretKind::Browser, browser);
    let (id, authority) = (row.id.clone(), row.authority_id.clone());
    let (now, lifetime) = (app.clock.now(), app.settings.portal_sign_in_lifetime);
    let found = app.db.read("sign_in_of", move |tx| -> Result<_, StoreError> {
        let fresh = |at: i64| now.since(Timestamp::from_millis(at)) < lifetime;
        let Some(sealed) = evidence::latest(tx, &id)?.filter(|e| fresh(e.created_at)) else { return Ok(SignedIn::default()) };
        if !logins::is_of_browser(tx, &sealed.login_id, &browser_digest)? {
            return Ok(SignedIn { elsewhere: true, ..SignedIn::default() });
        }
        let organisation = authority.map(|a| authorities::by_id(tx, &a)).transpose()?.map(|a| a.full_name);
        Ok(SignedIn { here: Some(Timestamp::from_millis(sealed.created_at)), elsewhere: false, organisation })
    });
    found.await.map_err(Error::from)
}

/// Addresses to show somebody whose link was not understood.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn link_examples(app: &Arc<App>) -> Result<Vec<String>, Error> {
    let all = app.db.read("link_examples", platforms::list).await.map_err(Error::from)?;
    let prefixes = all.iter().filter_map(|p| p.prefixes().ok()).filter_map(|p| p.into_iter().next());
    Ok(prefixes.take(3).map(|p| format!("{p}club123456")).collect())
}
