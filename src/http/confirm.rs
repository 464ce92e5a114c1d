//! The last step of an authority's own application, for the browser that signed in.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::apply::see;
use super::context::{Body, Http, Shared, here};
use super::login::{community_view, form_token, genuine, page};
use super::pages::{self, ActionForm, ConfirmForm, ConfirmView, PresentBadge};
use super::refused::failed;
use crate::domain::apply_problem::ApplyProblem;
use crate::service::confirm_application::{self, Confirmation, Confirmed, Present, Standing};
use crate::service::{Error, WayOn};

/// `GET /applications/{id}/confirm`
pub(super) async fn show(http: Shared, req: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let browser = http.browser(&req).unwrap_or_default();
    match confirm_application::open_confirmation(&http.app, id.clone(), &browser).await {
        Ok(standing) => standing_at(&http, &req, &browser, &id, standing, false).await,
        Err(e) => failed(&http, &req, &browser, &e).await,
    }
}

/// `POST /applications/{id}/confirm`
pub(super) async fn confirm(http: Shared, req: HttpRequest, id: web::Path<String>, body: Body) -> HttpResponse {
    let (id, browser) = (id.into_inner(), http.browser(&req).unwrap_or_default());
    let outcome = async {
        let mut p = body.form(&req)?;
        genuine(&browser, &id, p.get("csrf"))?;
        let seen = p.remove("seen").unwrap_or_default();
        confirm_application::confirm_application(&http.app, id.clone(), &browser, &seen).await
    };
    match outcome.await {
        Ok(Confirmed::Done) => see(&req, &format!("/applications/{id}")),
        Ok(Confirmed::Again(standing)) => standing_at(&http, &req, &browser, &id, standing, true).await,
        Err(e) => failed(&http, &req, &browser, &e).await,
    }
}

async fn standing_at(http: &Http, req: &HttpRequest, browser: &str, id: &str, standing: Standing, again: bool) -> HttpResponse {
    let (confirmation, problem) = match standing {
        // The application's page says what is due instead.
        Standing::NotDue => return see(req, &format!("/applications/{id}")),
        Standing::Ready(c) => (c, None),
        Standing::Held(c, problem) => (c, Some(problem)),
    };
    // Nothing ends by looking; a press of the button would end the application with this code.
    if let Present::InTheWay(code) = confirmation.present
        && let Ok(application) = confirmation.application.id()
    {
        let refused = Error::Refused { application, code, way_on: WayOn::SignIn };
        return failed(http, req, browser, &refused).await;
    }
    let status = match problem {
        Some(ApplyProblem::PlatformAway) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::CONFLICT,
        None if again => StatusCode::CONFLICT,
        None => StatusCode::OK,
    };
    let view = view(req, browser, *confirmation, problem, again);
    page(status, &[], pages::confirm(&view))
}

fn view(req: &HttpRequest, browser: &str, c: Confirmation, problem: Option<ApplyProblem>, again: bool) -> ConfirmView {
    let id = &c.application.id;
    let (path, csrf) = (format!("/applications/{id}/confirm"), form_token(browser, id));
    let form = ConfirmForm { action: path.clone(), csrf: csrf.clone(), seen: confirm_application::digest_of(&c) };
    ConfirmView {
        here: here(req),
        former_name: (c.application.community_name != c.community.name).then(|| c.application.community_name.clone()),
        authority_name: c.authority.full_name,
        ogrn: c.authority.ogrn,
        branch: c.application.branch_name,
        control_method: c.control.as_str(),
        present: match c.present {
            Present::None | Present::InTheWay(_) => PresentBadge::None,
            Present::Own => PresentBadge::Own,
            Present::Other(name) => PresentBadge::Other(name),
        },
        form: problem.is_none().then_some(form),
        asked_again: again && problem.is_none(),
        problem,
        again: path,
        application: format!("/applications/{id}"),
        give_up: ActionForm { action: format!("/applications/{id}/return"), csrf },
        community: community_view(c.platform.name, c.community),
    }
}
