//! Names resolved under guard: whoever asks by it connects to public addresses only. The rules are `public_address.rs`.

#[cfg(test)]
pub(super) mod tests;

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::public_address::may_connect;

/// The name resolves, but only to addresses we never connect to.
#[derive(Debug)]
pub(super) struct NoPublicAddress;

impl fmt::Display for NoPublicAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host name leads only to private or reserved addresses, which are never called")
    }
}

impl Error for NoPublicAddress {}

impl NoPublicAddress {
    /// The refusal among the causes of a failed request, where it is one.
    pub(super) fn among<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Self> {
        let mut cause = Some(error);
        while let Some(e) = cause {
            if let Some(refused) = e.downcast_ref() {
                return Some(refused);
            }
            cause = e.source();
        }
        None
    }
}

/// Filters what the inner resolver says, at the only moment that counts: the addresses returned here are the ones
/// connected to, so a name that changes between check and connect gains nothing.
pub(super) struct GuardedResolver {
    pub inner: Arc<dyn Resolve>,
    pub allow_loopback: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, allow_loopback) = (self.inner.resolve(name), self.allow_loopback);
        Box::pin(async move {
            let public: Vec<SocketAddr> = found.await?.filter(|a| may_connect(a.ip(), allow_loopback)).collect();
            if public.is_empty() {
                return Err(NoPublicAddress.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// The system's own answers.
pub(super) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}
