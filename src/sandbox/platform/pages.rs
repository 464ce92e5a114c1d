//! Pages for visitors, and how any page becomes an answer.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::state::Platform;
use super::views::{Club, ClubPage, Front, Notice};

/// `GET /`
pub(super) async fn front(platform: web::Data<Platform>) -> HttpResponse {
    let ids: Vec<String> = platform.state().communities.keys().cloned().collect();
    let mut clubs = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(assessment) = platform.assess(&id, platform.poll_every).await else { continue };
        clubs.extend(platform.state().communities.get(&id).map(|c| Club::of(c, &assessment, &platform)));
    }
    html(&Front { clubs })
}

/// `GET /club{id}`
pub(super) async fn club(platform: web::Data<Platform>, id: web::Path<String>) -> HttpResponse {
    let Some(assessment) = platform.assess(&id, platform.poll_every).await else { return no_such_club() };
    let state = platform.state();
    let Some(community) = state.communities.get(id.as_str()) else { return no_such_club() };
    html(&ClubPage { club: Club::of(community, &assessment, &platform), posts: community.posts })
}

/// `GET /style.css`
pub(super) async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(include_str!("templates/style.css"))
}

/// Everything else.
pub(super) async fn nowhere() -> HttpResponse {
    notice(404, "Здесь ничего нет", "Проверьте адрес или откройте список сообществ.")
}

pub(super) fn no_such_club() -> HttpResponse {
    notice(404, "Такого сообщества нет", "Проверьте номер в адресе или откройте список сообществ.")
}

/// A page with one message.
pub(super) fn notice(status: u16, title: &str, text: &str) -> HttpResponse {
    let mut answer = html(&Notice { title, text });
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    answer
}

/// Renders a template.
pub(super) fn html(page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(body) => HttpResponse::Ok().content_type("text/html; charset=utf-8").body(body),
        Err(e) => {
            tracing::error!(error = %e, "a page of the stand-in platform could not be rendered");
            HttpResponse::InternalServerError().body("the page could not be drawn")
        }
    }
}
