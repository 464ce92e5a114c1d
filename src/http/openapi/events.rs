//! Operations by which platforms are told, and tell.

use super::{Caller, Chapter, ErrorForm, Gives, Operation, Parameter};

const JSON: &str = "application/json";

pub(super) const CHAPTER: Chapter = Chapter { tag: "events", title: ("События", "Events"), operations: OPERATIONS };

const fn query(name: &'static str, ru: &'static str, en: &'static str) -> Parameter {
    Parameter { place: "query", name, about: (ru, en), required: false }
}

const fn header(name: &'static str, ru: &'static str, en: &'static str) -> Parameter {
    Parameter { place: "header", name, about: (ru, en), required: true }
}

pub(super) const LISTING: [Parameter; 5] = [
    query("state", "pending, delivered или dead", "pending, delivered or dead"),
    query("since", "не раньше", "not before"),
    query("until", "раньше чем", "before"),
    query("cursor", "next предыдущего ответа", "next of the answer before"),
    query("limit", "от 1 до 1000", "1 to 1000"),
];

/// An operation of a platform that has no body of its own.
const fn asks(
    method: &'static str,
    path: &'static str,
    about: super::Both,
    takes: &'static [Parameter],
    gives: &'static [Gives],
) -> Operation {
    Operation {
        method,
        path,
        about,
        caller: Caller::Platform,
        takes,
        body: None,
        gives,
        errors: &["invalid-request", "invalid-client", "unavailable"],
        form: ErrorForm::Problem,
    }
}

const OPERATIONS: &[Operation] = &[
    Operation {
        method: "get",
        path: "/.well-known/ssf-configuration",
        about: ("Параметры источника событий (SSF 1.0)", "Transmitter configuration (SSF 1.0)"),
        caller: Caller::Anybody,
        takes: &[],
        body: None,
        gives: &[Gives {
            status: 200, about: ("параметры", "the configuration"), content: Some((JSON, "TransmitterConfiguration"))
        }],
        errors: &[],
        form: ErrorForm::Problem,
    },
    Operation {
        errors: &["invalid-client", "not-found", "unavailable"],
        ..asks(
            "get",
            "/v1/stream",
            ("Ваш поток событий", "Your stream"),
            &[],
            &[Gives { status: 200, about: ("поток", "the stream"), content: Some((JSON, "Stream")) }],
        )
    },
    Operation {
        body: Some((JSON, "StreamRequest")),
        errors: &["invalid-request", "invalid-client", "conflict", "too-large", "too-slow", "unavailable"],
        ..asks(
            "put",
            "/v1/stream",
            ("Настроить поток: новый адрес должен подтвердить себя", "Set the stream: a new endpoint has to prove itself"),
            &[],
            &[Gives { status: 200, about: ("поток", "the stream"), content: Some((JSON, "Stream")) }],
        )
    },
    Operation {
        body: Some((JSON, "StreamProof")),
        errors: &["invalid-request", "invalid-client", "not-found", "too-large", "too-slow", "unavailable"],
        ..asks(
            "post",
            "/v1/stream/verify",
            ("Вернуть то, что было в проверочном событии", "Give back what the verification event held"),
            &[],
            &[Gives { status: 200, about: ("поток", "the stream"), content: Some((JSON, "Stream")) }],
        )
    },
    asks(
        "get",
        "/v1/events",
        ("Все события ваших сообществ с начала или с места", "All events of your communities, from the beginning or a cursor"),
        &[query("after", "id последнего прочитанного", "id of the last one read"), query("limit", "от 1 до 1000", "1 to 1000")],
        &[Gives { status: 200, about: ("события", "events"), content: Some((JSON, "Events")) }],
    ),
    Operation {
        body: Some((JSON, "PollRequest")),
        errors: &["invalid-request", "invalid-client", "not-found", "conflict", "too-large", "too-slow", "unavailable"],
        ..asks(
            "post",
            "/v1/events/poll",
            ("Забрать и подтвердить события (RFC 8936)", "Fetch and acknowledge events (RFC 8936)"),
            &[],
            &[Gives { status: 200, about: ("события", "events"), content: Some((JSON, "Polled")) }],
        )
    },
    asks(
        "get",
        "/v1/deliveries",
        ("Что стало с вашими сообщениями", "What became of your messages"),
        &LISTING,
        &[Gives {
            status: 200, about: ("сообщения, новые первыми", "messages, newest first"), content: Some((JSON, "Deliveries"))
        }],
    ),
    Operation {
        body: Some((JSON, "RedeliveryRange")),
        errors: &["invalid-request", "invalid-client", "too-large", "too-slow", "unavailable"],
        ..asks(
            "post",
            "/v1/deliveries/redeliver",
            ("Отправить заново всё за время", "Send everything of a time again"),
            &[],
            &[Gives { status: 200, about: ("сколько", "how many"), content: Some((JSON, "Redelivered")) }],
        )
    },
    Operation {
        errors: &["invalid-client", "not-found", "unavailable"],
        ..asks(
            "post",
            "/v1/deliveries/{id}/redeliver",
            ("Отправить одно заново", "Send one again"),
            &[],
            &[Gives { status: 200, about: ("сообщение", "the message"), content: Some((JSON, "Delivery")) }],
        )
    },
    Operation {
        method: "post",
        path: "/v1/webhooks/{platform}",
        about: ("Сообщить о сообществе", "Tell about a community"),
        caller: Caller::Signature,
        takes: &[
            header("webhook-id", "номер сообщения, один при повторах", "the message's id, the same when repeated"),
            header("webhook-timestamp", "секунды с 1970 года", "seconds since 1970"),
        ],
        body: Some((JSON, "Message")),
        gives: &[Gives {
            status: 200,
            about: ("записано; на community.verify ответ", "recorded; an answer to community.verify"),
            content: Some((JSON, "MessageAnswer")),
        }],
        errors: &[
            "invalid-request",
            "bad-signature",
            "community-not-yours",
            "conflict",
            "status-stale",
            "too-large",
            "too-slow",
            "unavailable",
        ],
        form: ErrorForm::Problem,
    },
    Operation {
        method: "post",
        path: "/v1/webhooks/{platform}/callback",
        about: ("То же в формате VK Callback API", "The same in the form of VK's Callback API"),
        caller: Caller::Callback,
        takes: &[],
        body: Some((JSON, "CallbackMessage")),
        gives: &[Gives {
            status: 200,
            about: ("ok или строка подтверждения", "ok, or the confirmation text"),
            content: Some(("text/plain", "Text")),
        }],
        errors: &["invalid-request", "bad-signature", "community-not-yours", "conflict", "too-large", "too-slow", "unavailable"],
        form: ErrorForm::Problem,
    },
];
