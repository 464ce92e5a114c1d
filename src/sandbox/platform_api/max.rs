//! MAX: `GET /chats/{chatId}` and `GET /chats/{chatLink}`. The token stands in the header, without a scheme before it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::{Interface, PlatformApi, Standing};

/// `/chats/{id}`
pub(super) async fn chat(api: web::Data<PlatformApi>, req: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let (forced, garbled) = api.ordered();
    if let Some(answer) = garbled {
        return answer;
    }
    if let Some(status) = forced {
        return refuse(u16::try_from(status).unwrap_or(500), "ordered", "ordered by a test");
    }
    let Interface::Max { token } = &api.config.interface else { return refuse(500, "internal.error", "wrong interface") };
    if req.headers().get("Authorization").and_then(|v| v.to_str().ok()) != Some(token) || req.query_string().contains("access_token") {
        return refuse(401, "verify.token", "Invalid access_token");
    }
    if !api.within_limit() {
        return refuse(429, "too.many.requests", "Too many requests");
    }
    let found = match id.strip_prefix('-') {
        Some(number) => api.by_number(number),
        None => api.by_screen_name(id.strip_prefix('@').unwrap_or(&id)),
    };
    let Some(page) = found else { return refuse(404, "chat.not.found", "Chat not found") };
    if page.standing == Standing::KeepsOut {
        return refuse(403, "chat.denied", "Bot is not a member of the chat");
    }
    HttpResponse::Ok().json(json!({
        "chat_id": format!("-{}", page.number).parse::<i64>().unwrap_or_default(),
        "type": "channel",
        "status": match page.standing { Standing::Deleted => "closed", Standing::Banned => "suspended", _ => "active" },
        "title": page.name,
        "icon": null,
        "last_event_time": 1_774_253_213_015_i64,
        "participants_count": 412,
        "is_public": page.standing != Standing::Closed,
        "link": page.screen_name.as_ref().map(|s| format!("https://max.ru/{s}")),
        "description": page.description,
    }))
}

fn refuse(status: u16, code: &str, message: &str) -> HttpResponse {
    let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    if status == 429 {
        answer.insert_header(("Retry-After", "2"));
    }
    answer.json(json!({ "code": code, "message": message }))
}
