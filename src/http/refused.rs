//! Why it did not work, for a person: the refusal page with its code and every way on, the sign-in that was lost, the link that
//! was used already, or a plain error page.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::context::{Http, here, request_id};
use super::login::{form_token, origin, page};
use super::pages::{self, ActionForm, Alternative, NoticeView, RefusalView, ReturnForm};
use super::problem;
use crate::domain::application::StartKind;
use crate::domain::ids::ApplicationId;
use crate::domain::refusal::RefusalCode;
use crate::domain::refusal_text::{self, Audience};
use crate::service::{Error, WayOn, look_up, sign_out};

/// Shows a person why it did not work.
pub(super) async fn failed(http: &Http, req: &HttpRequest, browser: &str, e: &Error) -> HttpResponse {
    match e {
        Error::Refused { application, code, way_on } => refused(http, req, browser, *application, *code, *way_on).await,
        // The sign-in is lost and with it the application it belonged to: F19 without a way back.
        Error::LoginLost => page(StatusCode::BAD_REQUEST, &[], pages::refusal(&view(req, RefusalCode::F19))),
        Error::ApplicationEnded => page(StatusCode::GONE, &[], pages::session_expired(&NoticeView { here: here(req), again: None })),
        other => problem::page(req, other),
    }
}

/// A `request_uri` that was used before, in the browser that used it: the application goes on.
pub(super) fn used_link(req: &HttpRequest, application: &str) -> HttpResponse {
    let view = NoticeView { here: here(req), again: Some(format!("/applications/{application}")) };
    page(StatusCode::BAD_REQUEST, &[], pages::used_link(&view))
}

async fn refused(
    http: &Http,
    req: &HttpRequest,
    browser: &str,
    application: ApplicationId,
    code: RefusalCode,
    way_on: WayOn,
) -> HttpResponse {
    let mut view = view(req, code);
    // Forms, and links that continue, are for the browser the application belongs to.
    let Ok((row, platform)) = look_up::application_of_browser(&http.app, application.to_string(), browser).await else {
        return page(status(code), &[], pages::refusal(&view));
    };
    let csrf = form_token(browser, &row.id);
    let mut leaving = Vec::from_iter(origin(&row.redirect_uri));
    view.retry = match way_on {
        WayOn::Over => None,
        WayOn::SignIn => Some(format!("/applications/{}/login", row.id)),
        WayOn::Choose => Some(format!("/applications/{}/organisation", row.id)),
    };
    if way_on != WayOn::Over && code.is_between_us_and_the_provider() {
        let other = |id: &str, name: &str| Alternative { name: name.to_owned(), path: format!("/applications/{}/login?with={id}", row.id) };
        view.others = http.app.idps.iter().skip(1).map(|idp| other(idp.id(), idp.name())).collect();
    }
    if code.is_about_the_account()
        && let Ok(Some(address)) = sign_out::address(&http.app, &row.id, browser).await
    {
        leaving.extend(origin(&address));
        view.sign_out = Some(ActionForm { action: format!("/applications/{}/logout", row.id), csrf: csrf.clone() });
    }
    // An authority that started by itself came from no platform.
    if row.start == StartKind::Portal.as_str() {
        view.apply = (way_on == WayOn::Over).then(|| "/apply".to_owned());
        view.application = (way_on != WayOn::Over).then(|| format!("/applications/{}", row.id));
    } else {
        view.back = Some(ReturnForm { action: format!("/applications/{}/return", row.id), csrf: Some(csrf), platform: platform.name });
    }
    page(status(code), &leaving, pages::refusal(&view))
}

fn view(req: &HttpRequest, code: RefusalCode) -> RefusalView {
    let here = here(req);
    let text = refusal_text::text(code, here.lang);
    RefusalView {
        here,
        code: code.to_string(),
        title: text.title.to_owned(),
        what_happened: text.what_happened.to_owned(),
        what_to_do: text.what_to_do.to_owned(),
        whom_to_ask: text.whom_to_ask.to_owned(),
        retry: None,
        others: Vec::new(),
        sign_out: None,
        back: None,
        forward: None,
        apply: None,
        application: None,
        request_id: Some(request_id(req)).filter(|r| !r.is_empty()),
    }
}

/// 403 where the person or the organisation does not qualify, 503 where it is our fault, 400 for a sign-in that was used.
fn status(code: RefusalCode) -> StatusCode {
    match (code, refusal_text::audience(code)) {
        (RefusalCode::F19, _) => StatusCode::BAD_REQUEST,
        (_, Audience::Us) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    }
}
