//! What every handler needs of the process and of the request: the app, the browser's cookie, the caller's address, the
//! language, and bodies read with clear errors.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use super::pages::Here;
use super::request_log::RequestContext;
use crate::domain::lang::Lang;
use crate::service::{App, Error};

/// Shared by all handlers.
pub struct Http {
    /// The service.
    pub app: Arc<App>,
    /// Longest time for a body to arrive: a caller who trickles it must not hold a connection.
    pub body_time: Duration,
}

/// Public and admin listeners are told apart by type, so that a handler cannot land on the wrong one unnoticed.
pub(super) type Shared = web::Data<Http>;

impl Http {
    fn secure(&self) -> bool {
        self.app.settings.issuer.starts_with("https://")
    }

    fn cookie_name(&self) -> &'static str {
        // The __Host- prefix forbids a sibling domain to plant the cookie; browsers demand Secure for it.
        if self.secure() { "__Host-gosbadge_browser" } else { "gosbadge_browser" }
    }

    /// The secret of this browser's cookie, if it sent a well-formed one.
    pub fn browser(&self, req: &HttpRequest) -> Option<String> {
        let value = req.cookie(self.cookie_name())?.value().to_owned();
        let good = value.len() == 43 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        good.then_some(value)
    }

    /// The cookie that binds a login to this browser. `Lax`, because the identity provider sends the browser back from
    /// another site; `Strict` would lose the cookie exactly then.
    pub fn browser_cookie(&self, secret: String) -> Cookie<'static> {
        Cookie::build(self.cookie_name(), secret).path("/").http_only(true).secure(self.secure()).same_site(SameSite::Lax).finish()
    }
}

/// The caller's whole address, for the audit trail.
pub(super) fn remote(req: &HttpRequest) -> Option<String> {
    req.extensions().get::<RequestContext>().and_then(|c| c.client).map(|a| a.to_string())
}

/// For `Retry-After`: never a moment too early.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000) as u64
}

/// The request's id, for error pages and the audit trail.
pub(super) fn request_id(req: &HttpRequest) -> String {
    req.extensions().get::<RequestContext>().map_or_else(String::new, |c| c.request_id.clone())
}

/// Language and own address, for pages.
pub(super) fn here(req: &HttpRequest) -> Here {
    let asked = query(req).remove("lang").and_then(|l| Lang::parse(&l));
    let negotiated = || req.headers().get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).map_or(Lang::Ru, Lang::negotiate);
    // Addresses under /oauth/ work once: a link to the same page in another language would lead to an error.
    let again = req.method() == actix_web::http::Method::GET && !req.path().starts_with("/oauth/");
    let address = req.uri().path_and_query().map(ToString::to_string).filter(|_| again);
    Here { lang: asked.unwrap_or_else(negotiated), explicit: asked.is_some(), address }
}

/// Query parameters; of a repeated one the last counts (pages only, never OAuth).
pub(super) fn query(req: &HttpRequest) -> BTreeMap<String, String> {
    serde_urlencoded::from_str::<Vec<(String, String)>>(req.query_string()).unwrap_or_default().into_iter().collect()
}

/// Parameters of which none may stand twice, and those without a value count as left out (RFC 6749 §3.1, §3.2).
///
/// # Errors
/// [`Error::InvalidRequest`].
pub(super) fn once_each(encoded: &str) -> Result<BTreeMap<String, String>, Error> {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(encoded).map_err(|_| Error::InvalidRequest("the parameters are not form-encoded".to_owned()))?;
    let mut map = BTreeMap::new();
    for (name, value) in pairs {
        if map.contains_key(&name) {
            return Err(Error::InvalidRequest(format!("parameter {name:?} stands twice")));
        }
        // No parameter of ours holds one, and PostgreSQL takes none.
        if value.contains('\0') {
            return Err(Error::InvalidRequest(format!("parameter {name:?} holds a NUL character")));
        }
        map.insert(name, value);
    }
    map.retain(|_, value| !value.is_empty());
    Ok(map)
}

/// A body, read whole within the route's limit and [`Http::body_time`].
pub(super) struct Body(Result<web::Bytes, Error>);

impl FromRequest for Body {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, actix_web::Error>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let read = web::Bytes::from_request(req, payload);
        // Every listener has its `Http`; without one nothing could answer anyway.
        let time = req.app_data::<Shared>().map_or(Duration::ZERO, |http| http.body_time);
        Box::pin(async move {
            Ok(Self(match tokio::time::timeout(time, read).await {
                Ok(Ok(bytes)) => Ok(bytes),
                Ok(Err(e)) if e.as_response_error().status_code() == 413 => Err(Error::TooLarge),
                Ok(Err(_)) => Err(Error::InvalidRequest("the body could not be read".to_owned())),
                Err(_) => Err(Error::TooSlow),
            }))
        })
    }
}

impl Body {
    /// The bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::TooSlow`], [`Error::InvalidRequest`].
    pub fn bytes(self) -> Result<web::Bytes, Error> {
        self.0
    }

    /// The body as form parameters.
    ///
    /// # Errors
    /// As [`Self::bytes`], and [`Error::InvalidRequest`] for another content type or a repeated parameter.
    pub fn form(self, req: &HttpRequest) -> Result<BTreeMap<String, String>, Error> {
        if req.content_type() != "application/x-www-form-urlencoded" {
            return Err(Error::InvalidRequest("send the body as application/x-www-form-urlencoded".to_owned()));
        }
        let bytes = self.bytes()?;
        once_each(std::str::from_utf8(&bytes).map_err(|_| Error::InvalidRequest("the body is not UTF-8".to_owned()))?)
    }
}

/// Whether the caller would rather have JSON than a page.
pub(super) fn wants_json(req: &HttpRequest) -> bool {
    let accept = req.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("");
    let at = |what: &str| accept.find(what);
    match (at("application/json"), at("text/html")) {
        (Some(json), Some(html)) => json < html,
        (Some(_), None) => true,
        _ => false,
    }
}
