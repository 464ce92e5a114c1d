//! What a person sees: the sign-in form and plain pages for what cannot go on. All in Russian, no scripts, nothing loaded from elsewhere.

use actix_web::cookie::Cookie;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use askama::Template;

use super::Esia;
use super::fault::Fault;
use super::memory::PendingLogin;
use super::personas::Persona;
use super::scope::Scope;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Учебный вход</title><link rel="stylesheet" href="/sandbox.css"></head>
<body><main>
<p class="notice">Это не Госуслуги. Люди и организации здесь вымышлены: страница заменяет настоящий вход при разработке и проверке.</p>
<h1>Учебный вход</h1>
<p>Система <b>{{ client_id }}</b> просит подтвердить личность и получить: {{ scopes }}.</p>
<form method="post" action="/login">
<input type="hidden" name="request" value="{{ request }}">
<h2>От чьего лица войти</h2>
<ul>
{% for persona in personas %}<li><button name="persona" value="{{ persona.id }}">
<span>{{ persona.title }}</span>
<small>{% if persona.expect == "issued" %}знак будет выдан{% else %}отказ {{ persona.expect }}{% endif %}{% if self.is_last(persona) %} · прошлый вход{% endif %} · <code>{{ persona.id }}</code></small>
</button></li>
{% endfor %}</ul>
<p><button class="deny" name="decision" value="deny">Отказать в доступе</button></p>
</form>
</main></body></html>
"#
)]
struct SignInPage<'a> {
    request: &'a str,
    client_id: &'a str,
    scopes: String,
    personas: Vec<&'a Persona>,
    last: Option<&'a str>,
}

impl SignInPage<'_> {
    fn is_last(&self, persona: &Persona) -> bool {
        self.last == Some(persona.id)
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title><link rel="stylesheet" href="/sandbox.css"></head>
<body><main>
<p class="notice">Это не Госуслуги, а учебный вход для разработки и проверки.</p>
<h1>{{ title }}</h1>
{% for line in lines %}<p>{{ line }}</p>
{% endfor %}</main></body></html>
"#
)]
struct PlainPage<'a> {
    title: &'a str,
    lines: &'a [String],
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1d2733;--paper:#fbfaf7;--line:#d9d5cb;--accent:#2f6b57;--note:#fff3d6}
@media(prefers-color-scheme:dark){:root{--ink:#e8e6e1;--paper:#1b1e21;--line:#3d4247;--accent:#8fcdb6;--note:#3d3420}}
body{margin:0;background:var(--paper);color:var(--ink);font:1.0625rem/1.5 system-ui,sans-serif}
main{max-width:40rem;margin:0 auto;padding:1.5rem 1rem 4rem}
.notice{background:var(--note);border-radius:.5rem;padding:.75rem 1rem}
h1{font-size:1.75rem;margin:1.5rem 0 .5rem}h2{font-size:1.125rem;margin:1.5rem 0 .75rem}
ul{list-style:none;margin:0;padding:0;display:grid;gap:.5rem}
button{font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.5rem;padding:.75rem 1rem;cursor:pointer}
li button{display:block;width:100%;text-align:left}
button:hover,button:focus-visible{border-color:var(--accent);outline:2px solid var(--accent);outline-offset:1px}
small{display:block;opacity:.8}code{font-size:.875em}
";

/// The sign-in form; the persona of the last sign-in comes first.
pub(super) fn sign_in(request: &str, login: &PendingLogin, personas: &'static [Persona], last: Option<&str>) -> HttpResponse {
    let mut personas: Vec<&Persona> = personas.iter().collect();
    personas.sort_by_key(|persona| Some(persona.id) != last);
    let scopes = login.scopes.iter().map(scope_words).collect::<Vec<_>>().join(", ");
    html(StatusCode::OK, &SignInPage { request, client_id: &login.client_id, scopes, personas, last }, None)
}

fn scope_words(scope: &Scope) -> String {
    match scope {
        Scope::OpenId => "подтверждение входа".to_owned(),
        Scope::Person(name) => match name.as_str() {
            "fullname" => "фамилию, имя и отчество".to_owned(),
            "usr_org" => "список организаций".to_owned(),
            "birthdate" => "дату рождения".to_owned(),
            "snils" => "СНИЛС".to_owned(),
            "inn" => "ИНН".to_owned(),
            "email" => "адрес электронной почты".to_owned(),
            "mobile" => "номер телефона".to_owned(),
            other => other.to_owned(),
        },
        Scope::Organisation { text, .. } => format!("сведения об организации ({text})"),
    }
}

/// An error that may not travel to the client: the client or its return address is not known.
pub(super) fn fault(fault: &Fault) -> HttpResponse {
    plain(
        StatusCode::BAD_REQUEST,
        "Вход невозможен",
        &[
            "Система, которая вас сюда направила, не опознана или указала незарегистрированный адрес возврата, поэтому возвращать вас некуда.".into(),
            fault.description(),
        ],
        None,
    )
}

/// The request behind the form has been answered or has waited too long.
pub(super) fn stale_login() -> HttpResponse {
    let line =
        "Запрос на вход уже использован или ждал слишком долго. Вернитесь в систему, которая вас сюда направила, и начните вход заново.";
    plain(StatusCode::BAD_REQUEST, "Запрос на вход устарел", &[line.into()], None)
}

/// A persona that does not exist was asked for.
pub(super) fn unknown_persona(personas: &[Persona]) -> HttpResponse {
    let known = personas.iter().map(|persona| persona.id).collect::<Vec<_>>().join(", ");
    plain(StatusCode::BAD_REQUEST, "Нет такого человека", &[format!("Есть: {known}.")], None)
}

/// After a logout that named no page to return to.
pub(super) fn signed_out(gone: Cookie<'static>) -> HttpResponse {
    plain(StatusCode::OK, "Вы вышли", &["Страницу можно закрыть.".into()], Some(gone))
}

/// `GET /`
pub(super) async fn front(esia: web::Data<Esia>) -> HttpResponse {
    let clients = esia.clients.iter().map(|client| client.client_id.as_str()).collect::<Vec<_>>().join(", ");
    plain(
        StatusCode::OK,
        "Учебный вход",
        &[format!("Известные системы: {clients}."), format!("Сертификаты, которыми подписаны маркеры: {}/public/esia.pem", esia.base_url)],
        None,
    )
}

/// Everything else.
pub(super) async fn not_found() -> HttpResponse {
    plain(StatusCode::NOT_FOUND, "Такой страницы нет", &["Проверьте адрес.".into()], None)
}

/// `GET /public/esia.pem`: where ESIA publishes an archive of its certificates, the stand-in gives them as text.
pub(super) async fn certificates(esia: web::Data<Esia>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/x-pem-file").body(esia.certificates_pem.concat())
}

/// `GET /sandbox.css`
pub(super) async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(STYLE)
}

fn plain(status: StatusCode, title: &str, lines: &[String], cookie: Option<Cookie<'static>>) -> HttpResponse {
    html(status, &PlainPage { title, lines }, cookie)
}

fn html(status: StatusCode, page: &impl Template, cookie: Option<Cookie<'static>>) -> HttpResponse {
    let Ok(text) = page.render() else { return HttpResponse::InternalServerError().finish() };
    let mut answer = HttpResponseBuilder::new(status);
    if let Some(cookie) = cookie {
        answer.cookie(cookie);
    }
    answer
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // No form-action: it would also bind the redirect that follows the form, to the client's address.
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .content_type("text/html; charset=utf-8")
        .body(text)
}
