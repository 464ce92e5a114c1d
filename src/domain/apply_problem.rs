//! What can be wrong with the form by which an authority starts an application itself: each with a stable code. The words for
//! people are the page's.

/// Why no application was started.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ApplyProblem {
    /// No link was given.
    LinkMissing,
    /// The text means no community of any platform, or of the one that was named.
    LinkNotUnderstood,
    /// A bare name, and nobody said on which platform.
    PlatformNeeded,
    /// The platform takes no applications now.
    PlatformDisabled,
    /// The link holds a name, and the platform cannot be asked which number that is.
    NumberNeeded,
    /// The platform cannot be asked what the community is called.
    NameNeeded,
    /// The name given is empty, too long or holds invisible characters.
    NameNotUsable,
    /// The platform has no such community.
    NoSuchCommunity,
    /// Only members see the community.
    Closed,
    /// The community was deleted.
    Deleted,
    /// The platform blocked the community.
    Blocked,
    /// The community keeps the service from looking at it.
    KeptOut,
    /// The community is not among those its platform is registered for.
    NotServed,
    /// The platform did not answer.
    PlatformAway,
    /// Too many applications were started.
    TooMany,
}

impl ApplyProblem {
    /// Every problem.
    pub const ALL: [Self; 15] = [
        Self::LinkMissing,
        Self::LinkNotUnderstood,
        Self::PlatformNeeded,
        Self::PlatformDisabled,
        Self::NumberNeeded,
        Self::NameNeeded,
        Self::NameNotUsable,
        Self::NoSuchCommunity,
        Self::Closed,
        Self::Deleted,
        Self::Blocked,
        Self::KeptOut,
        Self::NotServed,
        Self::PlatformAway,
        Self::TooMany,
    ];

    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LinkMissing => "link-missing",
            Self::LinkNotUnderstood => "link-not-understood",
            Self::PlatformNeeded => "platform-needed",
            Self::PlatformDisabled => "platform-disabled",
            Self::NumberNeeded => "number-needed",
            Self::NameNeeded => "name-needed",
            Self::NameNotUsable => "name-not-usable",
            Self::NoSuchCommunity => "no-such-community",
            Self::Closed => "community-closed",
            Self::Deleted => "community-deleted",
            Self::Blocked => "community-blocked",
            Self::KeptOut => "community-keeps-out",
            Self::NotServed => "community-not-served",
            Self::PlatformAway => "platform-away",
            Self::TooMany => "too-many",
        }
    }

    /// Whether the name is what has to be given or mended.
    pub const fn is_about_the_name(self) -> bool {
        matches!(self, Self::NameNeeded | Self::NameNotUsable)
    }

    /// Whether the choice of a platform is.
    pub const fn is_about_the_platform(self) -> bool {
        matches!(self, Self::PlatformNeeded | Self::PlatformDisabled)
    }
}
