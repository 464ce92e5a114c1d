//! Tests of guarded names, and a name server whose answers change, for the adapters that ask by it.

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
