//! The administrator's page and its buttons. Every change needs the cookie of a session that administers the community and the
//! session's CSRF token.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use crate::domain::community::NAME_MAX;

use super::communities::FlowError;
use super::pages;
use super::session::same_secret;
use super::state::Platform;
use super::views::{self, Settings};

/// Longest description, in characters.
const ABOUT_MAX: usize = 4000;

/// Longest address of a site, in characters.
const SITE_MAX: usize = 200;

/// Any of the forms on the page.
#[derive(Deserialize)]
pub(super) struct UnverifiedForm {
    csrf: Option<String>,
    name: Option<String>,
    about: Option<String>,
    site: Option<String>,
}

/// `GET /club{id}/settings`
pub(super) async fn show(platform: web::Data<Platform>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let Some(assessment) = platform.assess(&id, platform.poll_every).await else { return pages::no_such_club() };
    let csrf = platform.session_of(&request).and_then(|s| platform.administers(&s, &id));
    let state = platform.state();
    let Some(community) = state.communities.get(id.as_str()) else { return pages::no_such_club() };
    pages::html(&Settings {
        club: views::Club::of(community, &assessment, &platform),
        csrf,
        name_now: &community.name,
        since: community.pending.map(views::moscow),
        error: community.last_error.as_ref().map(views::Trouble::of),
        answer: community.last_answer.as_ref().map(views::Told::of),
    })
}

/// `POST /club{id}/signin`: a toy, anybody may be administrator of anything.
pub(super) async fn sign_in(platform: web::Data<Platform>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    if !platform.state().communities.contains_key(id.as_str()) {
        return pages::no_such_club();
    }
    let session = platform.sign_in(platform.session_of(&request), &id);
    HttpResponse::SeeOther().cookie(platform.cookie(session)).insert_header((LOCATION, settings_path(&id))).finish()
}

/// `POST /club{id}/confirm`: «Подтвердить через Госуслуги».
pub(super) async fn confirm(
    platform: web::Data<Platform>,
    request: HttpRequest,
    id: web::Path<String>,
    form: web::Form<UnverifiedForm>,
) -> HttpResponse {
    let Some(session) = admitted(&platform, &request, &id, &form) else { return not_admitted() };
    match platform.begin(session, &id).await {
        Ok(started) => HttpResponse::Found().insert_header((LOCATION, started.authorize_url)).finish(),
        Err(e) => {
            if let Some(c) = platform.state().communities.get_mut(id.as_str()) {
                c.last_error = Some(FlowError::from(e));
            }
            back(&id)
        }
    }
}

/// `POST /club{id}/rename`
pub(super) async fn rename(
    platform: web::Data<Platform>,
    request: HttpRequest,
    id: web::Path<String>,
    form: web::Form<UnverifiedForm>,
) -> HttpResponse {
    if admitted(&platform, &request, &id, &form).is_none() {
        return not_admitted();
    }
    let name = form.name.as_deref().unwrap_or_default().trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return pages::notice(400, "Название не подходит", "Название: от 1 до 300 знаков, без переносов строк.");
    }
    let previous = {
        let mut state = platform.state();
        let Some(community) = state.communities.get_mut(id.as_str()) else { return pages::no_such_club() };
        std::mem::replace(&mut community.name, name.clone())
    };
    if previous != name {
        platform.tell(&id, "community.renamed", json!({ "previous_name": previous })).await;
    }
    back(&id)
}

/// `POST /club{id}/describe`
pub(super) async fn describe(
    platform: web::Data<Platform>,
    request: HttpRequest,
    id: web::Path<String>,
    form: web::Form<UnverifiedForm>,
) -> HttpResponse {
    if admitted(&platform, &request, &id, &form).is_none() {
        return not_admitted();
    }
    // Browsers send line ends as CR LF.
    let about = form.about.as_deref().map(|a| a.replace("\r\n", "\n").trim().to_owned());
    if about.as_ref().is_some_and(|a| a.chars().count() > ABOUT_MAX || a.chars().any(|c| c.is_control() && c != '\n')) {
        return pages::notice(400, "Описание не подходит", "Описание: не длиннее 4000 знаков обычного текста.");
    }
    let site = form.site.as_deref().map(str::trim);
    if site.is_some_and(|s| s.chars().count() > SITE_MAX || s.chars().any(char::is_control)) {
        return pages::notice(400, "Адрес сайта не подходит", "Сайт: не длиннее 200 знаков, в одну строку.");
    }
    let mut state = platform.state();
    let Some(community) = state.communities.get_mut(id.as_str()) else { return pages::no_such_club() };
    // A field that was not sent stays as it is.
    community.about = about.unwrap_or_else(|| community.about.clone());
    community.site = site.map_or_else(|| community.site.clone(), str::to_owned);
    drop(state);
    back(&id)
}

/// `POST /club{id}/compromised`: «Сообщить о взломе».
pub(super) async fn compromised(
    platform: web::Data<Platform>,
    request: HttpRequest,
    id: web::Path<String>,
    form: web::Form<UnverifiedForm>,
) -> HttpResponse {
    send(&platform, &request, &id, &form, "community.compromised").await
}

/// `POST /club{id}/check`: «Проверить сейчас».
pub(super) async fn check(
    platform: web::Data<Platform>,
    request: HttpRequest,
    id: web::Path<String>,
    form: web::Form<UnverifiedForm>,
) -> HttpResponse {
    send(&platform, &request, &id, &form, "community.verify").await
}

async fn send(platform: &Platform, request: &HttpRequest, id: &str, form: &UnverifiedForm, kind: &'static str) -> HttpResponse {
    if admitted(platform, request, id, form).is_none() {
        return not_admitted();
    }
    platform.tell(id, kind, json!({})).await;
    back(id)
}

/// The session, if it may change this community and the form comes from our own page.
fn admitted(platform: &Platform, request: &HttpRequest, id: &str, form: &UnverifiedForm) -> Option<String> {
    let session = platform.session_of(request)?;
    let csrf = platform.administers(&session, id)?;
    same_secret(&csrf, form.csrf.as_deref().unwrap_or_default()).then_some(session)
}

fn not_admitted() -> HttpResponse {
    pages::notice(403, "Нужен вход", "Войдите как администратор этого сообщества и нажмите кнопку ещё раз.")
}

fn settings_path(id: &str) -> String {
    format!("/club{id}/settings")
}

fn back(id: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, settings_path(id))).finish()
}
