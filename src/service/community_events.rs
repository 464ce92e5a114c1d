//! What a platform's message about a community does: the badge and the applications of that community, by the configured policy.
//! Each message acts once. How messages arrive and whom they are believed of is each door's own business.

use std::sync::Arc;

use serde_json::{Value, json};

use super::change_badge::change_in;
use super::{Actor, App, Error, reprove};
use crate::domain::application::StartKind;
use crate::domain::badge::BadgeChange;
use crate::domain::community::CommunityRef;
use crate::domain::community_event::{CommunityEvent, Measure, Names};
use crate::domain::time::Timestamp;
use crate::store::badges::{self, BadgeRow};
use crate::store::communities::{self, CommunityRow};
use crate::store::inbound::{self, InboundRow};
use crate::store::{StoreError, Tx, applications};

/// The answer this message got before, if it came before.
pub(super) fn earlier(tx: &mut Tx<'_>, row: &InboundRow) -> Result<Option<String>, Error> {
    match inbound::find(tx, &row.platform_id, &row.webhook_id)? {
        Some(old) if old.body_digest == row.body_digest => Ok(Some(old.response)),
        Some(_) => Err(Error::Conflict("this message id came before with another body; use a new id for a new message".to_owned())),
        None => Ok(None),
    }
}

/// Records the message, or returns the answer it got before. Of two copies arriving at once, the second waits here for the
/// first one's commit.
pub(super) fn claim(tx: &mut Tx<'_>, row: &InboundRow) -> Result<Option<String>, Error> {
    if let Some(answer) = earlier(tx, row)? {
        return Ok(Some(answer));
    }
    match inbound::insert(tx, row) {
        Ok(()) => Ok(None),
        Err(StoreError::Duplicate) => earlier(tx, row)?.map(Some).ok_or_else(|| super::damaged("recorded answer")),
        Err(e) => Err(e.into()),
    }
}

/// Records the message and does what it means, in one transaction; a copy gets the first one's answer and does nothing.
pub(super) async fn act(
    app: &Arc<App>,
    row: InboundRow,
    community: CommunityRef,
    event: CommunityEvent,
    actor: Actor,
    word: Word,
) -> Result<String, Error> {
    let (inner, now) = (Arc::clone(app), app.clock.now());
    let (answer, moved) = app
        .db
        .write("community_message", move |tx| -> Result<_, Error> {
            if let Some(answer) = claim(tx, &row)? {
                return Ok((answer, false));
            }
            let about = About { app: &inner, community: &community, actor: &actor, word, now };
            let badge = about.badge(tx)?;
            let moved = about.apply(tx, badge.as_ref(), &event)?;
            let response = json!({ "recorded": true, "community": community, "badge": shown(tx, badge)? }).to_string();
            inbound::set_response(tx, &row.platform_id, &row.webhook_id, &response)?;
            Ok((response, moved))
        })
        .await?;
    if moved {
        app.after_commit().await;
    }
    Ok(answer)
}

/// Whose word a message is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// The platform's own.
    Platform,
    /// That of somebody who administers the community: it may take a badge away and never give it back.
    Administrator,
}

struct About<'a> {
    app: &'a App,
    community: &'a CommunityRef,
    actor: &'a Actor,
    word: Word,
    now: Timestamp,
}

impl About<'_> {
    fn record(&self, tx: &mut Tx<'_>) -> Result<Option<CommunityRow>, Error> {
        Ok(communities::by_number(tx, self.community.platform.as_str(), self.community.id.as_str())?)
    }

    /// The community's badge in force, locked: before the applications, as an issue takes them.
    fn badge(&self, tx: &mut Tx<'_>) -> Result<Option<BadgeRow>, Error> {
        let Some(c) = self.record(tx)? else { return Ok(None) };
        // One that is being recorded at this moment: this waits for it.
        if let Some(prepared) = badges::prepared_of(tx, &c.id)? {
            badges::lock(tx, &prepared.id)?;
        }
        let Some(current) = badges::current_of(tx, &c.id)? else { return Ok(None) };
        badges::lock(tx, &current.id)?;
        Ok(badges::by_id(tx, &current.id)?)
    }

    /// Whether the badge moved. A community without one is only recorded.
    fn apply(&self, tx: &mut Tx<'_>, badge: Option<&BadgeRow>, event: &CommunityEvent) -> Result<bool, Error> {
        let measure = self.app.settings.platform_events.measure(event);
        match event {
            CommunityEvent::Renamed(names) => self.renamed(tx, badge, names, measure),
            _ => self.take(tx, badge, event, measure, None),
        }
    }

    /// Does what the measure says.
    fn take(
        &self,
        tx: &mut Tx<'_>,
        badge: Option<&BadgeRow>,
        event: &CommunityEvent,
        measure: Measure,
        called: Option<&str>,
    ) -> Result<bool, Error> {
        // Without a badge to demand a new proof of, what was begun on the word of who administered it then has to be begun again.
        let void = matches!(measure, Measure::Suspend | Measure::Revoke) || (measure == Measure::Reprove && badge.is_none());
        if void {
            self.refuse_open(tx, event, &StartKind::ALL, called)?;
        } else if measure == Measure::Reprove {
            // What was proven by whoever administered it then proves nothing now.
            self.refuse_open(tx, event, &[StartKind::Portal], None)?;
        }
        badge.map_or(Ok(false), |b| self.measure(tx, b, event, measure))
    }

    /// Ends applications begun before, unless they name the community as it is called now: whoever holds the page must not finish what
    /// was begun for another.
    fn refuse_open(&self, tx: &mut Tx<'_>, event: &CommunityEvent, starts: &[StartKind], called: Option<&str>) -> Result<(), Error> {
        let (platform, number) = (self.community.platform.as_str(), self.community.id.as_str());
        applications::refuse_open_of(tx, platform, number, starts, called, event.refusal(), self.now)?;
        Ok(())
    }

    fn measure(&self, tx: &mut Tx<'_>, badge: &BadgeRow, event: &CommunityEvent, measure: Measure) -> Result<bool, Error> {
        if let Some(change) = measure.change(event.reason()) {
            return self.change(tx, badge, change);
        }
        if measure == Measure::Reprove {
            let (platform, within) = (self.community.platform.as_str(), self.app.settings.platform_events.reprove_within);
            return reprove::demand(self.app, tx, badge, platform, within, self.actor, self.now);
        }
        Ok(false)
    }

    fn change(&self, tx: &mut Tx<'_>, badge: &BadgeRow, change: BadgeChange) -> Result<bool, Error> {
        Ok(change_in(self.app, tx, &badge.id, change, None, self.actor, self.now)??.moved)
    }

    /// A badge holds as long as the community is called what was confirmed; it comes back into force by itself when it is again.
    fn renamed(&self, tx: &mut Tx<'_>, badge: Option<&BadgeRow>, names: &Names, measure: Measure) -> Result<bool, Error> {
        let event = CommunityEvent::Renamed(names.clone());
        let Some(c) = self.record(tx)? else { return self.take(tx, None, &event, measure, names.name.as_deref()) };
        let confirmed = Names { name: Some(c.name.clone()), screen_name: c.screen_name.clone() };
        let before = communities::seen(tx, &c.id)?;
        let seen = names.clone().or(before.clone());
        let fits = !names.is_empty() && seen.fit(&confirmed);
        if fits && self.word == Word::Administrator {
            return Ok(false);
        }
        // Said again, it is no news: an operator may have let the badge stand under this name. A message without the new names
        // cannot be compared with anything.
        let news = !fits && (names.is_empty() || seen != before);
        if news && matches!(measure, Measure::Suspend | Measure::Revoke) {
            self.refuse_open(tx, &event, &StartKind::ALL, seen.name.as_deref())?;
        }
        communities::see(tx, &c.id, &seen)?;
        match badge {
            Some(b) if news => self.measure(tx, b, &event, measure),
            Some(b) if fits && b.reason.as_deref() == Some(event.reason().as_str()) && reprove::passes(tx, b)? => {
                self.change(tx, b, BadgeChange::Reinstate(event.reason()))
            }
            _ => Ok(false),
        }
    }
}

/// The badge as it stands now, for the answer; one that this very message ended too.
fn shown(tx: &mut Tx<'_>, badge: Option<BadgeRow>) -> Result<Value, Error> {
    let Some(before) = badge else { return Ok(Value::Null) };
    let now = badges::by_id(tx, &before.id)?.ok_or(StoreError::Stale("badge"))?;
    Ok(json!({ "id": now.id, "state": now.state, "reason": now.reason, "version": now.version }))
}
