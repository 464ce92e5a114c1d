//! The toy sign-in: one click makes the browser an administrator of a community. Only the cookie, the CSRF token and the binding
//! of an OAuth attempt to the browser are done as a real platform must.

use std::collections::BTreeSet;

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};

use super::state::Platform;

/// Not shared with any other service on the same host name: browsers do not tell cookies of two ports apart.
pub(super) const COOKIE: &str = "ploshchadka_session";

/// A signed-in browser.
pub(super) struct Session {
    /// Sent in every form, compared on every change.
    pub(super) csrf: String,
    /// Communities this browser administers.
    communities: BTreeSet<String>,
}

impl Platform {
    /// The session id of a browser we know.
    pub(super) fn session_of(&self, request: &HttpRequest) -> Option<String> {
        let id = request.cookie(COOKIE)?.value().to_owned();
        self.state().sessions.contains(&id).then_some(id)
    }

    /// Makes the browser administrator of `community`; in its present session where it has one.
    pub(super) fn sign_in(&self, present: Option<String>, community: &str) -> String {
        let mut state = self.state();
        if let Some(id) = present
            && let Some(session) = state.sessions.get_mut(&id)
        {
            session.communities.insert(community.to_owned());
            return id;
        }
        let id = self.entropy.token();
        let session = Session { csrf: self.entropy.token(), communities: BTreeSet::from([community.to_owned()]) };
        state.sessions.insert(id.clone(), session);
        id
    }

    /// The session's CSRF token, if it administers `community`.
    pub(super) fn administers(&self, session: &str, community: &str) -> Option<String> {
        let state = self.state();
        let session = state.sessions.get(&session.to_owned())?;
        session.communities.contains(community).then(|| session.csrf.clone())
    }

    /// `Lax`: the way back from gosbadge is a navigation from another site and needs the cookie.
    pub(super) fn cookie(&self, session: String) -> Cookie<'static> {
        Cookie::build(COOKIE, session)
            .path("/")
            .http_only(true)
            .secure(self.base_url.starts_with("https:"))
            .same_site(SameSite::Lax)
            .finish()
    }
}

/// Comparison that takes as long whatever the difference.
pub(super) fn same_secret(a: &str, b: &str) -> bool {
    a.len() == b.len() && openssl::memcmp::eq(a.as_bytes(), b.as_bytes())
}
