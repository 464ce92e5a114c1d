//! Одноклассники: `group.getInfo` and `url.getInfo` at `/fb.do`, with the request signature. Errors come with status 200 and a header.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use openssl::hash::{Hasher, MessageDigest};
use serde_json::{Value, json};

use super::{Interface, Page, PlatformApi, Standing, parameters};

/// Ids in one call.
const MOST: usize = 100;

/// `/fb.do`
pub(super) async fn call(api: web::Data<PlatformApi>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    let (forced, garbled) = api.ordered();
    if let Some(answer) = garbled {
        return answer;
    }
    let outcome = match forced {
        Some(code) => Err((code, "ordered by a test")),
        None => answer(&api, &parameters(req.query_string(), &body)),
    };
    match outcome {
        Ok(value) => HttpResponse::Ok().json(value),
        Err((code, text)) => HttpResponse::Ok()
            .insert_header(("Invocation-Error", code.to_string()))
            .json(json!({ "error_code": code, "error_msg": text, "error_data": null })),
    }
}

fn answer(api: &PlatformApi, p: &BTreeMap<String, String>) -> Result<Value, (i64, &'static str)> {
    let Interface::Ok { application_key, application_secret, access_token } = &api.config.interface else { return Err((1, "UNKNOWN")) };
    let get = |name: &str| p.get(name).map(String::as_str).unwrap_or_default();
    if get("application_key") != application_key {
        return Err((101, "PARAM_API_KEY : Application not exist"));
    }
    let secret = match (p.get("access_token"), access_token) {
        (None, None) => application_secret.clone(),
        (None, Some(_)) => return Err((451, "SESSION_REQUIRED")),
        (Some(given), Some(known)) if given == known => md5_hex(&[given, application_secret]),
        (Some(_), _) => return Err((103, "PARAM_SESSION_KEY : Invalid session key")),
    };
    // Everything but the session and the signature itself, in order of names, nothing between.
    let mut parts: Vec<String> = Vec::new();
    for (name, value) in p.iter().filter(|(name, _)| !["sig", "access_token", "session_key"].contains(&name.as_str())) {
        parts.push(format!("{name}={value}"));
    }
    parts.push(secret);
    if md5_hex(&parts.iter().map(String::as_str).collect::<Vec<_>>()) != get("sig") {
        return Err((104, "PARAM_SIGNATURE : Invalid signature"));
    }
    if !api.within_limit() {
        return Err((11, "LIMIT_REACHED"));
    }
    match get("method") {
        "group.getInfo" => groups(api, get("uids"), get("fields")),
        "url.getInfo" => Ok(address(api, get("url"))),
        _ => Err((3, "METHOD : Method does not exist")),
    }
}

fn groups(api: &PlatformApi, uids: &str, fields: &str) -> Result<Value, (i64, &'static str)> {
    let uids: Vec<&str> = uids.split(',').filter(|u| !u.is_empty()).collect();
    if uids.is_empty() || uids.len() > MOST || fields.is_empty() {
        return Err((100, "PARAM : uids, fields"));
    }
    if uids.iter().any(|u| u.parse::<u64>().is_err()) {
        return Err((160, "PARAM_GROUP_ID : Invalid group_id"));
    }
    let found: Vec<Page> = uids.iter().filter_map(|u| api.by_number(u)).filter(|p| p.standing != Standing::Deleted).collect();
    match found.as_slice() {
        [] => Err((300, "NOT_FOUND")),
        [only] if only.standing == Standing::KeepsOut => Err((7, "ACTION_BLOCKED")),
        all => Ok(all.iter().map(|p| group(p, fields)).collect()),
    }
}

fn group(page: &Page, fields: &str) -> Value {
    let all = json!({
        "uid": page.number.to_string(),
        "name": page.name,
        "description": page.description,
        "shortname": page.screen_name,
        "status": page.status,
        "homepage_url": page.site,
        "access_type": if page.standing == Standing::Open { "OPEN" } else { "CLOSED" },
        "blocked": page.standing == Standing::Banned,
    });
    let asked = |name: &String| fields.split(',').any(|f| f == name);
    all.as_object().into_iter().flatten().filter(|(name, v)| asked(name) && !v.is_null()).map(|(n, v)| (n.clone(), v.clone())).collect()
}

fn address(api: &PlatformApi, url: &str) -> Value {
    let name = url.strip_prefix("https://ok.ru/").unwrap_or_default();
    match api.by_screen_name(name) {
        Some(page) => json!({ "type": "GROUP", "objectId": page.number, "objectIdStr": page.number.to_string() }),
        None => json!({ "type": "UNKNOWN" }),
    }
}

fn md5_hex(parts: &[&str]) -> String {
    let mut out = String::new();
    if let Ok(mut hasher) = Hasher::new(MessageDigest::md5()) {
        for part in parts {
            if hasher.update(part.as_bytes()).is_err() {
                return String::new();
            }
        }
        for byte in hasher.finish().iter().flat_map(|d| d.iter()) {
            out.push_str(&format!("{byte:02x}"));
        }
    }
    out
}
