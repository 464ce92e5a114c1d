//! What this service answers, as data: the tables of operations, and the OpenAPI 3.1 document made of them. `tests/it/openapi.rs` holds
//! the tables against the route table, so that no route is left out and none is invented.

mod admin;
mod checking;
mod errors;
mod events;
mod flow;
mod pages;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

use super::context::{Shared, here};
use super::pages::{DocsOperation, DocsView, docs};
use crate::domain::lang::Lang;
use crate::service::Error;

/// Descriptions of bodies, by name (JSON Schema 2020-12).
const SCHEMAS: &str = include_str!("openapi/schemas.json");

const JSON: &str = "application/json";

/// A text in Russian and in English.
pub(super) type Both = (&'static str, &'static str);

/// One operation.
pub(super) struct Operation {
    pub method: &'static str,
    pub path: &'static str,
    pub about: Both,
    pub caller: Caller,
    pub takes: &'static [Parameter],
    /// Media type and name of the schema of the request's body.
    pub body: Option<(&'static str, &'static str)>,
    pub gives: &'static [Gives],
    /// Codes of errors; what they mean stands in [`errors`].
    pub errors: &'static [&'static str],
    pub form: ErrorForm,
}

/// A parameter of the query or a header.
pub(super) struct Parameter {
    pub place: &'static str,
    pub name: &'static str,
    pub about: Both,
    pub required: bool,
}

/// An answer that is no error.
pub(super) struct Gives {
    pub status: u16,
    pub about: Both,
    /// Media type and name of its schema.
    pub content: Option<(&'static str, &'static str)>,
}

/// Who may call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    Anybody,
    /// A person's browser, told by its cookie.
    Person,
    Platform,
    /// A platform, or whoever holds the access token of that application.
    PlatformOrToken,
    /// A platform, by the signature of its message.
    Signature,
    /// A platform, by the secret inside its message.
    Callback,
    /// An operator, on the admin listener.
    Operator,
    /// Anybody who reaches the admin listener.
    AdminListener,
}

/// How errors are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorForm {
    /// RFC 9457.
    Problem,
    /// RFC 6749 §5.2.
    Oauth,
    Page,
}

/// A chapter of the document.
pub(super) struct Chapter {
    pub tag: &'static str,
    pub title: Both,
    pub operations: &'static [Operation],
}

const CHAPTERS: [Chapter; 5] = [flow::CHAPTER, events::CHAPTER, checking::CHAPTER, pages::CHAPTER, admin::CHAPTER];

/// What one operation may answer instead of what it gives: status, and the word that stands in the body; none in pages.
fn refusals(o: &Operation) -> Vec<(u16, &'static str)> {
    let mut all: Vec<(u16, &'static str)> = Vec::new();
    for code in o.errors {
        let Some(e) = errors::find(code) else { continue };
        match o.form {
            ErrorForm::Problem => all.push((e.status, e.code)),
            // RFC 6749 §5.2: whatever is wrong with a grant is 400.
            ErrorForm::Oauth => all.push((if e.status == 403 { 400 } else { e.status }, e.oauth)),
            ErrorForm::Page => all.push((e.status, "")),
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The document.
pub(super) fn document(issuer: &str) -> Value {
    let mut paths = Map::new();
    for chapter in &CHAPTERS {
        for o in chapter.operations {
            let item = paths.entry(o.path.to_owned()).or_insert_with(|| json!({}));
            item[o.method] = operation(chapter.tag, o);
        }
    }
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "gosbadge",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Signed, checkable badges for the official social-network pages of public bodies",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": issuer }],
        "tags": CHAPTERS.iter().map(|c| json!({ "name": c.tag, "description": c.title.1 })).collect::<Vec<_>>(),
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": security_schemes() },
    })
}

fn security_schemes() -> Value {
    json!({
        "clientSecret": { "type": "http", "scheme": "basic", "description": "client_secret_basic (RFC 6749 §2.3.1)" },
        "clientAssertion": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "private_key_jwt (RFC 7523): in the form as client_assertion, elsewhere as a bearer token" },
        "clientCertificate": { "type": "mutualTLS", "description": "RFC 8705, where the operator has it on" },
        "accessToken": { "type": "http", "scheme": "bearer", "description": "The access token a code gave" },
        "webhookSignature": { "type": "apiKey", "in": "header", "name": "webhook-signature", "description": "Standard Webhooks v1" },
        "browser": { "type": "apiKey", "in": "cookie", "name": "__Host-gosbadge_browser", "description": "The browser that began" },
        "operatorToken": { "type": "http", "scheme": "bearer", "description": "Shown once by gosbadge operator add" },
    })
}

fn security(caller: Caller) -> Value {
    let platform = || vec![json!({ "clientSecret": [] }), json!({ "clientAssertion": [] }), json!({ "clientCertificate": [] })];
    match caller {
        Caller::Anybody | Caller::Callback | Caller::AdminListener => json!([]),
        Caller::Person => json!([{ "browser": [] }]),
        Caller::Platform => platform().into(),
        Caller::PlatformOrToken => platform().into_iter().chain([json!({ "accessToken": [] })]).collect(),
        Caller::Signature => json!([{ "webhookSignature": [] }]),
        Caller::Operator => json!([{ "operatorToken": [] }]),
    }
}

fn operation(tag: &str, o: &Operation) -> Value {
    let mut responses = Map::new();
    for g in o.gives {
        let mut answer = json!({ "description": g.about.1 });
        if let Some((media, schema)) = g.content {
            answer["content"] = content(media, schema);
        }
        responses.insert(g.status.to_string(), answer);
    }
    for (status, word) in refusals(o) {
        let entry = responses.entry(status.to_string()).or_insert_with(|| {
            let (media, schema) = match o.form {
                ErrorForm::Problem => ("application/problem+json", "Problem"),
                ErrorForm::Oauth => (JSON, "OauthError"),
                ErrorForm::Page => ("text/html", "Page"),
            };
            json!({ "description": "A page that says what happened and what to do", "content": content(media, schema), "x-codes": [] })
        });
        if let Some(words) = entry.get_mut("x-codes").and_then(Value::as_array_mut).filter(|_| !word.is_empty()) {
            words.push(word.into());
            let all: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            entry["description"] = all.join(", ").into();
        }
    }
    let in_path = placeholders(o.path).map(|name| json!({ "in": "path", "name": name, "required": true, "schema": { "type": "string" } }));
    let others = o.takes.iter().map(
        |p| json!({ "in": p.place, "name": p.name, "description": p.about.1, "required": p.required, "schema": { "type": "string" } }),
    );
    let mut out = json!({
        "operationId": operation_id(o),
        "tags": [tag],
        "summary": o.about.1,
        "security": security(o.caller),
        "parameters": in_path.chain(others).collect::<Vec<_>>(),
        "responses": responses,
    });
    if let Some((media, schema)) = o.body {
        out["requestBody"] = json!({ "required": true, "content": content(media, schema) });
    }
    if matches!(o.caller, Caller::Operator | Caller::AdminListener) {
        out["servers"] = json!([{ "url": "{admin}", "description": "The operators' listener, admin.listen",
            "variables": { "admin": { "default": "http://127.0.0.1:8081" } } }]);
    }
    out
}

fn content(media: &str, schema: &str) -> Value {
    json!({ media: { "schema": { "$ref": format!("#/components/schemas/{schema}") } } })
}

/// Names in braces.
fn placeholders(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

/// `post-v1-deliveries-id-redeliver`
fn operation_id(o: &Operation) -> String {
    let words = o.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    let mut id = o.method.to_owned();
    for word in words {
        id.push('-');
        id.push_str(word);
    }
    id
}

/// `GET /openapi.json`
pub(super) async fn json_document(http: Shared) -> HttpResponse {
    let body = document(&http.app.settings.issuer);
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .content_type("application/openapi+json;version=3.1")
        .body(body.to_string())
}

/// `GET /problems/{code}`: what the `type` of a problem leads to.
pub(super) async fn meaning(req: HttpRequest, code: web::Path<String>) -> HttpResponse {
    match errors::find(&code) {
        Some(e) => HttpResponse::Found().insert_header((header::LOCATION, format!("/docs#error-{}", e.code))).finish(),
        None => super::problem::page(&req, &Error::NotFound("error code")),
    }
}

/// `GET /docs`: the same for people.
pub(super) async fn reader(req: HttpRequest) -> HttpResponse {
    let here = here(&req);
    let lang = here.lang;
    let shown = |o: &'static Operation| DocsOperation {
        method: o.method,
        path: o.path,
        about: pick(lang, o.about),
        caller: caller_text(lang, o.caller),
        parameters: o.takes.iter().map(|p| (p.name, pick(lang, p.about))).collect(),
        body: o.body,
        gives: o.gives.iter().map(|g| (g.status, pick(lang, g.about), g.content.map(|(media, _)| media))).collect(),
        errors: refusals(o),
    };
    let chapters = CHAPTERS.iter().map(|c| (c.tag, pick(lang, c.title), c.operations.iter().map(shown).collect())).collect();
    let errors = errors::ALL.iter().map(|e| (e.code, e.status, pick(lang, e.about))).collect();
    super::public_pages::html(actix_web::http::StatusCode::OK, docs(&DocsView { here, chapters, errors, schemas: schemas_as_text() }))
}

const fn pick(lang: Lang, (ru, en): Both) -> &'static str {
    lang.pick(ru, en)
}

const fn caller_text(lang: Lang, caller: Caller) -> &'static str {
    let both = match caller {
        Caller::Anybody => ("кто угодно", "anybody"),
        Caller::Person => ("браузер человека", "a person's browser"),
        Caller::Platform => ("площадка", "a platform"),
        Caller::PlatformOrToken => ("площадка или владелец токена", "a platform, or the holder of the access token"),
        Caller::Signature => ("площадка, по подписи сообщения", "a platform, by the message's signature"),
        Caller::Callback => ("площадка, по секрету в сообщении", "a platform, by the secret in the message"),
        Caller::Operator => ("оператор, на своём адресе", "an operator, on the admin listener"),
        Caller::AdminListener => ("кто угодно на адресе операторов", "anybody on the admin listener"),
    };
    pick(lang, both)
}

/// Each schema by name, indented.
fn schemas_as_text() -> Vec<(String, String)> {
    let all: Map<String, Value> = serde_json::from_str(SCHEMAS).unwrap_or_default();
    all.into_iter().map(|(name, schema)| (name, serde_json::to_string_pretty(&schema).unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let schemas: Map<String, Value> = serde_json::from_str(SCHEMAS).unwrap();
        let document = document("https://badge.example.ru").to_string();
        for name in document.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(schemas.contains_key(name), "no schema is called {name}");
        }
        for (name, _) in &schemas {
            assert!(document.contains(&format!("#/components/schemas/{name}\"")), "nothing uses {name}");
        }
        for o in CHAPTERS.iter().flat_map(|c| c.operations) {
            assert!(!o.gives.is_empty() && !o.about.0.is_empty() && !o.about.1.is_empty(), "{} {}", o.method, o.path);
            assert!(o.errors.iter().all(|c| errors::find(c).is_some()), "{} {}", o.method, o.path);
        }
    }
}
