//! The person's way: back from the identity provider, choosing an organisation, returning to the platform, signing out.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};

use super::context::{Body, Http, Shared, here, once_each, query};
use super::pages::{self, ChoiceView, CommunityView, OrganisationCard};
use super::problem::AWAY;
use super::refused::failed;
use crate::domain::application::StartKind;
use crate::domain::community::CommunitySnapshot;
use crate::domain::digest::{self, SecretKind};
use crate::service::complete_login::{Callback, Next, complete_login};
use crate::service::{Error, begin_login, choose_organisation, look_up, return_to_platform, sign_out};

/// A form token bound to browser and application: a foreign site cannot know it.
pub(super) fn form_token(browser: &str, application: &str) -> String {
    digest::of_secret(SecretKind::FormToken, &format!("{browser}|{application}"))
}

fn found(location: String) -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, location)).insert_header((header::CACHE_CONTROL, "no-store")).finish()
}

/// A sign-in was begun in this browser, which is sent to the identity provider and given its cookie.
pub(super) async fn begun(http: &Http, req: &HttpRequest, browser: String, outcome: Result<String, Error>) -> HttpResponse {
    let mut answer = match &outcome {
        Ok(url) => found(url.clone()),
        Err(e) => failed(http, req, &browser, e).await,
    };
    // Where the provider could not be reached the application was begun all the same: it belongs to this browser from now on.
    if matches!(outcome, Ok(_) | Err(Error::Refused { .. })) {
        // Fails only for a value no header may carry; ours is base64url.
        let _ = answer.add_cookie(&http.browser_cookie(browser));
    }
    answer
}

/// A page of the flow. Its forms end at the platform or the identity provider (`leaving`), and browsers hold redirects after a
/// form to `form-action` too.
pub(super) fn page(status: StatusCode, leaving: &[String], html: String) -> HttpResponse {
    let policy =
        if leaving.is_empty() { pages::CONTENT_SECURITY_POLICY.to_owned() } else { pages::content_security_policy_leaving(leaving) };
    let mut answer = HttpResponse::build(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.insert_header((header::RETRY_AFTER, AWAY));
    }
    answer
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("text/html; charset=utf-8")
        .body(html)
}

pub(super) fn origin(address: &str) -> Option<String> {
    url::Url::parse(address).ok().map(|u| u.origin().ascii_serialization())
}

pub(super) fn community_view(platform: String, c: CommunitySnapshot) -> CommunityView {
    CommunityView { platform, id: c.id, uri: c.uri, name: c.name }
}

/// `GET /oauth/callback`: our address at ESIA.
pub(super) async fn callback(http: Shared, req: HttpRequest) -> HttpResponse {
    answered(&http, &req, "esia").await
}

/// `GET /oauth/callback/{idp}`: our address at any other identity provider.
pub(super) async fn callback_of(http: Shared, req: HttpRequest, idp: web::Path<String>) -> HttpResponse {
    answered(&http, &req, &idp).await
}

async fn answered(http: &Http, req: &HttpRequest, idp: &str) -> HttpResponse {
    let browser = http.browser(req).unwrap_or_default();
    let outcome = async {
        let mut p = once_each(req.query_string())?;
        let callback = Callback {
            idp: idp.to_owned(),
            // Without a state there is nothing to bind the answer to.
            state: p.remove("state").ok_or(Error::LoginLost)?,
            code: p.remove("code"),
            error: p.remove("error"),
            error_description: p.remove("error_description"),
            iss: p.remove("iss"),
            browser: browser.clone(),
        };
        complete_login(&http.app, callback).await
    };
    match outcome.await {
        Ok(Next::Redirect(url)) => found(url),
        Ok(Next::Choose(id)) => found(format!("/applications/{id}/organisation")),
        Err(e) => failed(http, req, &browser, &e).await,
    }
}

/// `GET /applications/{id}/organisation`
pub(super) async fn show_choice(http: Shared, req: HttpRequest, id: web::Path<String>) -> HttpResponse {
    choice(&http, &req, id.into_inner(), false).await
}

async fn choice(http: &Http, req: &HttpRequest, id: String, nothing_chosen: bool) -> HttpResponse {
    let browser = http.browser(req).unwrap_or_default();
    let outcome = async {
        let choice = choose_organisation::open_choice(&http.app, id.clone(), &browser).await?;
        let (row, platform) = look_up::application_of_browser(&http.app, choice.application.id.clone(), &browser).await?;
        let organisations = choice.candidates.into_iter().map(|c| OrganisationCard {
            value: c.oid,
            full_name: c.full_name,
            short_name: c.short_name,
            ogrn: c.ogrn.to_string(),
            mandate: c.mandate,
        });
        let view = ChoiceView {
            here: here(req),
            community: community_view(platform.name, row.community()?),
            organisations: organisations.collect(),
            action: format!("/applications/{}/organisation", row.id),
            cancel_action: format!("/applications/{}/return", row.id),
            csrf: form_token(&browser, &row.id),
            nothing_chosen,
            goes_on: row.start()? == StartKind::Portal,
        };
        Ok::<_, Error>((view, Vec::from_iter(origin(&row.redirect_uri))))
    };
    match outcome.await {
        Ok((view, leaving)) => {
            let status = if nothing_chosen { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            page(status, &leaving, pages::choice(&view))
        }
        Err(e) => failed_for(http, req, &browser, &id, &e).await,
    }
}

/// Why it did not work. Where an authority started by itself, a step that is not due any more leads to the page that says what is.
async fn failed_for(http: &Http, req: &HttpRequest, browser: &str, id: &str, e: &Error) -> HttpResponse {
    if matches!(e, Error::ApplicationEnded)
        && let Ok((row, _)) = look_up::application_of_browser(&http.app, id.to_owned(), browser).await
        && row.start == StartKind::Portal.as_str()
    {
        return found(format!("/applications/{}", row.id));
    }
    failed(http, req, browser, e).await
}

/// The browser's cookie and the form's token must belong together.
pub(super) fn genuine(browser: &str, application: &str, token: Option<&String>) -> Result<(), Error> {
    let good = token.is_some_and(|t| digest::equal(t, &form_token(browser, application)));
    if good { Ok(()) } else { Err(Error::Forbidden("the form was not opened in this browser; open the page again")) }
}

/// `POST /applications/{id}/organisation`
pub(super) async fn choose(http: Shared, req: HttpRequest, id: web::Path<String>, body: Body) -> HttpResponse {
    let (id, browser) = (id.into_inner(), http.browser(&req).unwrap_or_default());
    let chosen = async {
        let mut p = body.form(&req)?;
        genuine(&browser, &id, p.get("csrf"))?;
        Ok(p.remove("organisation").filter(|o| !o.is_empty()))
    };
    let outcome = match chosen.await {
        Ok(Some(oid)) => choose_organisation::choose_organisation(&http.app, id.clone(), &browser, &oid).await,
        Ok(None) => return choice(&http, &req, id, true).await,
        Err(e) => Err(e),
    };
    match outcome {
        Ok(url) => found(url),
        Err(Error::InvalidRequest(_)) => choice(&http, &req, id, true).await,
        Err(e) => failed_for(&http, &req, &browser, &id, &e).await,
    }
}

/// `POST /applications/{id}/return`: back to the platform without a badge, or to the application's page.
pub(super) async fn give_up(http: Shared, req: HttpRequest, id: web::Path<String>, body: Body) -> HttpResponse {
    let (id, browser) = (id.into_inner(), http.browser(&req).unwrap_or_default());
    let outcome = async {
        genuine(&browser, &id, body.form(&req)?.get("csrf"))?;
        return_to_platform::give_up(&http.app, id.clone(), &browser).await
    };
    match outcome.await {
        Ok(url) => found(url),
        Err(e) => failed_for(&http, &req, &browser, &id, &e).await,
    }
}

/// `POST /applications/{id}/logout`: signs out at the identity provider and comes back to the application's page.
pub(super) async fn sign_out(http: Shared, req: HttpRequest, id: web::Path<String>, body: Body) -> HttpResponse {
    let (id, browser) = (id.into_inner(), http.browser(&req).unwrap_or_default());
    let outcome = async {
        genuine(&browser, &id, body.form(&req)?.get("csrf"))?;
        sign_out::address(&http.app, &id, &browser).await
    };
    match outcome.await {
        Ok(address) => found(address.unwrap_or_else(|| format!("/applications/{id}"))),
        Err(e) => failed(&http, &req, &browser, &e).await,
    }
}

/// `GET /applications/{id}/login[?with=idp]`: sign in again for the same application.
pub(super) async fn again(http: Shared, req: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let browser = http.browser(&req).unwrap_or_default();
    let with = query(&req).remove("with");
    match begin_login::sign_in_again(&http.app, id.clone(), &browser, with.as_deref()).await {
        Ok(url) => found(url),
        Err(e) => failed_for(&http, &req, &browser, &id, &e).await,
    }
}
