//! Operations that answer people with a page, and this document itself.

use super::{Both, Caller, Chapter, ErrorForm, Gives, Operation, Parameter};

pub(super) const CHAPTER: Chapter = Chapter { tag: "pages", title: ("Страницы", "Pages"), operations: OPERATIONS };

const FORM_MEDIA: &str = "application/x-www-form-urlencoded";
const HTML: Option<(&str, &str)> = Some(("text/html", "Page"));

const PAGE: &[Gives] = &[Gives { status: 200, about: ("страница", "a page"), content: HTML }];
const BACK: &[Gives] = &[Gives { status: 302, about: ("дальше", "onwards"), content: None }];
const ONWARDS: &[Gives] = &[
    Gives { status: 200, about: ("страница", "a page"), content: HTML },
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
            Gives { status: 200, about: ("ответ", "the answer"), content: HTML },
            Gives {
                status: 303, about: ("на главную, если ссылки нет", "to the front page, without a link"), content: None
            },
        ],
        ..page("/check", ("Официальна ли страница", "Whether a page is official"), &["unavailable"])
    },
    page("/c/{community}", ("Страница знака", "A badge's page"), &["not-found", "unavailable"]),
    page("/apply", ("Начать без площадки", "Start without a platform"), &["unavailable"]),
    Operation {
        method: "post",
        body: Some((FORM_MEDIA, "PortalStart")),
        gives: &[
            Gives { status: 303, about: ("на страницу заявки", "to the application's page"), content: None },
            Gives {
                status: 422, about: ("форма с указанием, что исправить", "the form, with what to mend"), content: HTML
            },
            Gives {
                status: 429,
                about: ("слишком много заявок; повторите через Retry-After", "too many applications; repeat after Retry-After"),
                content: HTML,
            },
        ],
        ..page("/apply", ("Начать заявку", "Start an application"), &["invalid-request", "too-large", "too-slow", "unavailable"])
    },
    Operation {
        caller: Caller::Anybody,
        takes: &[
            query("application", "номер заявки", "the application"),
            query("link", "её ссылка; без неё только браузер, который уже входил", "its link; without it only a browser that began before"),
        ],
        ..step("get", "/login", ("Войти через Госуслуги", "Sign in through Gosuslugi"), BACK, &["not-found", "conflict", "unavailable"])
    },
    Operation {
        gives: &[
            Gives {
                status: 200,
                about: ("способы доказать управление страницей", "ways to prove control of the community"),
                content: HTML,
            },
            Gives { status: 303, about: ("уже доказано", "it is proven already"), content: None },
        ],
        ..step(
            "get",
            "/applications/{id}/control",
            ("Доказать управление страницей", "Prove control of the community"),
            PAGE,
            &["not-found", "application-ended", "login-lost", "unavailable"],
        )
    },
    Operation {
        body: Some((FORM_MEDIA, "ProofForm")),
        gives: &[
            Gives { status: 303, about: ("дальше", "onwards"), content: None },
            Gives {
                status: 422, about: ("страница с указанием, что исправить", "the page, with what to mend"), content: HTML
            },
            Gives { status: 429, about: ("проверяли только что", "it was looked at a moment ago"), content: HTML },
        ],
        ..step(
            "post",
            "/applications/{id}/control/{kind}",
            ("Начать или проверить доказательство", "Begin a proof, or have it looked at"),
            PAGE,
            &["invalid-request", "login-lost", "forbidden", "not-found", "application-ended", "too-large", "too-slow", "unavailable"],
        )
    },
    Operation {
        takes: &[
            query("code", "код площадки", "the platform's code"),
            query("state", "из запроса", "of the request"),
            query("device_id", "от VK ID", "from VK ID"),
        ],
        ..step(
            "get",
            "/oauth/platform/{platform}/callback",
            ("Возвращение от входа на площадке", "Back from the platform's own sign-in"),
            &[Gives {
                status: 303, about: ("к способам доказать управление", "to the ways to prove control"), content: None
            }],
            &["login-lost", "unavailable"],
        )
    },
    Operation {
        gives: &[
            Gives { status: 200, about: ("что будет подтверждено", "what is about to be confirmed"), content: HTML },
            Gives { status: 303, about: ("сначала другое", "something else comes first"), content: None },
            Gives {
                status: 409, about: ("со страницей что-то не так", "something is wrong with the community"), content: HTML
            },
        ],
        ..step("get", "/applications/{id}/confirm", ("Последний шаг", "The last step"), PAGE, &["refused", "not-found", "unavailable"])
    },
    Operation {
        body: Some((FORM_MEDIA, "ConfirmForm")),
        gives: &[
            Gives { status: 303, about: ("знак выдан", "the badge is issued"), content: None },
            Gives {
                status: 409, about: ("что-то изменилось, посмотрите ещё раз", "something changed, look again"), content: HTML
            },
        ],
        ..step(
            "post",
            "/applications/{id}/confirm",
            ("Подтвердить: здесь выдаётся знак", "Confirm: here the badge is issued"),
            PAGE,
            &["invalid-request", "forbidden", "refused", "not-found", "too-large", "too-slow", "unavailable"],
        )
    },
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
        body: Some((FORM_MEDIA, "OrganisationChoice")),
        gives: &[
            Gives { status: 302, about: ("дальше", "onwards"), content: None },
            Gives { status: 422, about: ("ничего не выбрано", "nothing was chosen"), content: HTML },
        ],
        ..step("post", "/applications/{id}/organisation", ("Выбрать организацию", "Choose an organisation"), BACK, CHOICE)
    },
    Operation {
        body: Some((FORM_MEDIA, "FormToken")),
        ..step("post", "/applications/{id}/return", ("Вернуться на площадку", "Return to the platform"), BACK, FORM)
    },
    Operation {
        body: Some((FORM_MEDIA, "FormToken")),
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
