//! Pages of official sites over HTTPS, read under guard: public addresses only, no other host than the one named, bounded in size and
//! time, no cookies. What the page has to say is not judged here.

mod links;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::dns::Resolve;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use super::guarded_resolver::{GuardedResolver, NoPublicAddress, SystemResolver};
use super::outbound::{self, NoAnswer, read_whole};
use super::public_address;
use crate::ports::SiteReader;
use crate::ports::site_reader::{SiteFault, UnverifiedSitePage};

/// Pages that send on within their host: from `/` to `/index.html`, from there to a start page.
const HOPS: usize = 3;

/// Time to find the links of a page. A page of the largest size that is none of a kind made to be slow takes a small part of it.
const PARSING: Duration = Duration::from_secs(1);

/// What a reader is told.
#[derive(Clone, Copy)]
pub struct SiteLimits {
    /// Limit of connecting.
    pub connect_timeout: Duration,
    /// Limit of the whole reading, pages that send on included.
    pub timeout: Duration,
    /// Longest page read.
    pub max_bytes: usize,
    /// Whether this machine may be asked, for development.
    pub allow_loopback: bool,
}

/// Reads pages with an HTTP client that resolves names itself and connects only to public addresses.
pub struct HttpSiteReader {
    client: Client,
    limits: SiteLimits,
}

impl HttpSiteReader {
    /// A reader.
    ///
    /// # Errors
    /// When the TLS library does not start.
    pub fn new(limits: SiteLimits) -> Result<Self, String> {
        Self::with_resolver(limits, Arc::new(SystemResolver))
    }

    /// A reader that asks `inner` for the addresses of names; what it says is held against the rules all the same.
    ///
    /// # Errors
    /// When the TLS library does not start.
    pub fn with_resolver(limits: SiteLimits, inner: Arc<dyn Resolve>) -> Result<Self, String> {
        // A proxy would resolve the name itself, past the guard; the shared client takes none, and keeps no cookies.
        let client = outbound::client()
            .dns_resolver(GuardedResolver { inner, allow_loopback: limits.allow_loopback })
            .connect_timeout(limits.connect_timeout)
            .timeout(limits.timeout)
            // What was asked for one application's sake is not waited for in another's.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|e| format!("the HTTP client for official sites does not start: {e}"))?;
        Ok(Self { client, limits })
    }

    fn address(&self, url: &str) -> Result<Url, SiteFault> {
        let url = public_address::parse(url, "page", self.limits.allow_loopback).map_err(|_| SiteFault::Forbidden)?;
        // A bare address has no owner to speak of, and another port another server; development has nothing else.
        let here = self.limits.allow_loopback && is_this_machine(&url);
        if here || url.domain().is_some() && url.port().is_none() { Ok(url) } else { Err(SiteFault::Forbidden) }
    }

    async fn follow(&self, first: Url) -> Result<UnverifiedSitePage, SiteFault> {
        let mut at = first.clone();
        for _ in 0..=HOPS {
            let mut response =
                self.client.get(at.clone()).header(ACCEPT, "text/html, application/xhtml+xml").send().await.map_err(|e| fault(&e))?;
            if response.status().is_redirection() {
                at = self.next(&at, &first, &response)?;
                continue;
            }
            if matches!(response.status(), StatusCode::NOT_FOUND | StatusCode::GONE) {
                return Err(SiteFault::NoPage);
            }
            if !response.status().is_success() {
                return Err(SiteFault::NotReached);
            }
            let kind = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
            if !kind.starts_with("text/html") && !kind.starts_with("application/xhtml+xml") {
                return Err(SiteFault::NotAPage);
            }
            let body = read_whole(&mut response, self.limits.max_bytes).await;
            let body = body.map_err(|e| if e == NoAnswer::TooLarge { SiteFault::TooLarge } else { SiteFault::NotReached })?;
            return parsed(body).await;
        }
        Err(SiteFault::Redirects)
    }

    /// Where a page sends on to: within its host alone.
    fn next(&self, at: &Url, first: &Url, response: &Response) -> Result<Url, SiteFault> {
        let location = response.headers().get(LOCATION).and_then(|v| v.to_str().ok()).ok_or(SiteFault::NotReached)?;
        let mut next = at.join(location).map_err(|_| SiteFault::Redirects)?;
        next.set_fragment(None);
        let next = self.address(next.as_str())?;
        if next.origin() == first.origin() { Ok(next) } else { Err(SiteFault::Redirects) }
    }
}

/// Sets its flag when it goes, for whatever reason: nobody waits for the work any more.
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What a page has to say, found on a thread of its own, so that a page made to be slow keeps no other request waiting.
async fn parsed(body: Vec<u8>) -> Result<UnverifiedSitePage, SiteFault> {
    let given_up = GivenUp(Arc::default());
    let flag = Arc::clone(&given_up.0);
    // Addresses and our own text are ASCII, which all encodings of the web write alike.
    let work = tokio::task::spawn_blocking(move || links::of(&String::from_utf8_lossy(&body), &flag));
    match tokio::time::timeout(PARSING, work).await {
        Ok(Ok(page)) => page.ok_or(SiteFault::TooLarge),
        Ok(Err(_)) => Err(SiteFault::NotReached),
        Err(_) => Err(SiteFault::TooLarge),
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn fault(e: &reqwest::Error) -> SiteFault {
    if NoPublicAddress::among(e).is_some() { SiteFault::Forbidden } else { SiteFault::NotReached }
}

#[async_trait]
impl SiteReader for HttpSiteReader {
    fn may_read(&self, url: &str) -> bool {
        self.address(url).is_ok()
    }

    async fn read(&self, url: &str) -> Result<UnverifiedSitePage, SiteFault> {
        // Asked again although it was asked when the page was named: the rules may have grown, and a literal address never passes
        // through the resolver.
        let first = self.address(url)?;
        // A page that trickles, or sends on slowly, ends with this too.
        tokio::time::timeout(self.limits.timeout, self.follow(first)).await.unwrap_or(Err(SiteFault::NotReached))
    }
}
