//! Getting a badge: OAuth with a pushed request (RFC 9126), PKCE (RFC 7636), rich request (RFC 9396) and `iss` (RFC 9207).

use std::time::Duration;

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::badge::Evidence;
use super::communities::FlowError;
use super::gosbadge::{CallError, DETAIL_TYPE, Granted};
use super::pages;
use super::session::same_secret;
use super::state::Platform;
use super::words;

/// An attempt waiting for the browser to come back.
pub(super) struct Flow {
    session: String,
    community: String,
    verifier: String,
}

/// A started attempt.
pub(super) struct Started {
    pub(super) authorize_url: String,
    pub(super) state: String,
}

/// Query of the redirect back to us, unverified.
#[derive(Deserialize)]
pub(super) struct UnverifiedReturn {
    state: Option<String>,
    iss: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    gosbadge_code: Option<String>,
}

impl Platform {
    /// Pushes the request for `community` and remembers the attempt for this session alone.
    pub(super) async fn begin(&self, session: String, community: &str) -> Result<Started, CallError> {
        let details = self.authorization_details(community).ok_or(CallError::Nonsense("такого сообщества нет"))?;
        let (state, verifier) = (self.entropy.token(), self.entropy.token());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let redirect_uri = self.redirect_uri();
        let form = [
            ("client_id", self.gosbadge.client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", &redirect_uri),
            ("state", &state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("authorization_details", &details),
        ];
        let authorize_url = self.gosbadge.push(&form).await?;
        let flow = Flow { session, community: community.to_owned(), verifier };
        self.state().flows.insert(state.clone(), flow);
        Ok(Started { authorize_url, state })
    }

    fn authorization_details(&self, community: &str) -> Option<String> {
        let state = self.state();
        let c = state.communities.get(community)?;
        let detail = json!([{
            "type": DETAIL_TYPE,
            "actions": ["issue"],
            "community": { "id": c.id, "uri": self.club_url(&c.id), "name": c.name, "screen_name": c.screen_name },
            "control": { "role": "admin", "checked_at": self.now() },
        }]);
        Some(detail.to_string())
    }

    /// Redeems the code and stores what it gave. The attestation is checked offline before it is believed.
    async fn finish(&self, flow: &Flow, code: &str) -> Result<(), FlowError> {
        let granted = self.gosbadge.redeem(code, &flow.verifier, &self.redirect_uri(), &flow.community).await?;
        match (granted.status.as_str(), &granted.attestation) {
            ("active", Some(token)) => self.check_granted(token, &flow.community).await?,
            ("active", None) => return Err(CallError::Nonsense("отметка выдана, но её нет в ответе").into()),
            ("pending", _) => {}
            _ => return Err(CallError::Nonsense("неизвестное состояние отметки").into()),
        }
        self.keep(granted, &flow.community)
    }

    /// Signature, form, time and community must hold. What the status list says is judged at every showing: right after issue it
    /// may still be behind, and a token thrown away now could not be had again.
    async fn check_granted(&self, token: &str, community: &str) -> Result<(), FlowError> {
        let Some(reference) = self.state().communities.get(community).map(|c| self.reference(&c.id)) else { return Ok(()) };
        // Asks for the list anew: the one in the cache is older than this attestation.
        let check = self.trust.check(token, &reference, Some(Duration::ZERO), self.now()).await;
        if check.claims.is_some_and(|claims| claims.community.reference() == reference) {
            return Ok(());
        }
        let words = match check.evidence {
            Evidence::Checked { status, .. } => {
                format!("Полученное подтверждение не прошло проверку на нашей стороне: {}.", words::status(status.as_str()))
            }
            _ => "Полученное подтверждение не удалось проверить: ключи gosbadge недоступны.".to_owned(),
        };
        Err(FlowError { error: "attestation_not_accepted".into(), code: None, description: words })
    }

    fn keep(&self, granted: Granted, community: &str) -> Result<(), FlowError> {
        let now = self.now();
        let mut state = self.state();
        let Some(c) = state.communities.get_mut(community) else { return Ok(()) };
        c.last_error = None;
        c.pending = (granted.status == "pending").then_some(now);
        match (granted.badge, granted.attestation) {
            (Some(badge), Some(token)) => c.badge(badge).offer(token),
            (None, Some(_)) => return Err(CallError::Nonsense("у выданной отметки нет номера").into()),
            // Pending: a record without attestation would push aside a badge that still holds. The event stream will tell.
            (_, None) => {}
        }
        Ok(())
    }
}

/// `GET /gosbadge/callback`
pub(super) async fn callback(
    platform: web::Data<Platform>,
    request: HttpRequest,
    query: Result<web::Query<UnverifiedReturn>, actix_web::Error>,
) -> HttpResponse {
    let Ok(query) = query.map(web::Query::into_inner) else {
        return pages::notice(400, "Неверный адрес", "В адресе возврата не хватает данных. Начните подтверждение заново.");
    };
    let flow = match take_flow(&platform, &request, &query) {
        Ok(flow) => flow,
        Err(text) => return pages::notice(400, "Подтверждение прервано", text),
    };
    let outcome = match query.code {
        // RFC 9207 §2.4: an answer that does not come from the server we asked is not acted upon, whatever it says.
        _ if query.iss.as_deref() != Some(platform.issuer.as_str()) => Err(FlowError {
            error: "wrong_issuer".into(),
            code: None,
            description: "Ответ пришёл не от того сервера, к которому мы обращались.".into(),
        }),
        Some(code) if query.error.is_none() => platform.finish(&flow, &code).await,
        _ => Err(FlowError {
            error: capped(query.error.unwrap_or_else(|| "invalid_response".into())),
            code: query.gosbadge_code.map(capped),
            description: query.error_description.map_or_else(|| "Подтвердить сообщество не удалось.".into(), capped),
        }),
    };
    if let Err(error) = outcome
        && let Some(c) = platform.state().communities.get_mut(&flow.community)
    {
        c.last_error = Some(error);
    }
    HttpResponse::SeeOther().insert_header((LOCATION, format!("/club{}/settings", flow.community))).finish()
}

/// The attempt this answer belongs to; it is spent by this. Only the browser that began it may end it (RFC 9700 §4.7).
fn take_flow(platform: &Platform, request: &HttpRequest, query: &UnverifiedReturn) -> Result<Flow, &'static str> {
    let state = query.state.as_deref().unwrap_or_default().to_owned();
    let session = platform.session_of(request).ok_or("Этот браузер не начинал подтверждение. Начните его в настройках сообщества.")?;
    let mut memory = platform.state();
    let ours = memory.flows.get(&state).is_some_and(|f| same_secret(&f.session, &session));
    let known = ours.then(|| memory.flows.remove(&state)).flatten();
    known.ok_or("Эта попытка уже завершена, устарела или начата в другом браузере. Начните подтверждение заново в настройках сообщества.")
}

/// Texts from an address bar are shown escaped, and never at length.
fn capped(text: String) -> String {
    text.chars().filter(|c| !c.is_control()).take(500).collect()
}
