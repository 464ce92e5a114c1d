//! The identity providers of this service. People are sent to the first; answers are taken from all, each at an address of
//! its own, so that an answer of one can never pass for an answer of another (RFC 9700 §4.4.2.2).

use std::borrow::Cow;
use std::sync::Arc;

use crate::ports::IdentityProvider;

/// One or more providers, each with an id of its own.
pub struct IdentityProviders(Vec<Arc<dyn IdentityProvider>>);

impl IdentityProviders {
    /// `None` where the list is empty or an id stands twice.
    pub fn new(list: Vec<Arc<dyn IdentityProvider>>) -> Option<Self> {
        let unique = list.iter().enumerate().all(|(i, p)| list[..i].iter().all(|q| q.id() != p.id()));
        (unique && !list.is_empty()).then_some(Self(list))
    }

    /// The one people are sent to.
    pub fn first(&self) -> &Arc<dyn IdentityProvider> {
        &self.0[0]
    }

    /// The provider with this id.
    pub fn get(&self, id: &str) -> Option<&Arc<dyn IdentityProvider>> {
        self.0.iter().find(|p| p.id() == id)
    }

    /// All of them, the first one first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn IdentityProvider>> {
        self.0.iter()
    }
}

/// Where a provider sends the browser back, under the issuer. ESIA has the address of the contract.
pub fn callback_path(idp: &str) -> Cow<'static, str> {
    match idp {
        "esia" => Cow::Borrowed("/oauth/callback"),
        other => Cow::Owned(format!("/oauth/callback/{other}")),
    }
}
