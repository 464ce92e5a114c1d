//! The one error type of all use cases. `http/problem.rs` maps it to the wire exhaustively.

use crate::domain::application::ApplicationState;
use crate::domain::ids::ApplicationId;
use crate::domain::refusal::RefusalCode;
use crate::store::StoreError;

/// Why a use case did not do what was asked. Texts are for the caller and hold nothing internal, except where said.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something in the request is missing or out of form.
    #[error("{0}")]
    InvalidRequest(String),
    /// The body is larger than the endpoint takes.
    #[error("the body is too large: 64 KiB at most, 1 MiB for a batch")]
    TooLarge,
    /// The body did not arrive in time.
    #[error("the body did not arrive in time; send it again")]
    TooSlow,
    /// `authorization_details` is not acceptable (RFC 9396).
    #[error("{0}")]
    InvalidAuthorizationDetails(String),
    /// A request that changes something came without `Idempotency-Key`.
    #[error("send an Idempotency-Key header: 1 to 255 printable characters, a new one for each new request")]
    IdempotencyKeyMissing,
    /// The `Idempotency-Key` came before with another request.
    #[error("this Idempotency-Key came before with another request; use a new key for a new request")]
    IdempotencyKeyReused,
    /// The platform may not speak for this community.
    #[error("this platform is not registered to speak for community {0}; ask the operator to widen the registration")]
    CommunityNotYours(String),
    /// The client could not be authenticated.
    #[error("client authentication failed: {0}")]
    InvalidClient(&'static str),
    /// The access token is unknown, expired, revoked, or bound to another certificate (RFC 6750 §3.1).
    #[error("the access token is not good, or not good here")]
    InvalidToken,
    /// A grant type we do not offer.
    #[error("grant_type must be authorization_code")]
    UnsupportedGrantType,
    /// The code, its verifier or its redirect address does not hold.
    #[error("{0}")]
    InvalidGrant(&'static str),
    /// The `request_uri` is unknown, used, expired or another client's.
    #[error("request_uri is unknown, was used already, has expired, or belongs to another client: push the request again")]
    InvalidRequestUri,
    /// The identity provider's answer fits no login begun in this browser.
    #[error("this sign-in was used already, took too long, or was begun in another browser")]
    LoginLost,
    /// The application met an obstacle.
    #[error("application {application} was refused: {code}")]
    Refused {
        /// Which application.
        application: ApplicationId,
        /// Why.
        code: RefusalCode,
        /// How the same application can go on.
        way_on: WayOn,
    },
    /// The application is over: issued, refused or expired.
    #[error("this application has ended; start again on the platform")]
    ApplicationEnded,
    /// No such thing, or not the caller's to see.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// Everything in the status list has ended long ago; it is served no more.
    #[error(
        "this status list was retired: every attestation in it has ended, and an ended attestation needs no status; its past is at ?time="
    )]
    ListRetired,
    /// No or unknown credentials.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// Known credentials without the right.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The change does not fit the current state.
    #[error("{0}")]
    Conflict(String),
    /// Two operators have to agree, and this one has decided already.
    #[error("you approved this already; a second operator has to look at it and approve it too")]
    SecondOperatorNeeded,
    /// An inbound webhook's signature does not hold.
    #[error("{0}")]
    BadWebhook(String),
    /// The status view is older than it may be: no verdict is given.
    #[error("the status view is too old to answer; try again in a moment")]
    StatusStale,
    /// The database or another need is away. The text is for operators.
    #[error("temporarily unavailable")]
    Unavailable(String),
    /// A defect or damage. The text is for operators.
    #[error("internal error")]
    Internal(String),
}

/// How an application goes on after an obstacle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WayOn {
    /// Not at all: it has ended.
    Over,
    /// By signing in again.
    SignIn,
    /// From the choice of an organisation: the sign-in itself still holds.
    Choose,
}

impl WayOn {
    /// After the obstacle `code`, for an application that now stands in `state`.
    pub fn after(code: RefusalCode, state: ApplicationState) -> Self {
        match state {
            state if state.is_final() => Self::Over,
            ApplicationState::IdentityConfirmed if code.is_between_us_and_the_provider() => Self::Choose,
            _ => Self::SignIn,
        }
    }
}

impl From<StoreError> for Error {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Unavailable(why) => Self::Unavailable(why),
            StoreError::Stale(what) => Self::Conflict(format!("{what} was changed by somebody else meanwhile; look again and retry")),
            StoreError::Duplicate => {
                Self::Conflict("the same thing was recorded by another request meanwhile; look again and retry".to_owned())
            }
            StoreError::Nul => {
                Self::InvalidRequest("the request holds a NUL character, which no address, id or text of ours has".to_owned())
            }
            other => Self::Internal(other.to_string()),
        }
    }
}

impl Error {
    /// What operators should read in the log, where the public text says less.
    pub fn operator_detail(&self) -> Option<&str> {
        match self {
            Self::Unavailable(why) | Self::Internal(why) => Some(why),
            _ => None,
        }
    }
}

/// Damage found in our own records.
pub fn damaged(what: &str) -> Error {
    Error::Internal(format!("{what} cannot be read"))
}
