//! A page of somebody's official site, read as a visitor would, as a port. What it has to say is the service's to judge.

use async_trait::async_trait;

/// Name of the `meta` element that carries a one-time text in the head of a page.
pub const META_NAME: &str = "gosbadge";

/// What is of use on a page. All of it is whatever somebody wrote there: untrusted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UnverifiedSitePage {
    /// The addresses its links lead to, as written.
    pub links: Vec<String>,
    /// The texts in its `meta` elements named [`META_NAME`].
    pub marks: Vec<String>,
}

/// Why there is no page to read. That a page could not be read says nothing about what stands on it,
/// unless the site says that there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SiteFault {
    /// The address is none that is ever asked: not public, not https, or carries a name, password or part.
    Forbidden,
    /// No answer, or one with an error status.
    NotReached,
    /// The site says that there is no such page.
    NoPage,
    /// It sends on to another host, or in circles.
    Redirects,
    /// Longer than is read, or so made that reading it takes too long.
    TooLarge,
    /// Not a page.
    NotAPage,
}

/// Reads pages of other people's sites.
#[async_trait]
pub trait SiteReader: Send + Sync {
    /// Whether this address would be asked at all; no lookup, no connection.
    fn may_read(&self, url: &str) -> bool;

    /// The page at this address. Follows nothing to another host, keeps no cookies, ends in time.
    async fn read(&self, url: &str) -> Result<UnverifiedSitePage, SiteFault>;
}
