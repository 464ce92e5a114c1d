//! An authority starts by itself: the form, and the page of the application it starts.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};

use super::applications::state_now;
use super::context::{Body, Http, Shared, here, query, whole_seconds};
use super::login::{begun, community_view, form_token, page};
use super::pages::{self, ActionForm, ApplyView, PlatformChoice, PortalStep, PortalView};
use super::refused::failed;
use super::request_log::RequestContext;
use crate::domain::application::ApplicationState;
use crate::domain::apply_problem::ApplyProblem;
use crate::domain::refusal_text;
use crate::domain::time::Timestamp;
use crate::service::look_up::{self, SignedIn};
use crate::service::start_portal::{self, NotStarted, PortalStart};
use crate::service::{ApplicationRow, Error, PlatformRow, begin_login, open_link};

/// `GET /apply`, with `platform` and `link` filled in where the address names them.
pub(super) async fn form(http: Shared, req: HttpRequest) -> HttpResponse {
    let mut p = query(&req);
    let mut text = |name: &str| p.remove(name).unwrap_or_default().chars().take(500).collect::<String>();
    let typed = PortalStart { platform: Some(text("platform")), link: text("link"), ..PortalStart::default() };
    shown(&http, &req, typed, None).await
}

async fn shown(http: &Http, req: &HttpRequest, typed: PortalStart, not_started: Option<NotStarted>) -> HttpResponse {
    let platforms = match start_portal::open_platforms(&http.app).await {
        Ok(platforms) => platforms,
        Err(e) => return failed(http, req, "", &e).await,
    };
    let problem = not_started.as_ref().map(|n| n.problem);
    let name = typed.name.unwrap_or_default();
    let view = ApplyView {
        here: here(req),
        ask_name: !name.is_empty() || problem.is_some_and(ApplyProblem::is_about_the_name) || platforms.iter().all(|p| !p.has_interface),
        platforms: platforms.into_iter().map(|p| PlatformChoice { id: p.id, name: p.name, example: p.example }).collect(),
        platform: typed.platform.unwrap_or_default(),
        link: typed.link,
        name,
        once: typed.once.unwrap_or_else(|| http.app.entropy.token()),
        problem,
    };
    let mut answer = page(problem.map_or(StatusCode::OK, status), &[], pages::apply(&view));
    if let Some(wait) = not_started.and_then(|n| n.again_in) {
        answer.headers_mut().insert(header::RETRY_AFTER, whole_seconds(wait).into());
    }
    answer
}

const fn status(problem: ApplyProblem) -> StatusCode {
    match problem {
        ApplyProblem::PlatformAway => StatusCode::SERVICE_UNAVAILABLE,
        ApplyProblem::TooMany => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// `POST /apply`
pub(super) async fn start(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    let p = match body.form(&req) {
        Ok(p) => p,
        Err(e) => return failed(&http, &req, "", &e).await,
    };
    let client = req.extensions().get::<RequestContext>().and_then(|c| c.client);
    let typed = || PortalStart {
        platform: p.get("platform").cloned(),
        link: p.get("link").map(|l| l.trim().chars().take(500).collect()).unwrap_or_default(),
        name: p.get("name").cloned(),
        once: p.get("once").cloned(),
        client,
    };
    match start_portal::start_portal(&http.app, typed()).await {
        Ok(Ok(path)) => see(&req, &path),
        Ok(Err(not_started)) => shown(&http, &req, typed(), Some(not_started)).await,
        Err(e) => failed(&http, &req, "", &e).await,
    }
}

/// Sends the browser on to one of our pages, in the language the address asked for.
pub(super) fn see(req: &HttpRequest, path: &str) -> HttpResponse {
    let here = here(req);
    let joint = if path.contains('?') { '&' } else { '?' };
    let path = if here.explicit { format!("{path}{joint}lang={}", here.lang) } else { path.to_owned() };
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).insert_header((header::CACHE_CONTROL, "no-store")).finish()
}

/// `GET /login?application=[&link=]`: signs in, by the link, or again in a browser that has begun before.
pub(super) async fn login(http: Shared, req: HttpRequest) -> HttpResponse {
    let mut p = query(&req);
    let (application, link) = (p.remove("application").unwrap_or_default(), p.remove("link"));
    let browser = http.browser(&req);
    let outcome = match (&browser, link) {
        (_, Some(link)) => {
            let browser = browser.unwrap_or_else(|| http.app.entropy.token());
            let outcome = open_link::open_link(&http.app, application.clone(), &link, &browser).await;
            // What became of it stands on its page.
            if matches!(outcome, Err(Error::ApplicationEnded)) {
                return see(&req, &format!("/applications/{application}?link={link}"));
            }
            return begun(&http, &req, browser, outcome).await;
        }
        (Some(browser), None) => begin_login::sign_in_again(&http.app, application.clone(), browser, None).await,
        (None, None) => Err(Error::NotFound("application")),
    };
    if matches!(outcome, Err(Error::ApplicationEnded)) {
        return see(&req, &format!("/applications/{application}"));
    }
    begun(&http, &req, browser.unwrap_or_default(), outcome).await
}

/// The page of an authority's own application, for a browser that has begun, or that came with the link.
pub(super) async fn of_portal(
    http: &Http,
    req: &HttpRequest,
    browser: &str,
    (row, platform): (ApplicationRow, PlatformRow),
    link: Option<&str>,
    has_begun: bool,
) -> HttpResponse {
    match view(http, req, browser, &row, platform, link, has_begun).await {
        Ok(view) => page(StatusCode::OK, &[], pages::portal(&view)),
        Err(e) => failed(http, req, browser, &e).await,
    }
}

async fn view(
    http: &Http,
    req: &HttpRequest,
    browser: &str,
    row: &ApplicationRow,
    platform: PlatformRow,
    link: Option<&str>,
    has_begun: bool,
) -> Result<PortalView, Error> {
    let state = state_now(row, http.app.clock.now())?;
    let here = here(req);
    let signed_in = look_up::sign_in_of(&http.app, row, browser).await?;
    let give_up = has_begun && !state.is_final();
    Ok(PortalView {
        id: row.id()?,
        state,
        reached: reached(row, state),
        community: community_view(platform.name, row.community()?),
        expires_at: Timestamp::from_millis(row.expires_at),
        next: next(http, row, state, &signed_in, link).await?,
        elsewhere: signed_in.elsewhere && !state.is_final(),
        stale: has_begun && state != ApplicationState::Started && !state.is_final() && signed_in.here.is_none() && !signed_in.elsewhere,
        organisation: signed_in.organisation,
        forward: link.filter(|_| !state.is_final()).map(|l| format!("{}/applications/{}?link={l}", http.app.settings.issuer, row.id)),
        refusal: row.refusal().map(|c| (c.to_string(), refusal_text::text(c, here.lang).title.to_owned())),
        give_up: give_up.then(|| ActionForm { action: format!("/applications/{}/return", row.id), csrf: form_token(browser, &row.id) }),
        here,
    })
}

/// For an application that ended without a badge: how far it came.
fn reached(row: &ApplicationRow, state: ApplicationState) -> ApplicationState {
    match state {
        ApplicationState::Refused | ApplicationState::Expired if row.authority_id.is_some() => ApplicationState::OrganisationChosen,
        _ => state,
    }
}

async fn next(
    http: &Http,
    row: &ApplicationRow,
    state: ApplicationState,
    signed_in: &SignedIn,
    link: Option<&str>,
) -> Result<PortalStep, Error> {
    use ApplicationState as S;
    let sign_in = || match link {
        Some(link) => format!("/login?application={}&link={link}", row.id),
        None => format!("/login?application={}", row.id),
    };
    let here = signed_in.here.is_some();
    Ok(match state {
        S::Refused | S::Expired => PortalStep::Apply,
        S::Issued => {
            let badge = row.badge_id.clone().ok_or_else(|| crate::service::damaged("application"))?;
            let path = format!("/c/{}", look_up::badge_record(&http.app, badge).await?.facts.1.id);
            let whole = format!("{}{path}", http.app.settings.issuer);
            PortalStep::Badge(path, whole)
        }
        // A choice is for the sitting of the sign-in.
        S::IdentityConfirmed if signed_in.here.is_some_and(|at| http.app.clock.now().since(at) <= http.app.settings.login_lifetime) => {
            PortalStep::Choose(format!("/applications/{}/organisation", row.id))
        }
        S::OrganisationChosen if here => PortalStep::Prove(format!("/applications/{}/control", row.id)),
        S::ControlProven if here => PortalStep::Confirm(format!("/applications/{}/confirm", row.id)),
        _ => PortalStep::SignIn(sign_in()),
    })
}
