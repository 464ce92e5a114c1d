//! The steps of the demo. Each fails with one line that says what did not hold.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::browser::Browser;
use super::report::Report;
use crate::cli::dev::Ready;
use crate::cli::wire::Parts;
use crate::domain::community::CommunityRef;
use crate::domain::status::VerifyStatus;
use crate::verifier::Verifier;

/// The kindergarten's community at the stand-in platform.
const COMMUNITY: &str = "218000001";
/// Who signs in.
const PERSONA: &str = "kindergarten-head";

type Outcome<T> = Result<T, String>;

fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome<()> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

struct Stage<'a> {
    r: &'a Ready,
    http: reqwest::Client,
    verifier: Option<Verifier>,
}

/// Runs every step.
pub async fn all(ready: &Ready, report: &mut Report) -> Outcome<()> {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).no_proxy().build().map_err(|e| e.to_string())?;
    let mut stage = Stage { r: ready, http, verifier: None };
    stage.alive(report).await?;
    let callback = stage.sign_in(report).await?;
    let token = stage.collect(report, callback).await?;
    let badge = stage.check(report, &token).await?;
    stage.revoke(report, &badge).await?;
    stage.gone(report, &token, &badge).await
}

impl Stage<'_> {
    async fn json(&self, url: &str) -> Outcome<Value> {
        let response = self.http.get(url).send().await.map_err(|e| e.to_string())?;
        let status = response.status();
        must(status.is_success(), || format!("{url} answered {status}"))?;
        response.json().await.map_err(|e| format!("{url}: {e}"))
    }

    async fn community(&self) -> Outcome<Value> {
        self.json(&format!("{}/api/communities/{COMMUNITY}", self.r.platform_url)).await
    }

    async fn alive(&self, report: &mut Report) -> Outcome<()> {
        report.step("The servers are up");
        let ready = self.json(&format!("{}/health/ready", self.r.public_url)).await?;
        report.held(&format!("service {} is ready: {ready}", self.r.public_url));
        let community = self.community().await?;
        must(community["badge"]["shown"] == false, || "the community shows a badge before anybody confirmed it".to_owned())?;
        report.held(&format!("platform {} shows «{}» without a badge", self.r.platform_url, community["name"].as_str().unwrap_or("")));
        report.done();
        Ok(())
    }

    /// Push, redirect, sign-in; returns the platform's callback address as the browser is sent to it.
    async fn sign_in(&self, report: &mut Report) -> Outcome<(Browser, String)> {
        report.step("The community's administrator presses «Подтвердить через Госуслуги»");
        let start: Value = self
            .http
            .post(format!("{}/api/communities/{COMMUNITY}/start", self.r.platform_url))
            .send()
            .await
            .map_err(|e| e.to_string())?
            .json()
            .await
            .map_err(|e| format!("the platform could not push its request: {e}"))?;
        let authorize = start["authorize_url"].as_str().ok_or_else(|| format!("the platform could not push its request: {start}"))?;
        let mut browser = Browser::new()?;
        browser.remember(&self.r.platform_url, start["cookie"].as_str().unwrap_or_default());
        report.held("the platform pushed a signed-in request naming the community (PAR + RAR + PKCE) and got a one-time request_uri");
        report.done();

        report.step("The browser goes to the identity provider and back");
        let to_idp = hop(&mut browser, authorize, None).await?;
        must(to_idp.starts_with(&self.r.esia_url), || format!("expected the identity provider, was sent to {to_idp}"))?;
        report.held("redirected to the stand-in ESIA with a signed client_secret (PKCS#7 over scope, timestamp, client, state)");
        let back = hop(&mut browser, &to_idp, Some(PERSONA)).await?;
        must(back.starts_with(&format!("{}/oauth/callback?", self.r.public_url)), || format!("expected our callback, was sent to {back}"))?;
        report.held("the head of a municipal kindergarten signed in; ESIA verified our signature and returned a code");
        let callback = hop(&mut browser, &back, None).await?;
        must(callback.starts_with(&format!("{}?code=", self.r.platform.redirect_uri)), || {
            format!("expected the platform, was sent to {callback}")
        })?;
        report.held("identity confirmed: tokens verified, role «руководитель», OGRN and INN check digits, legal form, not liquidated");
        let reused = browser.get(authorize, None).await?;
        must(reused.status == 400, || format!("a request_uri worked twice ({})", reused.status))?;
        report.held("the same request_uri is refused a second time");
        report.done();
        Ok((browser, callback))
    }

    async fn collect(&self, report: &mut Report, (mut browser, callback): (Browser, String)) -> Outcome<String> {
        report.step("The platform collects the attestation");
        let landed = browser.get(&callback, None).await?;
        must(landed.status < 400, || format!("the platform's callback answered {}", landed.status))?;
        let community = self.until(|c| c["badge"]["attestation"].is_string(), "the platform has no attestation").await?;
        let token = community["badge"]["attestation"].as_str().unwrap_or_default().to_owned();
        report.held("code exchanged with PKCE; the attestation was prepared, signed, checked and recorded before it left the service");
        let mut parts = token.split('.');
        for name in ["header", "claims"] {
            let part = parts.next().unwrap_or_default();
            let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|e| e.to_string())?;
            let value: Value = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
            report.show(&format!("{name} {}", serde_json::to_string_pretty(&value).map_err(|e| e.to_string())?));
        }
        report.done();
        Ok(token)
    }

    async fn check(&mut self, report: &mut Report, token: &str) -> Outcome<String> {
        report.step("The platform verifies offline: signature, claims, status list");
        let jwks = self.bytes(&format!("{}/.well-known/jwks.json", self.r.public_url)).await?;
        let verifier = Verifier::new(&self.r.public_url, &jwks).map_err(|e| e.to_string())?;
        self.verifier = Some(verifier);
        let (status, uri) = self.verdict(token).await?;
        must(status == VerifyStatus::Active, || format!("the verifier says {status}"))?;
        report.held(&format!("the verifier library says active; status list {uri}"));
        let foreign = CommunityRef { platform: self.platform()?, id: "218000005".parse().map_err(|_| "community id")? };
        let other = self.verdict_for(token, &foreign).await?;
        must(other == VerifyStatus::WrongCommunity, || format!("the badge also verifies for another community: {other}"))?;
        report.held("the same attestation on another community is refused: wrong_community");
        let community = self.until(|c| c["badge"]["shown"] == true, "the platform does not show the badge").await?;
        report.held(&format!("the community's page shows the badge of «{}»", community["badge"]["authority"].as_str().unwrap_or("?")));
        let online = self.online(token).await?;
        must(online["verdict"] == "valid", || format!("POST /v1/verify says {online}"))?;
        report.held("POST /v1/verify agrees: valid");
        report.done();
        online["badge"].as_str().map(str::to_owned).ok_or_else(|| "no badge id in the answer".to_owned())
    }

    async fn revoke(&self, report: &mut Report, badge: &str) -> Outcome<()> {
        report.step("An admin revokes the badge");
        let url = format!("{}/admin/v1/badges/{badge}/revoke", self.r.admin_url);
        let body = json!({ "reason": "authority_request", "note": "demo" }).to_string();
        let stranger = self.http.post(&url).body(body.clone()).send().await.map_err(|e| e.to_string())?.status();
        must(stranger == 401, || format!("a caller without a token got {stranger}"))?;
        report.held("without an operator token: 401, and an audit entry");
        for attempt in ["revoked", "asked again: the same answer, nothing changed"] {
            let response =
                self.http.post(&url).bearer_auth(&self.r.operator_token).body(body.clone()).send().await.map_err(|e| e.to_string())?;
            must(response.status() == 200, || format!("the admin endpoint answered {}", response.status()))?;
            let changed: Value = response.json().await.map_err(|e| e.to_string())?;
            must(changed["state"] == "revoked" && changed["version"] == 2, || format!("the badge is {changed}"))?;
            report.held(attempt);
        }
        report.done();
        Ok(())
    }

    async fn gone(&self, report: &mut Report, token: &str, badge: &str) -> Outcome<()> {
        report.step("The platform is told and refuses");
        let online = self.online(token).await?;
        must(online["verdict"] == "invalid" && online["status"] == "revoked", || format!("POST /v1/verify says {online}"))?;
        report.held("POST /v1/verify at once: invalid, revoked");
        let (status, _) = self.verdict(token).await?;
        must(status == VerifyStatus::Revoked, || format!("the status list still says {status}"))?;
        report.held("the re-signed status list says revoked to everybody who checks offline");
        self.until(|c| c["badge"]["shown"] == false && c["badge"]["status"] == "revoked", "the platform still shows the badge").await?;
        let deliveries = self.json(&format!("{}/api/deliveries", self.r.platform_url)).await?;
        let told = deliveries.as_array().into_iter().flatten().any(|d| d["type"] == "badge.revoked" && d["signature_ok"] == true);
        must(told, || format!("no signed badge.revoked among the platform's deliveries for {badge}"))?;
        report.held("a signed webhook told the platform; its page shows no badge any more");
        report.done();
        Ok(())
    }

    async fn bytes(&self, url: &str) -> Outcome<Vec<u8>> {
        let response = self.http.get(url).send().await.map_err(|e| e.to_string())?;
        must(response.status().is_success(), || format!("{url} answered {}", response.status()))?;
        Ok(response.bytes().await.map_err(|e| e.to_string())?.to_vec())
    }

    async fn online(&self, token: &str) -> Outcome<Value> {
        let body = json!({ "attestation": token, "community": { "platform": self.r.platform.id, "id": COMMUNITY } }).to_string();
        let response = self.http.post(format!("{}/v1/verify", self.r.public_url)).body(body).send().await.map_err(|e| e.to_string())?;
        response.json().await.map_err(|e| e.to_string())
    }

    fn platform(&self) -> Outcome<crate::domain::community::PlatformId> {
        self.r.platform.id.parse().map_err(|_| "platform id".to_owned())
    }

    async fn verdict(&self, token: &str) -> Outcome<(VerifyStatus, String)> {
        let own = CommunityRef { platform: self.platform()?, id: COMMUNITY.parse().map_err(|_| "community id")? };
        let status = self.verdict_for(token, &own).await?;
        let now = Parts::system().clock.now();
        let claims = self.verifier.as_ref().and_then(|v| v.attestation(token, now).ok()).map(|a| a.claims);
        Ok((status, claims.map(|c| c.status.status_list.uri).unwrap_or_default()))
    }

    /// A fresh look, as a platform without any cache would take it.
    async fn verdict_for(&self, token: &str, community: &CommunityRef) -> Outcome<VerifyStatus> {
        let verifier = self.verifier.as_ref().ok_or("no keys yet")?;
        let now = Parts::system().clock.now();
        let attested = verifier.attestation(token, now).map_err(|r| r.detail)?;
        let uri = attested.claims.status.status_list.uri;
        let list = String::from_utf8(self.bytes(&uri).await?).map_err(|e| e.to_string())?;
        let list = verifier.status_list(&list, &uri, now).map_err(|r| r.detail)?;
        Ok(verifier.verify(token, &list, Some(community), now).status)
    }

    /// Waits, a few seconds at most, for what travels in the background.
    #[expect(clippy::disallowed_methods, reason = "waits for the other servers, which work on real time")]
    async fn until(&self, holds: impl Fn(&Value) -> bool, otherwise: &str) -> Outcome<Value> {
        for _ in 0..100 {
            let community = self.community().await?;
            if holds(&community) {
                return Ok(community);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("{otherwise}: {}", self.community().await?["badge"]))
    }
}

/// One redirect.
async fn hop(browser: &mut Browser, url: &str, persona: Option<&str>) -> Outcome<String> {
    let answer = browser.get(url, persona).await?;
    let text: String = answer.body.chars().take(300).collect();
    answer.location.ok_or_else(|| format!("expected a redirect, got {} {text}", answer.status))
}
