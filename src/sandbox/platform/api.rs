//! A small JSON interface for tests and for the scripted demonstration. Not part of what a real platform would offer: it lets
//! anybody who can reach the stand-in act as an administrator.

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::gosbadge::CallError;
use super::session::COOKIE;
use super::state::Platform;
use super::views::authority_name;
use crate::sandbox::platform_api::Standing;

/// `GET /api/communities/{id}`: what a visitor would see now, and why.
pub(super) async fn community(platform: web::Data<Platform>, id: web::Path<String>) -> HttpResponse {
    let Some(a) = platform.assess(&id, platform.poll_every).await else { return no_such_community() };
    let state = platform.state();
    let Some(c) = state.communities.get(id.as_str()) else { return no_such_community() };
    let error = c.last_error.as_ref().map(|e| json!({ "error": e.error, "gosbadge_code": e.code, "description": e.description }));
    let answer = c.last_answer.as_ref().map(|n| json!({ "type": n.kind, "accepted": n.accepted, "at": n.at, "body": n.body }));
    HttpResponse::Ok().json(json!({
        "id": c.id,
        "name": c.name,
        "uri": platform.club_url(&c.id),
        "badge": {
            "shown": a.standing.shown(),
            "status": a.standing.status,
            "reason": a.standing.reason,
            "badge": a.badge,
            "authority": a.claims.as_ref().map(authority_name),
            "attestation": a.attestation,
            "version": a.version,
            "verified_at": a.verified_at,
        },
        "last_error": error,
        "last_answer": answer,
    }))
}

/// `POST /api/communities/{id}/start`: signs a new browser in, pushes the request, and says where to go and with which cookie.
pub(super) async fn start(platform: web::Data<Platform>, id: web::Path<String>) -> HttpResponse {
    if !platform.state().communities.contains_key(id.as_str()) {
        return no_such_community();
    }
    let session = platform.sign_in(None, &id);
    match platform.begin(session.clone(), &id).await {
        Ok(started) => HttpResponse::Ok().json(json!({
            "authorize_url": started.authorize_url,
            "state": started.state,
            "cookie": format!("{COOKIE}={session}"),
            "redirect_uri": platform.redirect_uri(),
        })),
        Err(CallError::Refused { error, code, description }) => {
            HttpResponse::BadGateway().json(json!({ "error": error, "gosbadge_code": code, "description": description }))
        }
        Err(e) => HttpResponse::BadGateway().json(json!({ "error": "temporarily_unavailable", "description": e.to_string() })),
    }
}

/// `POST /api/communities/{id}/standing/{word}`: what the platform's own interface says of a community from now on: `open`, `closed`,
/// `deleted`, `banned`, `keeps_out`.
pub(super) async fn set_standing(platform: web::Data<Platform>, path: web::Path<(String, String)>) -> HttpResponse {
    let (id, word) = path.into_inner();
    let standing = match word.as_str() {
        "open" => Standing::Open,
        "closed" => Standing::Closed,
        "deleted" => Standing::Deleted,
        "banned" => Standing::Banned,
        "keeps_out" => Standing::KeepsOut,
        _ => {
            let description = "the last word of the address is one of open, closed, deleted, banned, keeps_out";
            return HttpResponse::BadRequest().json(json!({ "error": "no_such_standing", "description": description }));
        }
    };
    match platform.state().communities.get_mut(&id) {
        Some(community) => community.standing = standing,
        None => return no_such_community(),
    }
    HttpResponse::NoContent().finish()
}

/// `GET /api/deliveries`: every webhook received, as it came.
pub(super) async fn deliveries(platform: web::Data<Platform>) -> HttpResponse {
    HttpResponse::Ok().json(platform.state().deliveries())
}

fn no_such_community() -> HttpResponse {
    HttpResponse::NotFound().json(json!({ "error": "no_such_community", "description": "use an id from the list on the front page" }))
}
