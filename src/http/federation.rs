//! OpenID Federation 1.1: entity configurations, subordinate statements, listings and the trust mark endpoint. Public, GET only
//! (POST is for callers who authenticate, which nobody has to), and open to other origins.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::{self, Stream, StreamExt as _};

use super::context::Shared;
use super::{entity_tag, problem};
use crate::service::federation::list_subordinates::{self, Filter, Listed};
use crate::service::federation::statements::{self, TYP};
use crate::service::federation::{self, kept::Statement};
use crate::service::{App, Error};

/// Kept by others, asked again each time: a revocation shows at once, and who has the newest gets 304.
const ASK_AGAIN: &str = "public, no-cache";
/// For what changes with keys and settings alone.
const FIVE_MINUTES: &str = "public, max-age=300";

/// `GET /.well-known/openid-federation`
pub(super) async fn own_configuration(http: Shared, req: HttpRequest) -> HttpResponse {
    statement(&req, FIVE_MINUTES, statements::own_configuration(&http.app))
}

/// `GET /c/{community}/.well-known/openid-federation`
pub(super) async fn community_configuration(http: Shared, req: HttpRequest, community: web::Path<String>) -> HttpResponse {
    statement(&req, ASK_AGAIN, statements::community_configuration(&http.app, &community).await)
}

/// `GET /federation/fetch?sub=`
pub(super) async fn fetch(http: Shared, req: HttpRequest) -> HttpResponse {
    let outcome = async {
        let sub = Parameters::of(&req, &["sub"])?.needed("sub")?;
        statements::subordinate_statement(&http.app, &sub).await
    };
    statement(&req, FIVE_MINUTES, outcome.await)
}

/// `GET /federation/list`
pub(super) async fn list(http: Shared, req: HttpRequest) -> HttpResponse {
    let outcome = async {
        let mut p = Parameters::of(&req, &["entity_type", "trust_marked", "trust_mark_type", "intermediate"])?;
        let filter = Filter {
            entity_types: p.all("entity_type"),
            trust_marked: p.flag("trust_marked")?,
            trust_mark_type: p.once("trust_mark_type")?,
            intermediate: p.flag("intermediate")?,
        };
        listing(&http.app, &req, list_subordinates::filtered(&http.app, &filter)).await
    };
    outcome.await.unwrap_or_else(|e| problem::oauth(&req, &e))
}

/// `GET /federation/trust-mark-list?trust_mark_type=[&sub=]`
pub(super) async fn trust_mark_list(http: Shared, req: HttpRequest) -> HttpResponse {
    let outcome = async {
        let mut p = Parameters::of(&req, &["trust_mark_type", "sub"])?;
        let (kind, sub) = (p.needed("trust_mark_type")?, p.once("sub")?);
        let listed = list_subordinates::filtered(&http.app, &Filter { trust_mark_type: Some(kind), ..Filter::default() });
        match (listed, sub) {
            (Some(_), Some(sub)) => Ok(whole(&http.app, &req, &list_subordinates::marked_subject(&http.app, &sub).await?)),
            (listed, _) => listing(&http.app, &req, listed).await,
        }
    };
    outcome.await.unwrap_or_else(|e| problem::oauth(&req, &e))
}

/// `GET /federation/trust-mark?trust_mark_type=&sub=`
pub(super) async fn trust_mark(http: Shared, req: HttpRequest) -> HttpResponse {
    let outcome = async {
        let mut p = Parameters::of(&req, &["trust_mark_type", "sub"])?;
        federation::current_mark(&http.app, &p.needed("trust_mark_type")?, &p.needed("sub")?).await
    };
    match outcome.await {
        Ok(token) => document(&req, ASK_AGAIN, "application/trust-mark+jwt", token),
        Err(e) => problem::oauth(&req, &e),
    }
}

fn statement(req: &HttpRequest, cache: &str, outcome: Result<Arc<Statement>, Error>) -> HttpResponse {
    match outcome {
        Ok(s) => document(req, cache, &format!("application/{TYP}"), s.token.clone()),
        Err(e) => problem::oauth(req, &e),
    }
}

fn document(req: &HttpRequest, cache: &str, media_type: &str, body: String) -> HttpResponse {
    let etag = entity_tag::of(body.as_bytes());
    let unchanged = entity_tag::unchanged(req, &etag);
    let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, etag)).insert_header((header::CACHE_CONTROL, cache));
    if unchanged { response.finish() } else { response.content_type(media_type).body(body) }
}

/// What lists may be kept for: as long as status lists, by which a revocation reaches platforms.
fn list_cache(app: &App) -> String {
    format!("public, max-age={}", app.settings.status_ttl.as_secs())
}

/// A list that is all here.
fn whole(app: &App, req: &HttpRequest, subjects: &[String]) -> HttpResponse {
    document(req, &list_cache(app), "application/json", format!("[{}]", members(subjects)))
}

/// A list as one array: at once when it is short; otherwise each piece is sent before the next is read, so that memory stays the
/// same however long it gets. An error after the first piece breaks the answer off, and no half list looks like a whole one.
async fn listing(app: &Arc<App>, req: &HttpRequest, listed: Option<Listed>) -> Result<HttpResponse, Error> {
    let Some(listed) = listed else { return Ok(whole(app, req, &[])) };
    let first = list_subordinates::page(app, listed, String::new()).await?;
    let Some(next) = first.next else { return Ok(whole(app, req, &first.subjects)) };
    let begin = Bytes::from(format!("[{}", members(&first.subjects)));
    let rest = pieces(Arc::clone(app), listed, next, !first.subjects.is_empty());
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, list_cache(app))).content_type("application/json");
    Ok(response.streaming(stream::iter([Ok::<_, Error>(begin)]).chain(rest)))
}

/// The pieces from `next` on and the closing bracket. `begun`: something stands before them.
fn pieces(app: Arc<App>, listed: Listed, next: String, begun: bool) -> impl Stream<Item = Result<Bytes, Error>> {
    stream::try_unfold((Some(next), begun), move |(next, begun)| {
        let app = Arc::clone(&app);
        async move {
            let Some(after) = next else { return Ok(None) };
            let page = list_subordinates::page(&app, listed, after).await.inspect_err(|e| {
                tracing::warn!(error = %e, detail = e.operator_detail(), "a list was broken off");
            })?;
            let comma = if begun && !page.subjects.is_empty() { "," } else { "" };
            let end = if page.next.is_none() { "]" } else { "" };
            let piece = Bytes::from(format!("{comma}{}{end}", members(&page.subjects)));
            Ok(Some((piece, (page.next, begun || !page.subjects.is_empty()))))
        }
    })
}

/// The members of a JSON array, without its brackets.
fn members(subjects: &[String]) -> String {
    let array = serde_json::Value::from(subjects).to_string();
    array[1..array.len() - 1].to_owned()
}

/// Query parameters of a federation endpoint. Unknown ones are ignored, as the standard demands ("Federation Endpoints"); those
/// without a value count as left out.
struct Parameters(BTreeMap<String, Vec<String>>);

impl Parameters {
    fn of(req: &HttpRequest, known: &[&str]) -> Result<Self, Error> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(req.query_string())
            .map_err(|_| Error::InvalidRequest("the parameters are not form-encoded".to_owned()))?;
        let mut map: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs.into_iter().filter(|(name, value)| known.contains(&name.as_str()) && !value.is_empty()) {
            map.entry(name).or_default().push(value);
        }
        Ok(Self(map))
    }

    fn all(&mut self, name: &str) -> Vec<String> {
        self.0.remove(name).unwrap_or_default()
    }

    fn once(&mut self, name: &str) -> Result<Option<String>, Error> {
        let mut values = self.all(name);
        match values.len() {
            0 | 1 => Ok(values.pop()),
            _ => Err(Error::InvalidRequest(format!("parameter {name} stands twice"))),
        }
    }

    fn needed(&mut self, name: &str) -> Result<String, Error> {
        self.once(name)?.ok_or_else(|| Error::InvalidRequest(format!("{name} is missing")))
    }

    fn flag(&mut self, name: &str) -> Result<bool, Error> {
        match self.once(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Error::InvalidRequest(format!("{name} must be true or false"))),
        }
    }
}
