//! What a platform tells us of a community between two confirmations, what the service then does about its badge, and when a
//! changed name fits again.

use std::time::Duration;

use super::badge::BadgeChange;
use super::reason::ReasonCode;
use super::refusal::RefusalCode;

/// What happened to a community, as its platform says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CommunityEvent {
    /// It is called something else now. What the message leaves out is as it was.
    Renamed(Names),
    /// Others may administer it now.
    AdministratorsChanged,
    /// Somebody took it over.
    Captured,
    /// It is gone.
    Deleted,
}

impl CommunityEvent {
    /// The message type of `POST /v1/webhooks/{platform}`.
    pub const fn message_type(&self) -> &'static str {
        match self {
            Self::Renamed(_) => "community.renamed",
            Self::AdministratorsChanged => "community.administrators_changed",
            Self::Captured => "community.compromised",
            Self::Deleted => "community.deleted",
        }
    }

    /// The reason of a badge's change.
    pub const fn reason(&self) -> ReasonCode {
        match self {
            Self::Renamed(_) => ReasonCode::CommunityRenamed,
            // Whose right it was to run the page may not run it any more.
            Self::AdministratorsChanged => ReasonCode::MandateLost,
            Self::Captured => ReasonCode::CommunityCaptured,
            Self::Deleted => ReasonCode::CommunityDeleted,
        }
    }

    /// With what applications end that were begun before.
    pub const fn refusal(&self) -> RefusalCode {
        match self {
            Self::Renamed(_) => RefusalCode::F15,
            Self::AdministratorsChanged | Self::Captured | Self::Deleted => RefusalCode::F16,
        }
    }
}

/// What a community is called.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Names {
    /// Name as shown.
    pub name: Option<String>,
    /// Vanity name in its address.
    pub screen_name: Option<String>,
}

impl Names {
    /// Nothing is said of either.
    pub const fn is_empty(&self) -> bool {
        self.name.is_none() && self.screen_name.is_none()
    }

    /// These names, and what `before` said of those left out.
    #[must_use]
    pub fn or(self, before: Self) -> Self {
        Self { name: self.name.or(before.name), screen_name: self.screen_name.or(before.screen_name) }
    }

    /// Whether a community called so is still called what was confirmed. Unknown is as confirmed. A vanity name counts where one was
    /// confirmed: then it may have gone to somebody else.
    pub fn fit(&self, confirmed: &Self) -> bool {
        let name = self.name.is_none() || same(self.name.as_deref(), confirmed.name.as_deref());
        let screen_name = match (&self.screen_name, &confirmed.screen_name) {
            (Some(now), Some(then)) => now.eq_ignore_ascii_case(then),
            _ => true,
        };
        name && screen_name
    }
}

/// White space is not a name's business: platforms collapse it.
fn same(a: Option<&str>, b: Option<&str>) -> bool {
    a.unwrap_or_default().split_whitespace().eq(b.unwrap_or_default().split_whitespace())
}

/// What is done about a badge in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// The message is remembered, and nothing else.
    Record,
    /// The badge stays in force; control has to be proven again in time, or it is suspended.
    Reprove,
    /// Out of force until somebody sorts it out.
    Suspend,
    /// Ended for good.
    Revoke,
}

impl Measure {
    /// The change of the badge, if it is one of its state.
    pub const fn change(self, reason: ReasonCode) -> Option<BadgeChange> {
        match self {
            Self::Record | Self::Reprove => None,
            Self::Suspend => Some(BadgeChange::Suspend(reason)),
            Self::Revoke => Some(BadgeChange::Revoke(reason)),
        }
    }
}

/// Which measure follows which event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventPolicy {
    /// After a new name.
    pub renamed: Measure,
    /// After a change of administrators.
    pub administrators_changed: Measure,
    /// After a capture.
    pub captured: Measure,
    /// After a deletion.
    pub deleted: Measure,
    /// Time to prove control again.
    pub reprove_within: Duration,
}

impl EventPolicy {
    /// The measure for an event.
    pub const fn measure(&self, event: &CommunityEvent) -> Measure {
        match event {
            CommunityEvent::Renamed(_) => self.renamed,
            CommunityEvent::AdministratorsChanged => self.administrators_changed,
            CommunityEvent::Captured => self.captured,
            CommunityEvent::Deleted => self.deleted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(name: Option<&str>, screen_name: Option<&str>) -> Names {
        Names { name: name.map(str::to_owned), screen_name: screen_name.map(str::to_owned) }
    }

    #[test]
    fn a_name_fits_when_it_is_the_confirmed_one() {
        let confirmed = names(Some("Детский сад № 12 «Ромашка»"), Some("ds12"));
        for fits in [
            names(None, None),
            names(Some("Детский сад № 12 «Ромашка»"), None),
            names(Some(" Детский  сад №\u{a0}12 «Ромашка» "), Some("DS12")),
            names(None, Some("ds12")),
        ] {
            assert!(fits.fit(&confirmed), "{fits:?}");
        }
        for other in [
            names(Some("Детский сад № 12"), None),
            names(Some("детский сад № 12 «Ромашка»"), None),
            names(Some(""), Some("ds12")),
            names(Some("Детский сад № 12 «Ромашка»"), Some("ds13")),
            names(None, Some("")),
        ] {
            assert!(!other.fit(&confirmed), "{other:?}");
        }
        assert!(names(None, Some("ds12")).fit(&names(Some("Сад"), None)), "a first vanity name takes nothing away");
    }

    fn any_names() -> impl Strategy<Value = Names> {
        let name = || proptest::option::of("[аб ]{0,3}");
        (name(), proptest::option::of("[ab]{0,2}")).prop_map(|(name, screen_name)| Names { name, screen_name })
    }

    proptest! {
        /// Messages may arrive in parts: what is known after all of them is what the last word on each name says.
        #[test]
        fn the_last_word_on_each_name_counts(a in any_names(), b in any_names(), c in any_names()) {
            let stepwise = c.clone().or(b.clone().or(a.clone()));
            prop_assert_eq!(&stepwise, &c.clone().or(b).or(a));
            prop_assert_eq!(c.name.is_some(), c.name.is_some() && stepwise.name == c.name);
        }

        #[test]
        fn every_name_fits_itself(a in any_names()) {
            prop_assert!(a.fit(&a));
        }
    }
}
