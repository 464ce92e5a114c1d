//! `/sandbox`: the faults as a page for people, without scripts. In JSON they are at `/sandbox/faults`.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::{Map, Value, json};

use super::control::{may_control, posted_by_a_foreign_page};
use super::faults::Fault;
use super::page;
use super::params::Params;
use super::refusal::Code;
use super::{Esia, Persona};

/// Faults at one press: what it is called, and what it is.
const READY: [(&str, &str); 10] = [
    ("Технические работы", r#"{"where":"any","kind":"status","status":503}"#),
    ("Отвечает через 20 секунд", r#"{"where":"te","kind":"slow","seconds":20}"#),
    ("Обрывает соединение", r#"{"where":"te","kind":"disconnect"}"#),
    ("Список организаций приходит не целиком", r#"{"where":"roles","kind":"truncated"}"#),
    ("Бесконечный ответ", r#"{"where":"person","kind":"huge"}"#),
    ("Часы спешат на час", r#"{"where":"any","kind":"clock_skew","seconds":3600}"#),
    ("Сменился сертификат подписи", r#"{"where":"any","kind":"rotated_certificate"}"#),
    ("Маркер доступа без подписи", r#"{"where":"te","kind":"forge","token":"access","sign":"none"}"#),
    ("Маркер подписан чужим ключом", r#"{"where":"te","kind":"forge","token":"id","sign":"other_key"}"#),
    ("Чужой список организаций", r#"{"where":"roles","kind":"forge","of":"ministry-head"}"#),
];

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Неисправности</title><link rel="stylesheet" href="/sandbox.css"></head>
<body><header><p><b>Учебный вход</b> Это не Госуслуги</p></header>
<main>
<h1>Неисправности</h1>
<p>Здесь учебный вход можно испортить, чтобы увидеть, как ваша система переживёт отказ Госуслуг. То же в JSON: <code>/sandbox/faults</code>.</p>
{% if let Some(error) = error %}<p class="wrong" role="alert">Не включено: {{ error }}</p>
{% endif %}
<h2>Сейчас</h2>
{% if standing.is_empty() %}<p class="quiet">Неисправностей нет: всё отвечает как положено.</p>
{% else %}<ul class="faults">
{% for fault in standing %}<li><form method="post" action="/sandbox"><input type="hidden" name="remove" value="{{ fault.id }}">
<p><code>{{ fault.text }}</code><span class="quiet">{% if fault.active %}сработала раз: {{ fault.struck }}{% else %}больше не сработает, сработала раз: {{ fault.struck }}{% endif %}</span></p>
<button>Выключить</button></form></li>
{% endfor %}</ul>
<form method="post" action="/sandbox"><p><button name="clear" value="all">Выключить всё</button></p></form>
{% endif %}
<h2>Частые</h2>
<form method="post" action="/sandbox"><ul class="ready">
{% for (title, fault) in ready %}<li><button name="fault" value="{{ fault }}">{{ title }}</button></li>
{% endfor %}</ul></form>
<h2>Ошибка ЕСИА</h2>
<form method="post" action="/sandbox" class="fields">
<input type="hidden" name="kind" value="error">
<label>Код<select name="code">{% for code in codes %}<option value="{{ code.0.name() }}">{{ code.0.name() }} · {{ code.1 }}</option>{% endfor %}</select></label>
<label>Где<select name="where">{% for place in places %}<option value="{{ place.0 }}">{{ place.1 }}</option>{% endfor %}</select></label>
<label>У кого<select name="persona"><option value="">у всех</option>{% for persona in personas %}<option value="{{ persona.id }}">{{ persona.title }}</option>{% endfor %}</select></label>
<label>Сколько раз<input name="times" inputmode="numeric" pattern="[0-9]*" placeholder="всегда"></label>
<p><button>Включить</button></p>
</form>
<h2>Любая, в JSON</h2>
<form method="post" action="/sandbox" class="fields">
<label>Одна неисправность<textarea name="fault" rows="4" spellcheck="false">{{ draft }}</textarea></label>
<p class="quiet">Места: ac, te, system_token, person, roles, organisation, any. Виды: error, status, slow, drip, truncated, not_json, huge,
gzip_bomb, disconnect, redirect, clock_skew, rotated_certificate, wrong_issuer, forge.</p>
<p><button>Включить</button></p>
</form>
</main></body></html>
"#
)]
struct ControlPage<'a> {
    error: Option<String>,
    standing: Vec<Line>,
    ready: &'static [(&'static str, &'static str)],
    codes: Vec<(Code, &'static str)>,
    places: &'static [(&'static str, &'static str)],
    personas: Vec<&'a Persona>,
    draft: String,
}

/// A fault that is switched on.
struct Line {
    id: u64,
    text: String,
    active: bool,
    struck: u32,
}

const PLACES: [(&str, &str); 6] = [
    ("ac", "при входе"),
    ("te", "при обмене кода на маркер"),
    ("system_token", "при выдаче маркера системе"),
    ("person", "в сведениях о человеке"),
    ("roles", "в списке организаций"),
    ("organisation", "в сведениях об организации"),
];

/// `GET /sandbox`
pub(super) async fn show(esia: web::Data<Esia>, request: HttpRequest) -> HttpResponse {
    if !may_control(&esia, &request) {
        return page::not_local();
    }
    render(&esia, None, r#"{"where": "te", "kind": "drip", "seconds": 0.5, "times": 1}"#.to_owned())
}

/// `POST /sandbox`: `clear`, `remove`, a `fault` in JSON, or an error's fields.
pub(super) async fn submit(esia: web::Data<Esia>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    if !may_control(&esia, &request) || posted_by_a_foreign_page(&request) {
        return page::not_local();
    }
    let params = match Params::parse(&body) {
        Ok(params) => params,
        Err(refusal) => return page::refusal(&refusal),
    };
    match change(&esia, &params) {
        Ok(()) => HttpResponse::SeeOther().insert_header((header::LOCATION, "/sandbox")).finish(),
        Err(error) => render(&esia, Some(error), params.text("fault").to_owned()),
    }
}

fn change(esia: &Esia, params: &Params) -> Result<(), String> {
    if params.has("clear") {
        esia.faults.clear();
        return Ok(());
    }
    if let Some(id) = params.get("remove") {
        esia.faults.remove(id.parse().map_err(|_| "такой неисправности нет".to_owned())?);
        return Ok(());
    }
    let value = match params.get("fault") {
        Some(text) => serde_json::from_str(text).map_err(|e| format!("это не JSON: {e}"))?,
        None => Value::Object(fields(params)?),
    };
    let fault: Fault = serde_json::from_value(value).map_err(|e| e.to_string())?;
    esia.people.check_fault(&fault)?;
    esia.prepare(&fault);
    esia.faults.add(fault).map(|_| ())
}

/// The fault a form's fields describe; empty ones are left out.
fn fields(params: &Params) -> Result<Map<String, Value>, String> {
    let mut members = Map::new();
    for name in ["kind", "where", "code", "persona"] {
        if let Some(text) = params.get(name) {
            members.insert(name.to_owned(), json!(text));
        }
    }
    if let Some(times) = params.get("times") {
        members.insert("times".to_owned(), json!(times.parse::<u32>().map_err(|_| "сколько раз: нужно число")?));
    }
    Ok(members)
}

fn render(esia: &Esia, error: Option<String>, draft: String) -> HttpResponse {
    let standing = esia.faults.list().into_iter().map(|standing| Line {
        id: standing.id,
        text: serde_json::to_string(&standing.fault).unwrap_or_default(),
        active: standing.is_active(),
        struck: standing.struck,
    });
    let page = ControlPage {
        error,
        standing: standing.collect(),
        ready: &READY,
        codes: Code::all().collect(),
        places: &PLACES,
        personas: esia.people.personas.iter().map(|persona| &**persona).collect(),
        draft,
    };
    page::control(&page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::esia::People;

    #[test]
    fn what_stands_ready_is_good() {
        for (title, fault) in READY {
            let fault: Fault = serde_json::from_str(fault).unwrap_or_else(|e| panic!("{title}: {e}"));
            People::built_in().check_fault(&fault).expect("known people");
        }
    }
}
