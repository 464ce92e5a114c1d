//! Status lists as they are fetched: the one in force, one of the past, and which there are.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::context::Shared;
use super::entity_tag::unchanged;
use super::problem;
use crate::domain::attestation::status_list_uri;
use crate::service::Error;
use crate::service::recall_status_list::recall_status_list;
use crate::service::status_view::Published;

/// How long a list of the past may be kept: what it says does not change any more.
const PAST_MAX_AGE: u64 = 24 * 3600;

/// `GET /status/{n}`, `GET /status/{n}?time={seconds since 1970}`
pub(super) async fn status_list(http: Shared, req: HttpRequest, n: web::Path<String>) -> HttpResponse {
    let outcome = async {
        let time = asked_time(req.query_string())?;
        let n = n.parse().map_err(|_| Error::NotFound("status list"))?;
        match time {
            Some(second) => recall_status_list(&http.app, n, second).await,
            None => http.app.view.list(&http.app, n)?.map(|list| (list, false)).ok_or(Error::NotFound("status list")),
        }
    };
    let (list, past) = match outcome.await {
        Ok(found) => found,
        Err(e) => return problem::api(&http, &req, &e),
    };
    respond(&req, list, if past { PAST_MAX_AGE } else { http.app.settings.status_ttl.as_secs() })
}

/// The `time` parameter (draft-ietf-oauth-status-list-21 §8.4), once at most. A number too large for a clock is a time to come.
fn asked_time(query: &str) -> Result<Option<i64>, Error> {
    let mut times = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "time").map(|(_, value)| value);
    match (times.next(), times.next()) {
        (None, _) => Ok(None),
        (Some(text), None) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => Ok(Some(text.parse().unwrap_or(i64::MAX))),
        (Some(_), None) => Err(Error::InvalidRequest("time must be whole seconds since 1970, in digits".to_owned())),
        (Some(_), Some(_)) => Err(Error::InvalidRequest("time may be given once".to_owned())),
    }
}

/// Bytes of a published list, handed out without copying them.
struct Shown(Arc<Published>, fn(&Published) -> &[u8]);

impl AsRef<[u8]> for Shown {
    fn as_ref(&self) -> &[u8] {
        (self.1)(&self.0)
    }
}

fn respond(req: &HttpRequest, list: Arc<Published>, max_age: u64) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::ETAG, list.etag.clone()))
        .insert_header((header::VARY, "Accept-Encoding"))
        .insert_header((header::CACHE_CONTROL, format!("public, max-age={max_age}")));
    if unchanged(req, &list.etag) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.content_type("application/statuslist+jwt");
    let accepts = req.headers().get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
    let gzip = accepts.split(',').any(|e| {
        let mut parts = e.split(';').map(str::trim);
        parts.next() == Some("gzip") && !parts.any(|p| matches!(p, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    });
    let shown: fn(&Published) -> &[u8] = if gzip {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
        |list| &list.gzip
    } else {
        |list| &list.token
    };
    response.body(web::Bytes::from_owner(Shown(list, shown)))
}

/// `GET /status`
pub(super) async fn aggregation(http: Shared) -> HttpResponse {
    let iss = &http.app.settings.issuer;
    let lists: Vec<String> = http.app.view.list_ids().into_iter().map(|n| status_list_uri(iss, n)).collect();
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=60")).json(json!({ "status_lists": lists }))
}
