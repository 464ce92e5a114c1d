//! What became of messages to platforms, and sending them again: for the platform, and on the admin listener for operators.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::operator;
use super::context::{Body, Http, Shared, query};
use super::events::limit;
use super::oauth::platform_of;
use super::streams::{actor_of, answer, read};
use crate::domain::time::Timestamp;
use crate::service::Error;
use crate::service::add_operator::Role;
use crate::service::authenticate_operator::note_call;
use crate::service::list_deliveries::{Wanted, list_deliveries};
use crate::service::redeliver::{Range, redeliver, redeliver_range};

const LIST: &str = "delivery.list";
const AGAIN: &str = "delivery.redeliver";

/// A time to send again; `until` is now where it is left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeRequest {
    platform: Option<String>,
    since: Timestamp,
    until: Option<Timestamp>,
    state: Option<String>,
}

const RANGE_FORM: &str = "{\"since\":\"2026-11-28T00:00:00Z\",\"until\":…,\"state\":\"dead\"}";

async fn list(http: &Http, req: &HttpRequest, platform: Option<String>) -> Result<Value, Error> {
    let mut q = query(req);
    let mut time = |name: &str| -> Result<Option<Timestamp>, Error> {
        let Some(text) = q.remove(name).filter(|t| !t.is_empty()) else { return Ok(None) };
        let parsed = serde_json::from_value(Value::String(text));
        parsed.map(Some).map_err(|_| Error::InvalidRequest(format!("{name} must be a time like 2026-11-28T00:00:00Z")))
    };
    let (since, until) = (time("since")?, time("until")?);
    let limit = i64::try_from(limit(q.remove("limit"), 100)?).unwrap_or(100);
    let platform = platform.or_else(|| q.remove("platform"));
    let wanted = Wanted { platform, state: q.remove("state"), since, until, cursor: q.remove("cursor"), limit };
    let (deliveries, next) = list_deliveries(&http.app, wanted).await?;
    Ok(json!({ "deliveries": deliveries, "next": next }))
}

fn range(http: &Http, asked: RangeRequest, platform: String) -> Range {
    // What was queued in this very millisecond belongs to "until now".
    let until = asked.until.unwrap_or_else(|| http.app.clock.now().plus(Duration::from_millis(1)));
    Range { platform, state: asked.state, since: asked.since, until }
}

/// `GET /v1/deliveries?state=&since=&until=&cursor=&limit=`
pub(super) async fn of_platform(http: Shared, req: HttpRequest) -> HttpResponse {
    let outcome = async {
        let platform = platform_of(&http, &req).await?;
        list(&http, &req, Some(platform.id)).await
    };
    answer(&http, &req, outcome.await)
}

/// `POST /v1/deliveries/{id}/redeliver`
pub(super) async fn again(http: Shared, req: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let outcome = async {
        let platform = platform_of(&http, &req).await?;
        let actor = actor_of(&req, &platform);
        let delivery = redeliver(&http.app, id.into_inner(), Some(platform.id), &actor).await?;
        Ok(json!(delivery))
    };
    answer(&http, &req, outcome.await)
}

/// `POST /v1/deliveries/redeliver`
pub(super) async fn range_again(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let platform = platform_of(&http, &req).await?;
        let asked: RangeRequest = read(body, RANGE_FORM)?;
        if asked.platform.as_ref().is_some_and(|p| *p != platform.id) {
            return Err(Error::InvalidRequest("platform must be your own, or be left out".to_owned()));
        }
        let actor = actor_of(&req, &platform);
        let sent = redeliver_range(&http.app, range(&http, asked, platform.id), &actor).await?;
        Ok(json!({ "redelivered": sent }))
    };
    answer(&http, &req, outcome.await)
}

/// `GET /admin/v1/deliveries?platform=&state=&since=&until=&cursor=&limit=`
pub(super) async fn for_operator(http: Shared, req: HttpRequest) -> HttpResponse {
    let outcome = async {
        let actor = operator(&http, &req, Role::Viewer, LIST, "deliveries").await?;
        let listed = list(&http, &req, None).await;
        note_call(&http.app, &actor, LIST, "deliveries", if listed.is_ok() { "ok" } else { "invalid" }).await?;
        listed
    };
    answer(&http, &req, outcome.await)
}

/// `POST /admin/v1/deliveries/{id}/redeliver`
pub(super) async fn again_for_operator(http: Shared, req: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let id = id.into_inner();
    let outcome = async {
        let actor = operator(&http, &req, Role::Operator, AGAIN, &id).await?;
        let done = redeliver(&http.app, id.clone(), None, &actor).await;
        if matches!(done, Err(Error::NotFound(_))) {
            note_call(&http.app, &actor, AGAIN, &id, "not_found").await?;
        }
        done.map(|delivery| json!(delivery))
    };
    answer(&http, &req, outcome.await)
}

/// `POST /admin/v1/deliveries/redeliver`
pub(super) async fn range_again_for_operator(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let actor = operator(&http, &req, Role::Operator, AGAIN, "range").await?;
        let done = async {
            let mut asked: RangeRequest = read(body, RANGE_FORM)?;
            let platform = asked.platform.take().ok_or_else(|| Error::InvalidRequest("platform is missing: say whose".to_owned()))?;
            redeliver_range(&http.app, range(&http, asked, platform), &actor).await
        };
        let done = done.await;
        if matches!(done, Err(Error::InvalidRequest(_) | Error::TooLarge)) {
            note_call(&http.app, &actor, AGAIN, "range", "invalid").await?;
        }
        done.map(|sent| json!({ "redelivered": sent }))
    };
    answer(&http, &req, outcome.await)
}
