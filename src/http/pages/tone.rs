//! How a verdict looks: a class for the stylesheet and a picture. The words stand beside it; neither colour nor picture
//! is ever the only carrier of the meaning (WCAG 2.2, 1.4.1).

use crate::domain::badge::BadgeState;

/// The states of a badge that the public sees. One that never came into force has no page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PublicState {
    /// In force.
    Active,
    /// Taken out of force for a while.
    Suspended,
    /// Ended by decision.
    Revoked,
    /// Ended by time.
    Expired,
}

impl PublicState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Active, Self::Suspended, Self::Revoked, Self::Expired];

    /// `None` for states whose page must answer "not found".
    pub const fn of(state: BadgeState) -> Option<Self> {
        match state {
            BadgeState::Active => Some(Self::Active),
            BadgeState::Suspended => Some(Self::Suspended),
            // The page of a community shows the badge that took its place; should that one be gone, this one ended by decision too.
            BadgeState::Revoked | BadgeState::Superseded => Some(Self::Revoked),
            BadgeState::Expired => Some(Self::Expired),
            BadgeState::Prepared | BadgeState::Abandoned => None,
        }
    }

    pub(super) const fn tone(self) -> Tone {
        match self {
            Self::Active => Tone::Official,
            Self::Suspended => Tone::Suspended,
            Self::Revoked => Tone::Revoked,
            Self::Expired => Tone::Expired,
        }
    }
}

/// The look of a verdict or a notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tone {
    Official,
    Suspended,
    Revoked,
    Expired,
    Unconfirmed,
    Unclear,
    Unknown,
}

impl Tone {
    /// Class in the stylesheet.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Official => "t-official",
            Self::Suspended => "t-suspended",
            Self::Revoked => "t-revoked",
            Self::Expired => "t-expired",
            Self::Unconfirmed => "t-unconfirmed",
            Self::Unclear => "t-unclear",
            Self::Unknown => "t-unknown",
        }
    }

    /// Picture, as markup of ours; hidden from screen readers, which read the words.
    pub(super) const fn icon(self) -> &'static str {
        match self {
            Self::Official => include_str!("assets/icon-official.svg"),
            Self::Suspended => include_str!("assets/icon-suspended.svg"),
            Self::Revoked => include_str!("assets/icon-revoked.svg"),
            Self::Expired => include_str!("assets/icon-expired.svg"),
            Self::Unconfirmed => include_str!("assets/icon-unconfirmed.svg"),
            Self::Unclear => include_str!("assets/icon-unclear.svg"),
            Self::Unknown => include_str!("assets/icon-unknown.svg"),
        }
    }
}
