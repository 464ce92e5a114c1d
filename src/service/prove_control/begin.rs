//! Begins an attempt: makes the one-time text that is to be placed, in the community or on the official site. Beginning again gives the
//! same text: nobody who placed it an hour ago has to place another.

use std::sync::Arc;

use url::Url;

use super::{Mine, mine_to_prove, still_open};
use crate::domain::control::ProofKind;
use crate::domain::control_text;
use crate::domain::digest::{self, SecretKind};
use crate::domain::ids::ProofId;
use crate::domain::official_site;
use crate::domain::time::Timestamp;
use crate::service::{App, Error};
use crate::store::proofs::{self, ProofRow};
use crate::store::{StoreError, Tx, platforms};

/// Begins to prove control by a text in the community.
///
/// # Errors
/// [`Error::Conflict`] where the community cannot be read; as [`super::control_of`].
pub async fn begin_text(app: &Arc<App>, application: String, browser: &str) -> Result<(), Error> {
    let begin = Begin::new(app, browser);
    app.db
        .write("begin_proof", move |tx| {
            let mine = mine_to_prove(tx, &application, &begin.browser, begin.now)?;
            begin.must_be_readable(&mine)?;
            begin.open(tx, &mine, ProofKind::PlatformToken).map(drop)
        })
        .await
}

/// Names the page of the official site that links to the community. The inner error: it cannot be an official site.
///
/// # Errors
/// As [`begin_text`].
pub async fn name_site(app: &Arc<App>, application: String, browser: &str, page: &str) -> Result<Result<(), BadSite>, Error> {
    let page = match site_address(app, page) {
        Ok(page) => page,
        Err(bad) => return Ok(Err(bad)),
    };
    let begin = Begin::new(app, browser);
    app.db
        .write("begin_proof", move |tx| {
            let mine = mine_to_prove(tx, &application, &begin.browser, begin.now)?;
            begin.must_be_readable(&mine)?;
            let platform = platforms::by_id(tx, &mine.row.platform_id)?.ok_or(StoreError::Stale("platform"))?;
            if official_site::is_nobody_s_own(page.host_str().unwrap_or_default(), &platform.prefixes()?) {
                return Ok(Err(BadSite::NobodysOwn));
            }
            let row = begin.open(tx, &mine, ProofKind::SiteLink)?;
            if row.page.as_deref() != Some(page.as_str()) {
                proofs::set_page(tx, &row.id, page.as_str(), begin.now)?;
            }
            Ok(Ok(()))
        })
        .await
}

/// Why an address cannot be that of an official site's page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadSite {
    /// It is no public https address.
    Address,
    /// The host is a social network's, or lends pages to everybody.
    NobodysOwn,
}

/// The address as people type it, with or without its scheme.
fn site_address(app: &App, text: &str) -> Result<Url, BadSite> {
    let text = text.trim();
    let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let mut url = Url::parse(&full).map_err(|_| BadSite::Address)?;
    // Copied from the address line, `#contacts` and all; it names a place on the page, not another page.
    url.set_fragment(None);
    if app.site_reader.may_read(url.as_str()) { Ok(url) } else { Err(BadSite::Address) }
}

struct Begin {
    app: Arc<App>,
    browser: String,
    id: String,
    token: String,
    now: Timestamp,
}

impl Begin {
    fn new(app: &Arc<App>, browser: &str) -> Self {
        let now = app.clock.now();
        Self {
            app: Arc::clone(app),
            browser: digest::of_secret(SecretKind::Browser, browser),
            id: ProofId::new(now, app.entropy.bytes()).to_string(),
            token: control_text::from_random(u128::from_be_bytes(app.entropy.bytes())),
            now,
        }
    }

    fn must_be_readable(&self, mine: &Mine) -> Result<(), Error> {
        match self.app.platform_apis.get(&mine.row.platform_id) {
            Some(_) => Ok(()),
            None => Err(Error::Conflict("communities of this platform cannot be read: ask an operator to look".to_owned())),
        }
    }

    /// The open attempt of a kind, or a new one with its text.
    fn open(&self, tx: &mut Tx<'_>, mine: &Mine, kind: ProofKind) -> Result<ProofRow, Error> {
        if let Some(row) = still_open(tx, &mine.row.id, kind, self.now)? {
            return Ok(row);
        }
        let begun = proofs::begun(self.id.clone(), &mine.row, kind, self.now, tx.name);
        let row = ProofRow { token: Some(self.token.clone()), login_id: Some(mine.login.clone()), ..begun };
        proofs::insert(tx, &row)?;
        Ok(row)
    }
}
