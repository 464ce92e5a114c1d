//! Names resolved under guard: whoever asks by it connects to public addresses only. The rules are `public_address.rs`.

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

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Addresses of every kind that is never connected to.
    pub(in crate::adapters) const INWARD: [&str; 8] =
        ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1", "100.64.0.1", "0.0.0.0"];

    /// Says one list at each question and the next list at the next one: a rebinding name server.
    pub(in crate::adapters) struct Scripted(Mutex<std::vec::IntoIter<Vec<&'static str>>>);

    impl Scripted {
        pub(in crate::adapters) fn new(answers: impl Into<Vec<Vec<&'static str>>>) -> Arc<Self> {
            Arc::new(Self(Mutex::new(answers.into().into_iter())))
        }

        /// Questions that were not asked yet.
        pub(in crate::adapters) fn left(&self) -> usize {
            self.0.lock().unwrap().len()
        }
    }

    impl Resolve for Scripted {
        fn resolve(&self, _: Name) -> Resolving {
            let next = self.0.lock().unwrap().next().unwrap();
            let found: Vec<SocketAddr> = next.into_iter().map(|a| SocketAddr::new(a.parse().unwrap(), 0)).collect();
            Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
        }
    }

    async fn ask(guard: &GuardedResolver) -> Result<Vec<String>, Box<dyn Error + Send + Sync>> {
        Ok(guard.resolve("x.example.com".parse().unwrap()).await?.map(|a| a.ip().to_string()).collect())
    }

    #[actix_web::test]
    async fn a_mixed_answer_leaves_only_its_public_addresses() {
        let inner = Scripted::new([vec!["10.0.0.1", "93.184.216.34", "::1", "2606:2800::1"]]);
        assert_eq!(ask(&GuardedResolver { inner, allow_loopback: false }).await.unwrap(), ["93.184.216.34", "2606:2800::1"]);
    }

    #[actix_web::test]
    async fn a_name_that_was_public_is_refused_when_it_turns_inward() {
        let public = || vec!["93.184.216.34"];
        let inner = Scripted::new([public(), INWARD.to_vec(), public()]);
        let guard = GuardedResolver { inner, allow_loopback: false };
        assert_eq!(ask(&guard).await.unwrap(), public());
        assert!(ask(&guard).await.unwrap_err().is::<NoPublicAddress>());
        assert_eq!(ask(&guard).await.unwrap(), public(), "nothing is remembered of the last answer either");
    }
}
