//! Operations by which a platform starts, finishes and asks about an application.

use super::{Caller, Chapter, ErrorForm, Gives, Operation, Parameter};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

pub(super) const CHAPTER: Chapter =
    Chapter {
        tag: "applications", title: ("Подтверждение страницы", "Confirming a community"), operations: OPERATIONS
    };

const KEY: Parameter = Parameter {
    place: "header",
    name: "Idempotency-Key",
    about: ("новый для каждого нового запроса", "a new one for each new request, 1 to 255 printable characters"),
    required: true,
};

const OPERATIONS: &[Operation] = &[
    Operation {
        method: "get",
        path: "/.well-known/oauth-authorization-server",
        about: ("Параметры сервера авторизации (RFC 8414)", "Authorization server metadata (RFC 8414)"),
        caller: Caller::Anybody,
        takes: &[],
        body: None,
        gives: &[Gives { status: 200, about: ("параметры", "the metadata"), content: Some((JSON, "ServerMetadata")) }],
        errors: &[],
        form: ErrorForm::Oauth,
    },
    Operation {
        method: "post",
        path: "/oauth/par",
        about: ("Начать: передать запрос напрямую (RFC 9126)", "Start: push the request (RFC 9126)"),
        caller: Caller::Platform,
        takes: &[],
        body: Some((FORM, "PushedRequest")),
        gives: &[Gives {
            status: 201, about: ("ссылка на запрос", "a reference to the request"), content: Some((JSON, "Pushed"))
        }],
        errors: &[
            "invalid-request",
            "invalid-authorization-details",
            "community-not-yours",
            "invalid-client",
            "too-large",
            "too-slow",
            "unavailable",
        ],
        form: ErrorForm::Oauth,
    },
    Operation {
        method: "get",
        path: "/oauth/authorize",
        about: ("Браузер человека идёт к поставщику личности", "The person's browser goes to the identity provider"),
        caller: Caller::Anybody,
        takes: &[
            Parameter { place: "query", name: "client_id", about: ("ваш client_id", "your client_id"), required: true },
            Parameter {
                place: "query",
                name: "request_uri",
                about: ("из ответа на /oauth/par", "from the answer of /oauth/par"),
                required: true,
            },
        ],
        body: None,
        gives: &[Gives { status: 302, about: ("к поставщику личности", "to the identity provider"), content: None }],
        errors: &["invalid-request", "invalid-request-uri", "unavailable"],
        form: ErrorForm::Page,
    },
    Operation {
        method: "post",
        path: "/oauth/token",
        about: ("Обменять код: здесь выдаётся знак", "Redeem the code: here the badge is issued"),
        caller: Caller::Platform,
        takes: &[],
        body: Some((FORM, "TokenRequest")),
        gives: &[Gives {
            status: 200,
            about: ("токен и подтверждение", "a token and the attestation"),
            content: Some((JSON, "TokenAnswer")),
        }],
        errors: &[
            "invalid-request",
            "unsupported-grant-type",
            "invalid-grant",
            "refused",
            "invalid-client",
            "too-large",
            "too-slow",
            "unavailable",
        ],
        form: ErrorForm::Oauth,
    },
    Operation {
        method: "post",
        path: "/oauth/revoke",
        about: ("Отозвать токен доступа (RFC 7009)", "Revoke an access token (RFC 7009)"),
        caller: Caller::Platform,
        takes: &[],
        body: Some((FORM, "TokenQuestion")),
        gives: &[Gives {
            status: 200, about: ("токен больше не действует", "the token is good no more"), content: None
        }],
        errors: &["invalid-request", "invalid-client", "too-large", "too-slow", "unavailable"],
        form: ErrorForm::Oauth,
    },
    Operation {
        method: "post",
        path: "/oauth/introspect",
        about: ("Спросить о токене доступа (RFC 7662)", "Ask about an access token (RFC 7662)"),
        caller: Caller::Platform,
        takes: &[],
        body: Some((FORM, "TokenQuestion")),
        gives: &[Gives {
            status: 200, about: ("что это за токен", "what the token is"), content: Some((JSON, "Introspection"))
        }],
        errors: &["invalid-request", "invalid-client", "too-large", "too-slow", "unavailable"],
        form: ErrorForm::Oauth,
    },
    Operation {
        method: "post",
        path: "/v1/applications",
        about: ("Начать без библиотеки OAuth", "Start without an OAuth library"),
        caller: Caller::Platform,
        takes: &[KEY],
        body: Some((JSON, "NewApplication")),
        gives: &[Gives {
            status: 201,
            about: ("заявка и ссылка для человека", "the application and a link for the person"),
            content: Some((JSON, "StartedApplication")),
        }],
        errors: &[
            "invalid-request",
            "idempotency-key-missing",
            "idempotency-key-reused",
            "community-not-yours",
            "invalid-client",
            "too-large",
            "too-slow",
            "unavailable",
        ],
        form: ErrorForm::Problem,
    },
    Operation {
        method: "get",
        path: "/v1/applications/{id}",
        about: ("Где находится заявка", "Where an application stands"),
        caller: Caller::PlatformOrToken,
        takes: &[],
        body: None,
        gives: &[Gives { status: 200, about: ("заявка", "the application"), content: Some((JSON, "Application")) }],
        errors: &["invalid-client", "invalid-token", "not-found", "unavailable"],
        form: ErrorForm::Problem,
    },
    Operation {
        method: "post",
        path: "/v1/applications/{id}/redeem",
        about: ("Обменять код заявки, начатой без OAuth", "Redeem the code of an application started without OAuth"),
        caller: Caller::Platform,
        takes: &[Parameter { required: false, ..KEY }],
        body: Some((JSON, "Redemption")),
        gives: &[Gives { status: 200, about: ("подтверждение", "the attestation"), content: Some((JSON, "Redeemed")) }],
        errors: &[
            "invalid-request",
            "idempotency-key-reused",
            "invalid-client",
            "not-found",
            "invalid-grant",
            "refused",
            "too-large",
            "too-slow",
            "unavailable",
        ],
        form: ErrorForm::Problem,
    },
];
