//! What a person sees: the sign-in form and plain pages for what cannot go on. All in Russian, no scripts, nothing loaded from elsewhere.

use actix_web::cookie::Cookie;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use askama::Template;

use super::Esia;
use super::memory::PendingLogin;
use super::people::People;
use super::personas::Persona;
use super::refusal::Refusal;
use super::scope::Scope;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Учебный вход</title><link rel="stylesheet" href="/sandbox.css"></head>
<body><header><p><b>Учебный вход</b> Это не Госуслуги</p></header>
<main>
<h1>От чьего лица войти?</h1>
<p>Система <b>{{ client_id }}</b> просит подтвердить личность и получить: {{ scopes }}.</p>
<p class="quiet">Люди и организации здесь вымышлены: страница заменяет настоящий вход при разработке и проверке. Под каждым именем
сказано, чем закончится вход. <a href="/sandbox">Неисправности</a></p>
<form method="post" action="/login">
<input type="hidden" name="request" value="{{ request }}">
<ul>
{% for persona in personas %}<li><button name="persona" value="{{ persona.id }}"{% if self.is_last(persona) %} class="last"{% endif %}>
<span class="face" aria-hidden="true">{{ persona.initials() }}</span>
<span class="who"><b>{{ persona.title }}</b>
<span class="quiet">{{ persona.last_name }} {{ persona.first_name }} {{ persona.middle_name }}{% if self.is_last(persona) %} · прошлый вход{% endif %}</span>
<span class="quiet">{% if persona.expect == "issued" %}<span class="yes">знак будет выдан</span> · {% else if persona.expect != "" %}<span class="no">отказ {{ persona.expect }}</span> · {% endif %}<code>{{ persona.id }}</code></span></span>
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
        self.last == Some(persona.id.as_str())
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title><link rel="stylesheet" href="/sandbox.css"></head>
<body><header><p><b>Учебный вход</b> Это не Госуслуги</p></header>
<main>
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
:root{color-scheme:light dark;--ink:#22252b;--quiet:#5a606b;--paper:#f3f4f6;--sheet:#fff;--line:#d5d8de;--edge:#7d8490;--accent:#3a4f9a;--face:#e6e9f5;--yes:#1d6a45;--no:#96460b}
@media(prefers-color-scheme:dark){:root{--ink:#e9eaee;--quiet:#a9afbb;--paper:#15171c;--sheet:#1e2128;--line:#363b45;--edge:#868d99;--accent:#a9b8f0;--face:#2c3350;--yes:#7fd0a6;--no:#f0b27a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1.0625rem/1.5 system-ui,'Noto Sans','Liberation Sans',sans-serif;overflow-wrap:anywhere}
header{background:#2b2f38;color:#fff;border-bottom:.375rem solid;border-image:repeating-linear-gradient(135deg,#f2c230 0 .75rem,#2b2f38 .75rem 1.5rem) 6}
header p,main{max-width:42rem;margin:0 auto;padding:.75rem 1rem}header b{margin-right:.75rem}
main{padding:1.5rem 1rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .75rem}p{margin:.5rem 0}
.quiet{color:var(--quiet);font-size:.9375rem}
ul{list-style:none;margin:1.5rem 0;padding:0;display:grid;gap:.5rem}
button{font:inherit;color:inherit;background:var(--sheet);border:1px solid var(--edge);border-radius:.625rem;padding:.75rem 1rem;min-height:3rem;cursor:pointer}
li button{display:flex;gap:1rem;align-items:center;width:100%;text-align:left}
li button{border-color:var(--line)}.last{border-left:.375rem solid var(--accent)}
button:hover{border-color:var(--accent);background:var(--face)}button:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.face{flex:none;display:grid;place-items:center;width:3rem;height:3rem;border-radius:50%;background:var(--face);color:var(--accent);font-weight:600}
.who{display:grid;gap:.125rem;min-width:0}.who b{line-height:1.3}
.yes,.no{font-weight:600;color:var(--yes)}.no{color:var(--no)}
code{font-size:.875em}a{color:var(--accent)}
h2{font-size:1.25rem;margin:2rem 0 .5rem}
.faults form{display:flex;gap:1rem;align-items:center;justify-content:space-between;background:var(--sheet);border:1px solid var(--line);border-radius:.625rem;padding:.5rem 1rem}
.faults p{display:grid;min-width:0}.faults button{flex:none;width:auto;border-color:var(--edge)}
.ready button{height:100%}.ready{grid-template-columns:repeat(auto-fill,minmax(min(100%,18rem),1fr))}
.fields{display:grid;gap:.75rem}label{display:grid;gap:.25rem;font-weight:600;min-width:0}
input,select,textarea{font:inherit;font-weight:400;color:inherit;background:var(--sheet);border:1px solid var(--edge);border-radius:.625rem;padding:.625rem .75rem;min-height:3rem;width:100%;min-width:0}
textarea{font-family:ui-monospace,'Liberation Mono',monospace;font-size:.9375rem}
input:focus-visible,select:focus-visible,textarea:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.wrong{border-left:.375rem solid var(--no);padding-left:.75rem;color:var(--no);font-weight:600}
";

/// The sign-in form; the persona of the last sign-in comes first.
pub(super) fn sign_in(request: &str, login: &PendingLogin, people: &People, last: Option<&str>) -> HttpResponse {
    let mut personas: Vec<&Persona> = people.personas.iter().map(|persona| &**persona).collect();
    personas.sort_by_key(|persona| Some(persona.id.as_str()) != last);
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
pub(super) fn refusal(refusal: &Refusal) -> HttpResponse {
    plain(
        StatusCode::BAD_REQUEST,
        "Вход невозможен",
        &[
            "Система, которая вас сюда направила, не опознана или указала незарегистрированный адрес возврата, поэтому возвращать вас некуда.".into(),
            refusal.description(),
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
pub(super) fn unknown_persona(people: &People) -> HttpResponse {
    plain(StatusCode::BAD_REQUEST, "Нет такого человека", &[format!("Есть: {}.", people.ids())], None)
}

/// After a logout that named no page to return to.
pub(super) fn signed_out(gone: Cookie<'static>) -> HttpResponse {
    plain(StatusCode::OK, "Вы вышли", &["Страницу можно закрыть.".into()], Some(gone))
}

/// The page of faults.
pub(super) fn control(page: &impl Template) -> HttpResponse {
    html(StatusCode::OK, page, None)
}

/// Faults are not for those who come from elsewhere.
pub(super) fn not_local() -> HttpResponse {
    let line = "Неисправности включают с той же машины, где работает учебный вход; иначе запустите его с --control-anywhere.";
    plain(StatusCode::FORBIDDEN, "Только с этой машины", &[line.into()], None)
}

/// The front of an ESIA that is away.
pub(super) fn away(status: StatusCode) -> HttpResponse {
    plain(status, "Технические работы", &["Портал временно недоступен. Попробуйте позже.".into()], None)
}

/// `GET /`
pub(super) async fn front(esia: web::Data<Esia>) -> HttpResponse {
    let clients = esia.clients.iter().map(|client| client.client_id.as_str()).collect::<Vec<_>>().join(", ");
    plain(
        StatusCode::OK,
        "Учебный вход",
        &[
            format!("Известные системы: {clients}."),
            format!("Сертификаты, которыми подписаны маркеры: {}/public/esia.pem", esia.base_url),
            format!("Неисправности: {}/sandbox", esia.base_url),
        ],
        None,
    )
}

/// Everything else.
pub(super) async fn not_found() -> HttpResponse {
    plain(StatusCode::NOT_FOUND, "Такой страницы нет", &["Проверьте адрес.".into()], None)
}

/// `GET /public/esia.pem`: where ESIA publishes an archive of its certificates, the stand-in gives them as text.
pub(super) async fn certificates(esia: web::Data<Esia>) -> HttpResponse {
    let new =
        if esia.faults.publish_the_new_certificate() { esia.new_keys().ok().and_then(|keys| keys.certificates_pem().ok()) } else { None };
    HttpResponse::Ok().content_type("application/x-pem-file").body(esia.certificates_pem.concat() + &new.unwrap_or_default().concat())
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
