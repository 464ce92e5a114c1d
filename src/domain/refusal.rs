//! Refusal codes: every way an application can end without a badge, numbered as the field knows them (F1 to F23) plus
//! two of our own about the badge that is already there.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why an application ended, or could not go on. Written with two digits: `F04`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum RefusalCode {
    /// The person did not consent to pass the data on.
    F01,
    /// The person's account is not confirmed.
    F02,
    /// The person does not work in the organisation.
    F03,
    /// The person is neither head nor profile administrator.
    F04,
    /// The person has no organisation, or it has no OGRN in its profile.
    F05,
    /// The organisation is liquidated.
    F06,
    /// The organisation was reorganised into another one.
    F07,
    /// The head at the identity provider is not the head in the register.
    F08,
    /// The person was dismissed or blocked in the organisation.
    F09,
    /// A branch that shares the head office's OGRN.
    F10,
    /// A unit without legal personality.
    F11,
    /// A further page of the same body.
    F12,
    /// A private body: not in the scope of official pages.
    F13,
    /// A body exempt from keeping a page.
    F14,
    /// The page was renamed.
    F15,
    /// The page was captured.
    F16,
    /// Our own clock, certificate or signature is out of order.
    F17,
    /// The identity provider is overloaded or away.
    F18,
    /// The sign-in was used already, took too long, or belongs to another browser.
    F19,
    /// Our redirect address is not registered at the identity provider.
    F20,
    /// The second factor is required and not possible.
    F21,
    /// The organisation's data contradicts itself (a person's INN in an organisation's record, a wrong check digit).
    F22,
    /// The person signed in as a private person or sole trader.
    F23,
    /// The community already carries a badge of another authority.
    B01,
    /// The community's badge is suspended.
    B02,
}

impl RefusalCode {
    /// Every code.
    pub const ALL: [Self; 25] = [
        Self::F01,
        Self::F02,
        Self::F03,
        Self::F04,
        Self::F05,
        Self::F06,
        Self::F07,
        Self::F08,
        Self::F09,
        Self::F10,
        Self::F11,
        Self::F12,
        Self::F13,
        Self::F14,
        Self::F15,
        Self::F16,
        Self::F17,
        Self::F18,
        Self::F19,
        Self::F20,
        Self::F21,
        Self::F22,
        Self::F23,
        Self::B01,
        Self::B02,
    ];

    /// The code as written everywhere, `F04`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::F01 => "F01",
            Self::F02 => "F02",
            Self::F03 => "F03",
            Self::F04 => "F04",
            Self::F05 => "F05",
            Self::F06 => "F06",
            Self::F07 => "F07",
            Self::F08 => "F08",
            Self::F09 => "F09",
            Self::F10 => "F10",
            Self::F11 => "F11",
            Self::F12 => "F12",
            Self::F13 => "F13",
            Self::F14 => "F14",
            Self::F15 => "F15",
            Self::F16 => "F16",
            Self::F17 => "F17",
            Self::F18 => "F18",
            Self::F19 => "F19",
            Self::F20 => "F20",
            Self::F21 => "F21",
            Self::F22 => "F22",
            Self::F23 => "F23",
            Self::B01 => "B01",
            Self::B02 => "B02",
        }
    }

    /// One line for a platform's log, in ASCII because RFC 6749 §4.1.2.1 allows nothing else in `error_description`.
    pub const fn ascii_summary(self) -> &'static str {
        match self {
            Self::F01 => "the person declined",
            Self::F02 => "the person's account is not confirmed",
            Self::F03 => "the person does not work in the organisation",
            Self::F04 => "the person is neither head nor profile administrator",
            Self::F05 => "no organisation, or no OGRN in its profile",
            Self::F06 => "the organisation is liquidated",
            Self::F07 => "the organisation was reorganised",
            Self::F08 => "the head differs from the register",
            Self::F09 => "the person is blocked in the organisation",
            Self::F10 => "a branch that cannot be told from its head office",
            Self::F11 => "a unit without legal personality",
            Self::F12 => "a further page of the same body",
            Self::F13 => "not a public body",
            Self::F14 => "the body is exempt",
            Self::F15 => "the page was renamed",
            Self::F16 => "the page was captured",
            Self::F17 => "a technical fault on the service's side",
            Self::F18 => "the identity provider is not available",
            Self::F19 => "the sign-in was used, expired or begun in another browser",
            Self::F20 => "the service's address is not registered at the identity provider",
            Self::F21 => "the second factor is required and not possible",
            Self::F22 => "the organisation's data contradicts itself",
            Self::F23 => "signed in as a private person or sole trader",
            Self::B01 => "the community has a badge of another authority",
            Self::B02 => "the community's badge is suspended",
        }
    }

    /// Whether the same application can still succeed: our fault, a passing fault, or a different way to sign in.
    /// The others end the application.
    pub const fn can_retry(self) -> bool {
        matches!(self, Self::F01 | Self::F17 | Self::F18 | Self::F19 | Self::F20 | Self::F21)
    }
}

impl RefusalCode {
    /// Whether waiting alone removes the obstacle.
    pub const fn passes_by_itself(self) -> bool {
        matches!(self, Self::F18)
    }

    /// Whether the obstacle lies at the identity provider or with us, and not with the person who signed in: another account
    /// would meet it too.
    pub const fn is_between_us_and_the_provider(self) -> bool {
        matches!(self, Self::F17 | Self::F18 | Self::F20)
    }

    /// Whether somebody signed in, and another account could fare better.
    pub const fn is_about_the_account(self) -> bool {
        matches!(
            self,
            Self::F02
                | Self::F03
                | Self::F04
                | Self::F05
                | Self::F06
                | Self::F09
                | Self::F10
                | Self::F13
                | Self::F22
                | Self::F23
                | Self::B01
        )
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RefusalCode {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|v| v.as_str() == s).ok_or_else(|| format!("unknown refusal code {s:?}"))
    }
}
