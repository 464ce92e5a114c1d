//! Operations of operators, on a listener of their own.

use super::events::LISTING;
use super::{Both, Caller, Chapter, ErrorForm, Gives, Operation, Parameter};

const JSON: &str = "application/json";

pub(super) const CHAPTER: Chapter =
    Chapter { tag: "administration", title: ("Управление", "Administration"), operations: OPERATIONS };

const CHANGED: &[Gives] =
    &[Gives {
        status: 200, about: ("знак после изменения", "the badge after the change"), content: Some((JSON, "ChangedBadge"))
    }];
const PLAN: &[Gives] = &[Gives { status: 200, about: ("решение", "the revocation"), content: Some((JSON, "Revocation")) }];

const fn reads(
    path: &'static str,
    about: Both,
    takes: &'static [Parameter],
    gives: &'static [Gives],
    errors: &'static [&'static str],
) -> Operation {
    Operation { method: "get", path, about, caller: Caller::Operator, takes, body: None, gives, errors, form: ErrorForm::Problem }
}

const fn change(path: &'static str, about: Both) -> Operation {
    Operation {
        method: "post",
        body: Some((JSON, "BadgeChange")),
        ..reads(
            path,
            about,
            &[],
            CHANGED,
            &["invalid-request", "unauthenticated", "forbidden", "not-found", "conflict", "too-large", "too-slow", "unavailable"],
        )
    }
}

const OPERATIONS: &[Operation] = &[
    change("/admin/v1/badges/{badge}/revoke", ("Отозвать знак", "Revoke a badge")),
    change("/admin/v1/badges/{badge}/suspend", ("Приостановить знак", "Suspend a badge")),
    change("/admin/v1/badges/{badge}/reinstate", ("Вернуть знак", "Reinstate a badge")),
    Operation {
        method: "post",
        body: Some((JSON, "NewRevocation")),
        gives: &[
            Gives { status: 200, about: ("только подсчёт", "counted only"), content: Some((JSON, "DryRun")) },
            Gives {
                status: 201,
                about: ("подготовлено, нужен второй оператор", "prepared; a second operator has to approve"),
                content: Some((JSON, "Revocation")),
            },
        ],
        ..reads(
            "/admin/v1/revocations",
            ("Подготовить отзыв многих", "Prepare a mass revocation"),
            &[],
            &[],
            &["invalid-request", "unauthenticated", "forbidden", "too-large", "too-slow", "unavailable"],
        )
    },
    reads(
        "/admin/v1/revocations/{id}",
        ("Отзыв многих", "A mass revocation"),
        &[],
        PLAN,
        &["unauthenticated", "forbidden", "not-found", "unavailable"],
    ),
    Operation {
        method: "post",
        ..reads(
            "/admin/v1/revocations/{id}/approve",
            ("Утвердить отзыв многих", "Approve a mass revocation"),
            &[],
            PLAN,
            &["unauthenticated", "forbidden", "not-found", "conflict", "unavailable"],
        )
    },
    reads(
        "/admin/v1/applications",
        ("Заявки, в том числе ждущие решения", "Applications, those among them that wait for a decision"),
        &[
            Parameter {
                place: "query", name: "state", about: ("состояние заявки", "state of the application"), required: false
            },
            Parameter {
                place: "query",
                name: "proof",
                about: ("вид доказательства: operator", "kind of proof: operator"),
                required: false,
            },
            Parameter {
                place: "query", name: "status", about: ("его состояние: pending", "its status: pending"), required: false
            },
            Parameter {
                place: "query", name: "cursor", about: ("next предыдущего ответа", "next of the answer before"), required: false
            },
            Parameter { place: "query", name: "limit", about: ("от 1 до 500", "1 to 500"), required: false },
        ],
        &[Gives {
            status: 200,
            about: ("заявки, новые первыми", "applications, newest first"),
            content: Some((JSON, "ListedApplications")),
        }],
        &["invalid-request", "unauthenticated", "forbidden", "unavailable"],
    ),
    reads(
        "/admin/v1/applications/{id}",
        ("Заявка с тем, что нужно для решения", "An application with what a decision needs"),
        &[],
        &[Gives { status: 200, about: ("заявка", "the application"), content: Some((JSON, "ListedApplication")) }],
        &["unauthenticated", "forbidden", "not-found", "unavailable"],
    ),
    Operation {
        method: "post",
        body: Some((JSON, "Decision")),
        ..reads(
            "/admin/v1/applications/{id}/decide",
            ("Решить об управлении страницей; нужны двое", "Decide on control of a community; it takes two"),
            &[],
            &[Gives {
                status: 200,
                about: ("заявка после решения", "the application after it"),
                content: Some((JSON, "ListedApplication")),
            }],
            &[
                "invalid-request",
                "unauthenticated",
                "forbidden",
                "not-found",
                "conflict",
                "second-operator-needed",
                "too-large",
                "too-slow",
                "unavailable",
            ],
        )
    },
    reads(
        "/admin/v1/audit",
        ("Журнал действий", "The audit trail"),
        &[
            Parameter {
                place: "query", name: "cursor", about: ("next предыдущего ответа", "next of the answer before"), required: false
            },
            Parameter { place: "query", name: "limit", about: ("от 1 до 1000", "1 to 1000"), required: false },
        ],
        &[Gives {
            status: 200, about: ("записи, новые первыми", "entries, newest first"), content: Some((JSON, "Audit"))
        }],
        &["invalid-request", "unauthenticated", "unavailable"],
    ),
    reads(
        "/admin/v1/deliveries",
        ("Сообщения площадкам", "Messages to platforms"),
        &LISTING,
        &[Gives {
            status: 200, about: ("сообщения, новые первыми", "messages, newest first"), content: Some((JSON, "Deliveries"))
        }],
        &["invalid-request", "unauthenticated", "unavailable"],
    ),
    Operation {
        method: "post",
        body: Some((JSON, "RedeliveryRange")),
        ..reads(
            "/admin/v1/deliveries/redeliver",
            ("Отправить заново всё за время", "Send everything of a time again"),
            &[],
            &[Gives { status: 200, about: ("сколько", "how many"), content: Some((JSON, "Redelivered")) }],
            &["invalid-request", "unauthenticated", "forbidden", "too-large", "too-slow", "unavailable"],
        )
    },
    Operation {
        method: "post",
        ..reads(
            "/admin/v1/deliveries/{id}/redeliver",
            ("Отправить одно заново", "Send one again"),
            &[],
            &[Gives { status: 200, about: ("сообщение", "the message"), content: Some((JSON, "Delivery")) }],
            &["unauthenticated", "forbidden", "not-found", "unavailable"],
        )
    },
    Operation {
        caller: Caller::AdminListener,
        ..reads(
            "/metrics",
            ("Показатели Prometheus", "Prometheus metrics"),
            &[],
            &[Gives { status: 200, about: ("показатели", "metrics"), content: Some(("application/openmetrics-text", "Text")) }],
            &[],
        )
    },
];
