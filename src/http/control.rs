//! Proving control of a community: the page with its ways, and the forms on it.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};

use super::apply::see;
use super::context::{Body, Http, Shared, here, once_each, whole_seconds};
use super::login::{community_view, form_token, genuine, origin, page};
use super::pages::{self, BadPage, ControlView, OperatorWay, SignInWay, SiteWay, TextWay};
use super::refused::failed;
use crate::domain::control::{ProofKind, ProofStatus};
use crate::domain::control_problem::ControlProblem;
use crate::ports::site_reader::META_NAME;
use crate::service::Error;
use crate::service::prove_control::{self, Attempt, BadExplanation, BadSite, Control, Looked, PlatformReturn};

/// What is shown beside what is on record: what was typed and cannot be taken, or that nobody looked.
#[derive(Default)]
struct Beside {
    page: Option<(String, BadPage)>,
    explanation: Option<(String, BadExplanation)>,
    wait: Option<u64>,
}

/// `GET /applications/{id}/control`
pub(super) async fn show(http: Shared, req: HttpRequest, id: web::Path<String>) -> HttpResponse {
    shown(&http, &req, id.into_inner(), Beside::default()).await
}

async fn shown(http: &Http, req: &HttpRequest, id: String, beside: Beside) -> HttpResponse {
    let browser = http.browser(req).unwrap_or_default();
    match prove_control::control_of(&http.app, id, &browser).await {
        Ok(control) if control.proven => see(req, &format!("/applications/{}/confirm", control.application.id)),
        Ok(control) => {
            let status = match &beside {
                Beside { wait: Some(_), .. } => StatusCode::TOO_MANY_REQUESTS,
                Beside { page: None, explanation: None, .. } => StatusCode::OK,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let wait = beside.wait;
            // Browsers hold the redirect after a form to its page's policy.
            let leaving = Vec::from_iter(control.sign_in.as_deref().and_then(origin));
            match view(req, &browser, control, beside) {
                Ok(view) => {
                    let mut answer = page(status, &leaving, pages::control(&view));
                    if let Some(seconds) = wait {
                        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
                    }
                    answer
                }
                Err(e) => failed(http, req, &browser, &e).await,
            }
        }
        Err(e) => failed(http, req, &browser, &e).await,
    }
}

/// The newest attempt of a kind.
fn of_kind(attempts: &[Attempt], kind: ProofKind) -> Option<&Attempt> {
    attempts.iter().find(|a| a.kind == kind)
}

fn view(req: &HttpRequest, browser: &str, c: Control, beside: Beside) -> Result<ControlView, Error> {
    let application = format!("/applications/{}", c.application.id);
    let action = |kind: ProofKind| format!("{application}/control/{kind}");
    // What was not needed is not a failure.
    let problem = |a: Option<&Attempt>| a.and_then(|a| a.problem).filter(|p| *p != ControlProblem::NotNeeded);
    let text = of_kind(&c.attempts, ProofKind::PlatformToken);
    let site = of_kind(&c.attempts, ProofKind::SiteLink);
    let operator = of_kind(&c.attempts, ProofKind::Operator);
    let sign_in = of_kind(&c.attempts, ProofKind::PlatformOauth);
    let named = site.and_then(|a| a.page.clone()).unwrap_or_default();
    let (typed, bad) = beside.page.map_or((named, None), |(typed, bad)| (typed, Some(bad)));
    let (explanation, long) = match beside.explanation {
        Some((text, bad)) => (text, Some(bad == BadExplanation::TooLong)),
        None => (String::new(), None),
    };
    Ok(ControlView {
        here: here(req),
        community: community_view(c.platform.name, c.application.community()?),
        organisation: c.organisation,
        csrf: form_token(browser, &c.application.id),
        sign_in: c.sign_in.is_some().then(|| SignInWay { action: action(ProofKind::PlatformOauth), problem: problem(sign_in) }),
        text: c.readable.then(|| TextWay {
            action: action(ProofKind::PlatformToken),
            token: text.and_then(|a| a.token.clone()),
            problem: problem(text),
        }),
        site: c.readable.then(|| SiteWay {
            action: action(ProofKind::SiteLink),
            page: typed,
            mark: site.and_then(|a| a.token.as_ref()).map(|token| format!("<meta name=\"{META_NAME}\" content=\"{token}\">")),
            problem: problem(site).filter(|_| bad.is_none()),
            bad,
        }),
        operator: OperatorWay {
            action: action(ProofKind::Operator),
            waiting: operator.is_some_and(|a| matches!(a.status, ProofStatus::Pending | ProofStatus::Processing)),
            problem: problem(operator).filter(|_| long.is_none()),
            explanation,
            bad: long,
        },
        wait: beside.wait,
        application,
    })
}

/// `POST /applications/{id}/control/{kind}`
pub(super) async fn act(http: Shared, req: HttpRequest, path: web::Path<(String, String)>, body: Body) -> HttpResponse {
    let ((id, kind), browser) = (path.into_inner(), http.browser(&req).unwrap_or_default());
    let outcome = async {
        let mut p = body.form(&req)?;
        genuine(&browser, &id, p.get("csrf"))?;
        let field = |p: &mut std::collections::BTreeMap<String, String>, name: &str| p.remove(name).unwrap_or_default();
        let wanted = field(&mut p, "do");
        match (kind.parse(), wanted.as_str()) {
            (Ok(ProofKind::PlatformToken), "begin") => prove_control::begin_text(&http.app, id.clone(), &browser).await.map(|()| Ok(None)),
            (Ok(ProofKind::SiteLink), "name") => {
                let typed = field(&mut p, "page");
                let named = prove_control::name_site(&http.app, id.clone(), &browser, &typed).await?;
                Ok(named.map(|()| None).map_err(|bad| Beside { page: Some((typed, bad_page(bad))), ..Beside::default() }))
            }
            (Ok(kind @ (ProofKind::PlatformToken | ProofKind::SiteLink)), "check") => {
                Ok(match prove_control::look(&http.app, id.clone(), &browser, kind).await? {
                    // What was found is on record, and the page about it can be loaded again.
                    Looked::Proven | Looked::NotYet(_) => Ok(None),
                    Looked::TooSoon(wait) => Err(Beside { wait: Some(whole_seconds(wait)), ..Beside::default() }),
                })
            }
            (Ok(ProofKind::PlatformOauth), _) => {
                prove_control::begin_sign_in(&http.app, id.clone(), &browser).await.map(|address| Ok(Some(address)))
            }
            (Ok(ProofKind::Operator), _) => {
                let text = field(&mut p, "explanation");
                let asked = prove_control::ask_operators(&http.app, id.clone(), &browser, &text).await?;
                Ok(asked.map(|()| None).map_err(|bad| Beside { explanation: Some((text, bad)), ..Beside::default() }))
            }
            _ => Err(Error::NotFound("form")),
        }
    };
    match outcome.await {
        Ok(Ok(Some(address))) => {
            HttpResponse::SeeOther().insert_header((header::LOCATION, address)).insert_header((header::CACHE_CONTROL, "no-store")).finish()
        }
        Ok(Ok(None)) => see(&req, &format!("/applications/{id}/control")),
        Ok(Err(beside)) => shown(&http, &req, id, beside).await,
        // Two presses of one button: the page says where it stands now.
        Err(Error::Conflict(_)) => see(&req, &format!("/applications/{id}/control")),
        Err(e) => failed(&http, &req, &browser, &e).await,
    }
}

const fn bad_page(bad: BadSite) -> BadPage {
    match bad {
        BadSite::Address => BadPage::Address,
        BadSite::NobodysOwn => BadPage::NobodysOwn,
    }
}

/// `GET /oauth/platform/{platform}/callback`: back from the platform's own sign-in.
pub(super) async fn returned(http: Shared, req: HttpRequest, platform: web::Path<String>) -> HttpResponse {
    let browser = http.browser(&req).unwrap_or_default();
    let outcome = async {
        let mut p = once_each(req.query_string())?;
        let back = PlatformReturn {
            platform: platform.into_inner(),
            // Without a state there is nothing to bind the answer to.
            state: p.remove("state").ok_or(Error::LoginLost)?,
            // A refusal carries no code, whatever else it says.
            code: p.remove("code").filter(|_| !p.contains_key("error")),
            device_id: p.remove("device_id"),
            browser: browser.clone(),
        };
        prove_control::complete_sign_in(&http.app, back).await
    };
    match outcome.await {
        Ok(id) => see(&req, &format!("/applications/{id}/control")),
        Err(e) => failed(&http, &req, &browser, &e).await,
    }
}
