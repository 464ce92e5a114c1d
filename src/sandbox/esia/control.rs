//! `/sandbox/faults`: switching faults on and off over HTTP, in JSON. The page for people is in `control_page`.

use std::sync::atomic::Ordering;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::Esia;
use super::faults::Fault;

/// Faults are for whoever runs the stand-in. A request that came through a proxy shows the proxy's address and is not taken for local.
pub(super) fn may_control(esia: &Esia, request: &HttpRequest) -> bool {
    let local = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let relayed = request.headers().contains_key(header::FORWARDED) || request.headers().contains_key("x-forwarded-for");
    esia.control_anywhere || (local && !relayed)
}

/// Pages of other sites can post here too, JSON as well as forms, and without asking first; browsers say so.
pub(super) fn posted_by_a_foreign_page(request: &HttpRequest) -> bool {
    let site = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
    site.is_some_and(|site| site != "same-origin")
}

fn refused() -> HttpResponse {
    HttpResponse::Forbidden().json(json!({"error": "faults can be set from this machine only, or start with --control-anywhere"}))
}

fn wrong(what: impl ToString) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({"error": what.to_string()}))
}

fn listed(esia: &Esia) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({"faults": esia.faults.list(), "strangers_visited": esia.strangers_visited.load(Ordering::Relaxed)}))
}

/// `GET /sandbox/faults`
pub(super) async fn list(esia: web::Data<Esia>, request: HttpRequest) -> HttpResponse {
    if may_control(&esia, &request) { listed(&esia) } else { refused() }
}

/// `PUT /sandbox/faults`: one fault or an array of them, in the place of all others.
pub(super) async fn replace(esia: web::Data<Esia>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    if !may_control(&esia, &request) {
        return refused();
    }
    match read(&esia, &body).and_then(|faults| esia.faults.replace(faults)) {
        Ok(()) => listed(&esia),
        Err(error) => wrong(error),
    }
}

/// `POST /sandbox/faults`: one fault more.
pub(super) async fn add(esia: web::Data<Esia>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    if !may_control(&esia, &request) || posted_by_a_foreign_page(&request) {
        return refused();
    }
    let added = read(&esia, &body).and_then(|faults| faults.into_iter().try_for_each(|fault| esia.faults.add(fault).map(|_| ())));
    match added {
        Ok(()) => listed(&esia),
        Err(error) => wrong(error),
    }
}

/// `DELETE /sandbox/faults`
pub(super) async fn clear(esia: web::Data<Esia>, request: HttpRequest) -> HttpResponse {
    if !may_control(&esia, &request) {
        return refused();
    }
    esia.faults.clear();
    HttpResponse::NoContent().finish()
}

/// `DELETE /sandbox/faults/{id}`
pub(super) async fn remove(esia: web::Data<Esia>, request: HttpRequest, id: web::Path<u64>) -> HttpResponse {
    if !may_control(&esia, &request) {
        return refused();
    }
    if esia.faults.remove(*id) {
        HttpResponse::NoContent().finish()
    } else {
        HttpResponse::NotFound().json(json!({"error": "no such fault"}))
    }
}

fn read(esia: &Esia, body: &[u8]) -> Result<Vec<Fault>, String> {
    let value: Value = serde_json::from_slice(body).map_err(|e| format!("not JSON: {e}"))?;
    let all = if value.is_array() { value } else { json!([value]) };
    let faults: Vec<Fault> = serde_json::from_value(all).map_err(|e| e.to_string())?;
    faults.iter().try_for_each(|fault| esia.people.check_fault(fault))?;
    faults.iter().for_each(|fault| esia.prepare(fault));
    Ok(faults)
}
