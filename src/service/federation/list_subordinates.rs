//! Lists who is in the federation, page by page: the standard's listings have no paging and may name a million communities, so
//! they are read in pieces, each with a look of its own into the database, and handed on before the next is read.

use std::sync::Arc;

use super::{community_of, standing};
use crate::domain::attestation::{subject, trust_mark_type};
use crate::domain::badge::BadgeState;
use crate::domain::ids::CommunityId;
use crate::service::{App, Error, damaged};
use crate::store::{StoreError, badges, communities};

/// Communities looked at for one page.
const PAGE: i64 = 5000;

/// Whom a list names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Listed {
    /// Every immediate subordinate.
    Subordinates,
    /// Those with a mark that is still valid.
    Marked,
}

/// What a listing is filtered by; what is absent filters nothing.
#[derive(Default)]
pub struct Filter {
    /// `entity_type`, which may stand several times: entities of any of them.
    pub entity_types: Vec<String>,
    /// `trust_marked`
    pub trust_marked: bool,
    /// `trust_mark_type`
    pub trust_mark_type: Option<String>,
    /// `intermediate`
    pub intermediate: bool,
}

/// Whom a filter leaves; nobody when `None`. All our subordinates are of the type `federation_entity` and none has others below
/// it, so these filters are decided without looking at one.
pub fn filtered(app: &App, filter: &Filter) -> Option<Listed> {
    let of_type = filter.entity_types.is_empty() || filter.entity_types.iter().any(|t| t == "federation_entity");
    let of_mark = filter.trust_mark_type.as_ref().is_none_or(|t| *t == trust_mark_type(&app.settings.issuer));
    if filter.intermediate || !of_type || !of_mark {
        return None;
    }
    Some(if filter.trust_marked || filter.trust_mark_type.is_some() { Listed::Marked } else { Listed::Subordinates })
}

/// A piece of a list.
#[derive(Default)]
pub struct Page {
    /// Entity identifiers, in the order of the communities' ids.
    pub subjects: Vec<String>,
    /// Where the next piece starts; absent at the end.
    pub next: Option<String>,
}

/// The piece of a list after `after`.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn page(app: &Arc<App>, listed: Listed, after: String) -> Result<Page, Error> {
    let now = app.clock.now().millis();
    let iss = app.settings.issuer.clone();
    app.db
        .read("list_subordinates", move |tx| -> Result<_, Error> {
            let ids = communities::ids_after(tx, &after, PAGE)?;
            let Some(last) = ids.last().cloned() else { return Ok(Page::default()) };
            let mut named: Vec<String> = Vec::new();
            // One community after the other, each with all its badges.
            for stand in badges::stands_between(tx, &after, &last)? {
                let counts = match listed {
                    Listed::Subordinates => stand.issued_at.is_some(),
                    Listed::Marked => stand.state == BadgeState::Active.as_str() && stand.expires_at > now,
                };
                if counts && named.last() != Some(&stand.community_id) {
                    named.push(stand.community_id);
                }
            }
            let full = i64::try_from(ids.len()).map_err(|_| StoreError::Corrupt("page"))? >= PAGE;
            let subjects = named.iter().map(|id| Ok(subject(&iss, id.parse::<CommunityId>().map_err(|_| damaged("community id"))?)));
            Ok(Page { subjects: subjects.collect::<Result<_, Error>>()?, next: full.then_some(last) })
        })
        .await
}

/// One subject's part of the list of the marked: itself, or nobody.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn marked_subject(app: &Arc<App>, sub: &str) -> Result<Vec<String>, Error> {
    let Some(community) = community_of(&app.settings.issuer, sub) else { return Ok(Vec::new()) };
    let marked = standing(app, community).await?.is_some_and(|s| s.mark.is_some());
    Ok(marked.then(|| sub.to_owned()).into_iter().collect())
}
