//! The audit with nothing but what everybody can fetch: the leaves are replayed, the tree is rebuilt, its root is held
//! against the signed checkpoint and against checkpoints somebody kept, and the served status lists against the events.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Client, StatusCode, redirect};

use crate::cli::wire::WireError;
use crate::domain::attestation::status_list_uri;
use crate::domain::digest::hex;
use crate::domain::status_list::StatusBits;
use crate::domain::time::Timestamp;
use crate::domain::tlog::leaf::{Leaf, ListLeaf, digest};
use crate::domain::tlog::note::{NOTE_MAX, VerifierKey};
use crate::domain::tlog::past::first_second;
use crate::domain::tlog::replay::Replay;
use crate::domain::tlog::tile::{Asset, ENTRY_MAX, FULL, Tile, unbundle};
use crate::domain::tlog::tree::{Growing, leaf_hash};
use crate::ports::Clock;
use crate::service::audit_log::{Finding, Kept, Report};
use crate::verifier::{self, KEY_SET_MAX, LIST_TOKEN_MAX, StatusList, Verifier};

const TIMEOUT: Duration = Duration::from_secs(30);

/// The newest version of each list.
type Versions = BTreeMap<i64, ListLeaf>;

struct Site<'a> {
    client: Client,
    url: &'a str,
}

impl Site<'_> {
    async fn bytes(&self, path: &str, max: usize) -> Result<Vec<u8>, WireError> {
        let found = self.unless_gone(path, max).await?;
        found.ok_or_else(|| WireError(format!("cannot fetch {}{path}: the answer was 410 Gone", self.url)))
    }

    /// `None` for an answer 410.
    async fn unless_gone(&self, path: &str, max: usize) -> Result<Option<Vec<u8>>, WireError> {
        let failed = |why: String| WireError(format!("cannot fetch {}{path}: {why}", self.url));
        let answer = self.client.get(format!("{}{path}", self.url)).send().await;
        let mut answer = answer.map_err(|e| failed(e.without_url().to_string()))?;
        if answer.status() == StatusCode::GONE {
            return Ok(None);
        }
        if answer.status() != StatusCode::OK {
            return Err(failed(format!("the answer was {}", answer.status())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| failed(e.without_url().to_string()))? {
            if body.len() + chunk.len() > max {
                return Err(failed(format!("the answer is longer than {max} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(body))
    }

    async fn text(&self, path: &str, max: usize) -> Result<String, WireError> {
        String::from_utf8(self.bytes(path, max).await?).map_err(|_| WireError(format!("{}{path} is not text", self.url)))
    }

    /// A status list, its signature checked with the published keys; `None` when it is retired.
    async fn list(&self, verifier: &Verifier, list: i64, now: Timestamp) -> Result<Option<StatusList>, WireError> {
        let token = self.unless_gone(&format!("/status/{list}"), LIST_TOKEN_MAX).await?;
        token.map(|token| self.checked(verifier, list, &token, now)).transpose()
    }

    /// A status list as it was at a second of the past, checked as it had to be checked then.
    async fn past_list(&self, verifier: &Verifier, list: i64, second: i64) -> Result<StatusList, WireError> {
        let token = self.bytes(&format!("/status/{list}?time={second}"), LIST_TOKEN_MAX).await?;
        self.checked(verifier, list, &token, Timestamp::from_secs(second))
    }

    fn checked(&self, verifier: &Verifier, list: i64, token: &[u8], at: Timestamp) -> Result<StatusList, WireError> {
        let checked = verifier.status_list(&String::from_utf8_lossy(token), &status_list_uri(self.url, list), at);
        checked.map_err(|e| WireError(format!("status list {list}: {}", e.detail)))
    }
}

/// Audits the log of the service at `url`. Without `key` the ones it publishes are believed.
///
/// # Errors
/// [`WireError`] when something cannot be fetched. What is wrong with the log is in the report.
pub(super) async fn audit(url: &str, key: Option<VerifierKey>, kept: &[Kept], clock: &dyn Clock) -> Result<Report, WireError> {
    let client = Client::builder().timeout(TIMEOUT).redirect(redirect::Policy::none()).build().map_err(WireError::new)?;
    let site = Site { client, url: url.trim_end_matches('/') };
    let keys: Vec<VerifierKey> = match key {
        Some(key) => vec![key],
        None => site.text("/log/key", NOTE_MAX).await?.lines().map(|k| k.parse().map_err(WireError::new)).collect::<Result<_, _>>()?,
    };
    let mut report = Report { keys: keys.iter().map(ToString::to_string).collect(), ..Report::default() };
    let find = |report: &mut Report, place: String, what: String| report.findings.push(Finding { place, what });

    let mut claims: BTreeMap<u64, Vec<(String, [u8; 32])>> = BTreeMap::new();
    let newest = Kept { name: "checkpoint".to_owned(), note: site.text("/log/checkpoint", NOTE_MAX).await? };
    let mut size = 0;
    for kept in kept.iter().chain([&newest]) {
        report.checkpoints += 1;
        match verifier::log::checkpoint(&kept.note, &keys) {
            Ok((checkpoint, _)) => {
                size = checkpoint.size;
                claims.entry(checkpoint.size).or_default().push((kept.name.clone(), checkpoint.root));
            }
            Err(e) => find(&mut report, kept.name.clone(), e.to_string()),
        }
    }
    if !report.findings.is_empty() {
        return Ok(report);
    }
    let (replay, newest) = leaves(&site, size, claims, &mut report).await?;
    lists(&site, &replay, &newest, clock, &mut report).await?;
    Ok(report)
}

async fn leaves(
    site: &Site<'_>,
    size: u64,
    mut claims: BTreeMap<u64, Vec<(String, [u8; 32])>>,
    report: &mut Report,
) -> Result<(Replay, Versions), WireError> {
    let (mut replay, mut tree, mut newest) = (Replay::default(), Growing::default(), Versions::new());
    while tree.size() < size {
        let Some(tile) = Tile::of(0, tree.size() / u64::from(FULL), size) else { break };
        let path = format!("/log/{}", Asset::Entries(tile).path());
        let bytes = site.bytes(&path, (ENTRY_MAX + 2) * usize::from(FULL)).await?;
        let Some(entries) = unbundle(&bytes).filter(|e| e.len() == usize::from(tile.width)) else {
            return Err(WireError(format!("{}{path} is not a bundle of {} entries", site.url, tile.width)));
        };
        for entry in entries {
            let place = format!("leaf {}", tree.size());
            let leaf = Leaf::parse(entry);
            let faults = leaf.as_ref().map_or_else(|| vec!["its entry cannot be read".to_owned()], |leaf| replay.take(leaf));
            if let Some(Leaf::List(version)) = leaf {
                newest.insert(version.list, version);
            }
            report.findings.extend(faults.into_iter().map(|what| Finding { place: place.clone(), what }));
            tree.push(leaf_hash(entry));
            for (name, root) in claims.remove(&tree.size()).unwrap_or_default() {
                if root != tree.root() {
                    let what = format!("forked: its root is {}, the leaves give {}", hex(&root), hex(&tree.root()));
                    report.findings.push(Finding { place: name, what });
                }
            }
        }
    }
    claims.remove(&0);
    for (size, names) in claims {
        let what = format!("covers {size} leaves, the log has {}", tree.size());
        report.findings.extend(names.into_iter().map(|(place, _)| Finding { place, what: what.clone() }));
    }
    (report.leaves, report.root, report.events) = (tree.size(), hex(&tree.root()), replay.seq());
    Ok((replay, newest))
}

/// The served lists. The log follows them by a moment, so a list may be stricter than the events replayed; one that says VALID
/// where the events do not is at fault, unless a reinstatement came in between: whoever sees only suspended places named should
/// look again. A list that was retired is served no more; its newest version must then be recalled as it was logged.
async fn lists(site: &Site<'_>, replay: &Replay, newest: &Versions, clock: &dyn Clock, report: &mut Report) -> Result<(), WireError> {
    let keys = site.bytes("/.well-known/jwks.json", KEY_SET_MAX).await?;
    let verifier = Verifier::new(site.url, &keys).map_err(WireError::new)?;
    for number in replay.lists() {
        report.lists += 1;
        let Some(list) = site.list(&verifier, number, clock.now()).await? else {
            if let Some(version) = newest.get(&number) {
                let second = first_second(Timestamp::from_millis(version.t));
                let recalled = site.past_list(&verifier, number, second).await?;
                if !is_version(&recalled, version) {
                    let what = format!("is retired, and its version {} is recalled otherwise than it was logged", version.n);
                    report.findings.push(Finding { place: format!("status list {number}"), what });
                }
            }
            continue;
        };
        for (idx, must) in replay.places(number) {
            let says = list.get(idx);
            // Stricter than the events replayed: a change the log has yet to take in. Looser: what a list must never be.
            let looser = says.is_none_or(|says| (says as u8) == 0 && (must as u8) != 0);
            if looser {
                let what = format!("un-revokes: place {idx} says {says:?}, the events say {must:?}");
                report.findings.push(Finding { place: format!("status list {number}"), what });
            }
        }
    }
    Ok(())
}

fn is_version(list: &StatusList, version: &ListLeaf) -> bool {
    let mut bits = StatusBits::new(version.size);
    let written = (0..version.size).try_for_each(|idx| list.get(idx).and_then(|value| bits.set(idx, value).ok()));
    written.is_some() && digest(bits.as_bytes()) == version.sha256
}
