//! VK's `groups.getById`, API 5.199. Errors come with status 200, as VK sends them.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::{Interface, Page, PlatformApi, Standing, parameters};

/// Ids in one call.
const MOST: usize = 500;
/// Versions before this one are refused.
const OLDEST: (u32, u32) = (5, 81);

/// `/method/{name}`
pub(super) async fn call(api: web::Data<PlatformApi>, req: HttpRequest, name: web::Path<String>, body: web::Bytes) -> HttpResponse {
    let (forced, garbled) = api.ordered();
    if let Some(answer) = garbled {
        return answer;
    }
    let outcome = match forced {
        Some(code) => Err((code, "ordered by a test".to_owned())),
        None => answer(&api, &req, &name, &body),
    };
    HttpResponse::Ok().json(match outcome {
        Ok(groups) => json!({ "response": { "groups": groups, "profiles": [] } }),
        // VK repeats the parameters, the token left out.
        Err((code, text)) => {
            json!({ "error": { "error_code": code, "error_msg": text, "request_params": [{ "key": "method", "value": *name }] } })
        }
    })
}

fn answer(api: &PlatformApi, req: &HttpRequest, name: &str, body: &[u8]) -> Result<Vec<Value>, (i64, String)> {
    let refuse = |code: i64, text: &str| Err((code, text.to_owned()));
    let Interface::Vk { token } = &api.config.interface else { return refuse(1, "Unknown error occurred") };
    let p = parameters(req.query_string(), body);
    if name != "groups.getById" {
        return refuse(3, "Unknown method passed");
    }
    let bearer = req.headers().get("Authorization").and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
    if p.get("access_token").map(String::as_str).or(bearer) != Some(token.as_str()) {
        return refuse(5, "User authorization failed: invalid access_token (4).");
    }
    if !api.within_limit() {
        return refuse(6, "Too many requests per second");
    }
    let version = p.get("v").and_then(|v| v.split_once('.')).and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse::<u32>().ok()?)));
    match version {
        None => return refuse(8, "Invalid request: v (version) is required"),
        Some(v) if v < OLDEST => return refuse(8, "Invalid request: versions below 5.81 are deprecated"),
        Some(_) => {}
    }
    let ids = p.get("group_ids").or_else(|| p.get("group_id")).filter(|ids| !ids.is_empty());
    let Some(ids) = ids else { return refuse(100, "One of the parameters specified was missing or invalid: group_ids is undefined") };
    let ids: Vec<&str> = ids.split(',').map(str::trim).collect();
    if ids.len() > MOST {
        return refuse(100, "One of the parameters specified was missing or invalid: group_ids has too many elements");
    }
    let fields: Vec<&str> = p.get("fields").map(|f| f.split(',').collect()).unwrap_or_default();
    let found: Vec<Page> = ids.iter().filter_map(|id| api.by_number(id).or_else(|| api.by_screen_name(id))).collect();
    match found.as_slice() {
        [] => refuse(100, "One of the parameters specified was missing or invalid: group_ids is undefined"),
        [only] if ids.len() == 1 && only.standing == Standing::KeepsOut => refuse(203, "Access to group denied"),
        all => Ok(all.iter().filter(|p| p.standing != Standing::KeepsOut).map(|p| group(p, &fields)).collect()),
    }
}

fn group(page: &Page, fields: &[&str]) -> Value {
    let gone = match page.standing {
        Standing::Deleted => Some("deleted"),
        Standing::Banned => Some("banned"),
        _ => None,
    };
    let mut group = json!({
        "id": page.number,
        "name": if gone == Some("deleted") { "DELETED" } else { &page.name },
        "screen_name": page.screen_name.clone().unwrap_or_else(|| format!("club{}", page.number)),
        "is_closed": u8::from(page.standing == Standing::Closed),
        "type": "page",
        "photo_50": "https://vk.com/images/community_50.png",
    });
    if let Some(gone) = gone {
        group["deactivated"] = gone.into();
        return group;
    }
    for (name, value) in [("description", &page.description), ("status", &page.status), ("site", &page.site)] {
        if fields.contains(&name) {
            group[name] = value.as_str().into();
        }
    }
    group
}
