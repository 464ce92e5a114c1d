//! Operations that answer people with a page, and this document itself.

use super::{Both, Caller, Chapter, ErrorForm, Gives, Operation, Parameter};

pub(super) const CHAPTER: Chapter = Chapter { tag: "pages", title: ("Страницы", "Pages"), operations: OPERATIONS };

const PAGE: &[Gives] = &[Gives { status: 200, about: ("страница", "a page"), content: Some(("text/html", "Page")) }];
const BACK: &[Gives] = &[Gives { status: 302, about: ("дальше", "onwards"), content: None }];
const ONWARDS: &[Gives] = &[
    Gives { status: 200, about: ("страница", "a page"), content: Some(("text/html", "Page")) },
    Gives { status: 302, about: ("дальше", "onwards"), content: None },
];

const fn page(path: &'static str, about: Both, errors: &'static [&'static str]) -> Operation {
    Operation { method: "get", path, about, caller: Caller::Anybody, takes: &[], body: None, gives: PAGE, errors, form: ErrorForm::Page }
}

/// A step of somebody's application, in the browser that began it.
const fn step(
    method: &'static str,
    path: &'static str,
    about: Both,
    gives: &'static [Gives],
    errors: &'static [&'static str],
) -> Operation {
    Operation { method, caller: Caller::Person, gives, ..page(path, about, errors) }
}

/// What every form of an application may answer.
const FORM: &[&str] = &["invalid-request", "forbidden", "not-found", "application-ended", "too-large", "too-slow", "unavailable"];
const LEAVING: &[&str] = &["invalid-request", "forbidden", "not-found", "too-large", "too-slow", "unavailable"];
const CHOICE: &[&str] = &["forbidden", "refused", "not-found", "application-ended", "too-large", "too-slow", "unavailable"];
const ANSWERED: &[&str] = &["login-lost", "refused", "application-ended", "unavailable"];

const fn query(name: &'static str, ru: &'static str, en: &'static str) -> Parameter {
    Parameter { place: "query", name, about: (ru, en), required: false }
}

const OPERATIONS: &[Operation] = &[
    page("/", ("Главная страница", "The front page"), &[]),
    Operation {
        takes: &[query("link", "ссылка на сообщество", "a link to a community")],
        gives: &[
            Gives { status: 200, about: ("ответ", "the answer"), content: Some(("text/html", "Page")) },
            Gives {
                status: 303, about: ("на главную, если ссылки нет", "to the front page, without a link"), content: None
            },
        ],
        ..page("/check", ("Официальна ли страница", "Whether a page is official"), &["unavailable"])
    },
    page("/c/{community}", ("Страница знака", "A badge's page"), &["not-found", "unavailable"]),
    Operation {
        takes: &[query("link", "одноразовая ссылка из POST /v1/applications", "the link of POST /v1/applications")],
        ..step(
            "get",
            "/applications/{id}",
            ("Заявка человека", "A person's application"),
            ONWARDS,
            &["not-found", "conflict", "application-ended", "unavailable"],
        )
    },
    step("get", "/applications/{id}/login", ("Войти ещё раз", "Sign in again"), BACK, &["not-found", "application-ended", "unavailable"]),
    step(
        "get",
        "/applications/{id}/organisation",
        ("Выбор организации", "The choice of an organisation"),
        PAGE,
        &["not-found", "application-ended", "unavailable"],
    ),
    Operation {
        body: Some(("application/x-www-form-urlencoded", "OrganisationChoice")),
        gives: &[
            Gives { status: 302, about: ("дальше", "onwards"), content: None },
            Gives { status: 422, about: ("ничего не выбрано", "nothing was chosen"), content: Some(("text/html", "Page")) },
        ],
        ..step("post", "/applications/{id}/organisation", ("Выбрать организацию", "Choose an organisation"), BACK, CHOICE)
    },
    Operation {
        body: Some(("application/x-www-form-urlencoded", "FormToken")),
        ..step("post", "/applications/{id}/return", ("Вернуться на площадку", "Return to the platform"), BACK, FORM)
    },
    Operation {
        body: Some(("application/x-www-form-urlencoded", "FormToken")),
        ..step("post", "/applications/{id}/logout", ("Выйти у поставщика личности", "Sign out at the identity provider"), BACK, LEAVING)
    },
    Operation {
        takes: &[query("code", "код поставщика личности", "the identity provider's code"), query("state", "из запроса", "of the request")],
        ..step("get", "/oauth/callback", ("Возвращение от поставщика личности", "Back from the identity provider"), BACK, ANSWERED)
    },
    Operation {
        takes: &[query("code", "код поставщика личности", "the identity provider's code"), query("state", "из запроса", "of the request")],
        ..step("get", "/oauth/callback/{idp}", ("Возвращение от другого поставщика", "Back from another identity provider"), BACK, ANSWERED)
    },
    Operation {
        gives: &[Gives { status: 302, about: ("к описанию ошибки", "to what the error means"), content: None }],
        ..page("/problems/{code}", ("Что значит ошибка", "What an error means"), &["not-found"])
    },
    page("/docs", ("Этот справочник", "This reference"), &[]),
    page("/docs/guide", ("Подключение за полдня", "Integrate in an afternoon"), &[]),
    Operation {
        gives: &[Gives { status: 200, about: ("программа", "the program"), content: Some(("text/x-python", "Text")) }],
        ..page("/docs/integration.py", ("Площадка на Python", "A platform in Python"), &[])
    },
    Operation {
        gives: &[Gives { status: 200, about: ("программа", "the program"), content: Some(("text/javascript", "Text")) }],
        ..page("/docs/integration.mjs", ("Площадка на Node", "A platform in Node"), &[])
    },
    Operation {
        gives: &[Gives {
            status: 200,
            about: ("справочник", "the document"),
            content: Some(("application/openapi+json;version=3.1", "Anything")),
        }],
        form: ErrorForm::Problem,
        ..page("/openapi.json", ("Справочник OpenAPI 3.1", "The OpenAPI 3.1 document"), &[])
    },
];
