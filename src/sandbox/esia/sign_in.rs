//! `/login`: a person chooses who to be, and whether to agree. How it looks is in `page`.

use std::time::Duration;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};

use super::faults::Plan;
use super::params::Params;
use super::refusal::{Code, Refusal};
use super::{Esia, page};

/// Remembers the last persona, to show it first. Tests of logout need something to end.
pub(super) const COOKIE: &str = "esia_sandbox_persona";
/// How long a request waits for its person.
pub(super) const LOGIN_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// `GET /login?request=`
pub(super) async fn form(esia: web::Data<Esia>, request: HttpRequest) -> HttpResponse {
    let id = Params::parse(request.query_string().as_bytes()).ok().and_then(|params| params.get("request").map(str::to_owned));
    let waiting = id.and_then(|id| esia.memory.logins.peek(&id, esia.clock.now()).map(|login| (id, login)));
    match waiting {
        Some((id, login)) => {
            let last = request.cookie(COOKIE).map(|cookie| cookie.value().to_owned());
            page::sign_in(&id, &login, &esia.people, last.as_deref())
        }
        None => page::stale_login(),
    }
}

/// `POST /login`: `request` and either `persona` or `decision=deny`.
pub(super) async fn submit(esia: web::Data<Esia>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let params = match Params::parse(&body) {
        Ok(params) => params,
        Err(refusal) => return page::refusal(&refusal),
    };
    let deny = params.get("decision") == Some("deny");
    let persona = params.get("persona").and_then(|id| esia.people.persona(id));
    if !deny && persona.is_none() {
        return page::unknown_persona(&esia.people);
    }
    let now = esia.clock.now();
    let Some(login) = esia.memory.logins.take_if(params.text("request"), now, |_| true) else { return page::stale_login() };
    let plan = Plan::of(&request);
    if let Some(code) = plan.error() {
        return Refusal::from(code).redirect(&login.redirect_uri, Some(&login.state));
    }
    match persona {
        Some(persona) if !deny => {
            let mut answer = esia.finish(&login, persona, &plan);
            let cookie = Cookie::build(COOKIE, persona.id.clone()).path("/").http_only(true).same_site(SameSite::Lax).finish();
            // Fails only for a value no header may carry; persona ids are plain ASCII. The cookie is a convenience in any case.
            let _ = answer.add_cookie(&cookie);
            answer
        }
        _ => Refusal::from(Code::Declined).redirect(&login.redirect_uri, Some(&login.state)),
    }
}
