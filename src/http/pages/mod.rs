//! Pages for people: each file holds one page's view (what a handler fills in), its texts in both languages and its render
//! function. Nothing here fetches, decides or knows about requests; templates and assets are compiled in.
//!
//! Pages use no script and no inline style, so that [`CONTENT_SECURITY_POLICY`] can forbid both.

mod application;
mod apply;
mod assets;
mod badge;
mod check;
mod choice;
mod confirm;
mod control;
mod dates;
mod docs;
mod frame;
mod front;
mod guide;
mod notice;
mod portal;
mod refusal;
#[cfg(test)]
mod tests;
mod texts;
mod tone;
mod words;

pub use application::{ApplicationView, application};
pub use apply::{ApplyView, PlatformChoice, apply};
pub use assets::{
    Asset, BADGE_PICTURE_PATH, CACHE_FIXED, CACHE_IMMUTABLE, CONTENT_SECURITY_POLICY, assets, content_security_policy_leaving,
};
pub use badge::{AuthorityView, BadgeView, CommunityView, ConfirmationView, HistoryEntry, badge};
pub use check::{CheckVerdict, CheckView, KnownBadge, check};
pub use choice::{ChoiceView, OrganisationCard, choice};
pub use confirm::{ConfirmForm, ConfirmView, PresentBadge, confirm};
pub use control::{BadPage, ControlView, OperatorWay, SignInWay, SiteWay, TextWay, control};
pub use docs::{DocsOperation, DocsView, docs};
pub use frame::Here;
pub use front::{FrontView, front};
pub use guide::{GuideView, PROGRAMS, guide};
pub use notice::{ErrorPage, ErrorView, NoticeView, error, session_expired, signed_out, used_link};
pub use portal::{PortalStep, PortalView, portal};
pub use refusal::{ActionForm, Alternative, RefusalView, ReturnForm, refusal};
pub use tone::PublicState;

/// Renders a template of ours.
fn render(page: &impl askama::Template) -> String {
    let rendered = page.render();
    // safety: a template fails only when a value's Display or a filter does, or the writer; all values are text, numbers
    // and Lang, no filter of ours exists, and a String takes every write.
    rendered.expect("templates render into a String without failing")
}
