//! Why a look at a proof of control did not find it, or why it ended: stable words on the wire and in the database. What a person reads
//! about each is the pages'.

use std::fmt;
use std::str::FromStr;

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// What is wrong with a proof.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum ControlProblem {
            $($(#[$doc])* $name,)+
        }

        impl ControlProblem {
            /// Every problem.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

problems! {
    /// The one-time text stands nowhere in the community.
    TextNotFound = "text_not_found",
    /// The community shows itself to members only, or keeps the service out.
    CommunityClosed = "community_closed",
    /// The community was deleted or blocked, or is not there.
    CommunityGone = "community_gone",
    /// The platform did not answer.
    PlatformUnavailable = "platform_unavailable",
    /// The site did not answer as a site does.
    SiteNotReached = "site_not_reached",
    /// The site has no such page.
    SitePageMissing = "site_page_missing",
    /// The page sends on to another host.
    SiteRedirects = "site_redirects",
    /// The page is longer than is read.
    SiteTooLarge = "site_too_large",
    /// What stands there is no page.
    SiteNotAPage = "site_not_a_page",
    /// The one-time text does not stand in the page's head.
    TextNotOnSite = "text_not_on_site",
    /// The page does not link to the community.
    NoLinkToCommunity = "no_link_to_community",
    /// The community does not name the site.
    NoLinkBack = "no_link_back",
    /// The person who signed in at the platform does not administer the community.
    NotAnAdministrator = "not_an_administrator",
    /// Signing in at the platform was broken off.
    SignInCancelled = "sign_in_cancelled",
    /// An operator refused it.
    Declined = "declined",
    /// Its time ran out.
    Expired = "expired",
    /// It was given for another organisation.
    OtherOrganisation = "other_organisation",
    /// Another proof was found to hold first.
    NotNeeded = "not_needed",
}

impl fmt::Display for ControlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ControlProblem {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|p| p.as_str() == s).ok_or_else(|| format!("unknown problem of a proof {s:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for problem in ControlProblem::ALL {
            assert_eq!(problem.as_str().parse(), Ok(*problem));
        }
        assert!("nonsense".parse::<ControlProblem>().is_err());
    }
}
