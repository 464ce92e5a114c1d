//! A platform's stream: how it hears of events, and the moves the stream's state may make. Which endpoint is live and how it
//! is asked to prove itself is the service's business.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::badge::EventKind;

/// How events travel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Standard Webhooks v1: JSON with the SET inside.
    PushWebhook,
    /// RFC 8935: the SET itself.
    PushSet,
    /// RFC 8936: the platform fetches.
    Poll,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 3] = [Self::PushWebhook, Self::PushSet, Self::Poll];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PushWebhook => "push_webhook",
            Self::PushSet => "push_set",
            Self::Poll => "poll",
        }
    }

    /// Whether we call the platform.
    pub const fn pushes(self) -> bool {
        !matches!(self, Self::Poll)
    }
}

/// Where a stream stands. In every state events are kept; only an enabled one hands them out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamState {
    /// No endpoint has proven yet that it belongs to the platform.
    Unverified,
    /// Events flow.
    Enabled,
    /// The platform asked to wait.
    Paused,
    /// The endpoint said 410: it must be named and verified again.
    Disabled,
}

/// What happens to a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamChange {
    /// An endpoint proved itself, or polling, which needs no proof, was chosen.
    Verified,
    /// The platform asks to wait.
    Pause,
    /// The platform asks to go on.
    Resume,
    /// The endpoint said 410.
    Gone,
}

impl StreamState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Unverified, Self::Enabled, Self::Paused, Self::Disabled];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Enabled => "enabled",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }

    /// The state after a change; `None` where the change has no meaning.
    pub const fn after(self, change: StreamChange) -> Option<Self> {
        use StreamChange as C;
        Some(match (self, change) {
            // Whoever paused goes on by saying so, not by moving the endpoint.
            (Self::Paused, C::Verified | C::Pause) | (Self::Enabled, C::Pause) => Self::Paused,
            (_, C::Verified) | (Self::Paused | Self::Enabled, C::Resume) => Self::Enabled,
            (Self::Enabled | Self::Paused | Self::Disabled, C::Gone) => Self::Disabled,
            (Self::Unverified | Self::Disabled, C::Pause | C::Resume) | (Self::Unverified, C::Gone) => return None,
        })
    }

    /// Whether the live endpoint is one that proved itself and did not send us away.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Enabled | Self::Paused)
    }
}

/// A word that names nothing here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is unknown")]
pub struct UnknownWord(String);

impl FromStr for Method {
    type Err = UnknownWord;
    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|v| v.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

impl FromStr for StreamState {
    type Err = UnknownWord;
    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|v| v.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

impl fmt::Display for StreamState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Every type of event a stream can carry, once each.
pub fn event_types() -> Vec<&'static str> {
    let mut types: Vec<_> = EventKind::ALL.into_iter().filter_map(EventKind::webhook_type).collect();
    types.sort_unstable();
    types.dedup();
    types
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGES: [StreamChange; 4] = [StreamChange::Verified, StreamChange::Pause, StreamChange::Resume, StreamChange::Gone];

    #[test]
    fn only_a_proof_leads_out_of_unverified_and_disabled() {
        for state in [StreamState::Unverified, StreamState::Disabled] {
            for change in CHANGES {
                let after = state.after(change);
                assert_eq!(after == Some(StreamState::Enabled), change == StreamChange::Verified, "{state} {change:?}");
                assert!(after.is_none_or(|s| s == StreamState::Enabled || s == state), "{state} {change:?}");
            }
        }
    }

    #[test]
    fn every_change_is_idempotent() {
        for state in StreamState::ALL {
            for change in CHANGES {
                if let Some(after) = state.after(change) {
                    assert_eq!(after.after(change), Some(after), "{state} {change:?}");
                }
            }
        }
    }

    #[test]
    fn a_paused_stream_stays_paused_when_its_endpoint_moves() {
        assert_eq!(StreamState::Paused.after(StreamChange::Verified), Some(StreamState::Paused));
        assert_eq!(StreamState::Paused.after(StreamChange::Resume), Some(StreamState::Enabled));
        assert_eq!(StreamState::Enabled.after(StreamChange::Gone), Some(StreamState::Disabled));
    }

    #[test]
    fn words_round_trip_and_types_are_those_of_events() {
        for m in Method::ALL {
            assert_eq!(m.as_str().parse(), Ok(m));
        }
        for s in StreamState::ALL {
            assert_eq!(s.as_str().parse(), Ok(s));
        }
        let types = event_types();
        assert_eq!(types.len(), 7, "{types:?}");
        assert!(types.contains(&"badge.revoked"));
    }
}
