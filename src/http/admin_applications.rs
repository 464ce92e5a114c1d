//! Applications on the admin surface: which wait for operators, one with all that is needed to decide, and the decision.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::operator;
use super::applications::state_now;
use super::context::{Body, Shared, query};
use super::problem;
use crate::domain::time::Timestamp;
use crate::service::add_operator::Role;
use crate::service::authenticate_operator::note_call;
use crate::service::decide_application::{Decision, action, decide_application};
use crate::service::list_applications::{self, Listed, Wanted};
use crate::service::{Error, damaged};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    decision: String,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    proof: Option<String>,
}

/// Decision, note, and the proof that was looked at.
fn asked(body: Body) -> Result<(Decision, Option<String>, Option<String>), Error> {
    let asked: Asked = serde_json::from_slice(&body.bytes()?)
        .map_err(|e| Error::InvalidRequest(format!("body: {e}; send {{\"decision\":\"approve\" or \"refuse\",\"note\":…,\"proof\":…}}")))?;
    match asked.decision.as_str() {
        "approve" => Ok((Decision::Approve, asked.note, asked.proof)),
        "refuse" => Ok((Decision::Refuse, asked.note, asked.proof)),
        _ => Err(Error::InvalidRequest("decision must be approve or refuse".to_owned())),
    }
}

/// `GET /admin/v1/applications?state=&proof=&status=&cursor=&limit=`
pub(super) async fn list(http: Shared, req: HttpRequest) -> HttpResponse {
    const ACTION: &str = "application.list";
    let outcome = async {
        let actor = operator(&http, &req, Role::Operator, ACTION, "applications").await?;
        let mut q = query(&req);
        let limit = q.remove("limit").map_or(Some(100), |l| l.parse().ok()).filter(|l| (1..=500).contains(l));
        let mut word = |name: &str| q.remove(name).filter(|w| !w.is_empty());
        let listed = match limit {
            Some(limit) => {
                let wanted = Wanted { state: word("state"), proof: word("proof"), status: word("status"), cursor: word("cursor"), limit };
                list_applications::list_applications(&http.app, wanted).await
            }
            None => Err(Error::InvalidRequest("limit must be 1 to 500".to_owned())),
        };
        let outcome = if matches!(listed, Err(Error::InvalidRequest(_))) { "invalid" } else { "ok" };
        note_call(&http.app, &actor, ACTION, "applications", outcome).await?;
        let (rows, next) = listed?;
        let rows = rows.iter().map(|l| shown(l, http.app.clock.now())).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, Error>(json!({ "applications": rows, "next": next }))
    };
    answer(&http, &req, outcome.await)
}

/// `GET /admin/v1/applications/{id}`
pub(super) async fn show(http: Shared, req: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let outcome = async {
        let actor = operator(&http, &req, Role::Operator, "application.read", &id).await?;
        let (listed, explanation) = list_applications::open_application(&http.app, id.into_inner(), &actor).await?;
        let mut body = shown(&listed, http.app.clock.now())?;
        body["explanation"] = explanation.into();
        Ok(body)
    };
    answer(&http, &req, outcome.await)
}

/// `POST /admin/v1/applications/{id}/decide`
pub(super) async fn decide(http: Shared, req: HttpRequest, id: web::Path<String>, body: Body) -> HttpResponse {
    const ACTION: &str = "application.decide";
    let outcome = async {
        let asked = asked(body);
        let attempted = asked.as_ref().map_or(ACTION, |(decision, ..)| action(*decision));
        let actor = operator(&http, &req, Role::Operator, attempted, &id).await?;
        let decided = match asked {
            Ok((decision, note, about)) => decide_application(&http.app, id.to_string(), decision, note, about, actor.clone()).await,
            Err(e) => Err(e),
        };
        if matches!(decided, Err(Error::InvalidRequest(_) | Error::TooLarge)) {
            note_call(&http.app, &actor, attempted, &id, "invalid").await?;
        }
        let changed = decided?;
        let listed = list_applications::find_application(&http.app, id.into_inner()).await?;
        let mut body = shown(&listed, http.app.clock.now())?;
        body["changed"] = changed.into();
        Ok(body)
    };
    answer(&http, &req, outcome.await)
}

fn answer(http: &Shared, req: &HttpRequest, outcome: Result<Value, Error>) -> HttpResponse {
    match outcome {
        Ok(body) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body),
        Err(e) => problem::api(http, req, &e),
    }
}

fn shown(l: &Listed, now: Timestamp) -> Result<Value, Error> {
    let a = &l.application;
    let community = a.community().map_err(|_| damaged("application"))?;
    let mut proofs = Vec::new();
    for (p, decisions) in &l.proofs {
        let decisions = decisions
            .iter()
            .map(|d| json!({ "operator": d.operator_id, "decision": d.decision, "at": Timestamp::from_millis(d.decided_at) }));
        proofs.push(json!({
            "id": p.id,
            "type": p.kind,
            "status": p.status_at(now)?.as_str(),
            "error": p.error,
            "page": p.page,
            "created_at": Timestamp::from_millis(p.created_at),
            "validated_at": p.validated_at.map(Timestamp::from_millis),
            "expires_at": Timestamp::from_millis(p.expires_at),
            "decisions": decisions.collect::<Vec<_>>(),
        }));
    }
    let authority = l.authority.as_ref().map(|x| json!({ "ogrn": x.ogrn, "inn": x.inn, "name": x.full_name, "kind": x.kind }));
    Ok(json!({
        "id": a.id,
        "start": a.start,
        "state": state_now(a, now)?,
        "community": { "platform": a.platform_id, "id": community.id, "uri": community.uri, "name": community.name, "screen_name": community.screen_name },
        "authority": authority,
        "branch": a.branch_name,
        "mandate": a.mandate,
        "proofs": proofs,
        "badge": a.badge_id,
        "created_at": Timestamp::from_millis(a.created_at),
        "expires_at": Timestamp::from_millis(a.expires_at),
    }))
}
