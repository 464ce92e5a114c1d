//! Operations by which anybody checks.

use super::{Both, Caller, Chapter, ErrorForm, Gives, Operation, Parameter};

const JSON: &str = "application/json";

pub(super) const CHAPTER: Chapter = Chapter { tag: "checking", title: ("Проверка", "Checking"), operations: OPERATIONS };

const fn open(path: &'static str, about: Both, gives: &'static [Gives], errors: &'static [&'static str], form: ErrorForm) -> Operation {
    Operation { method: "get", path, about, caller: Caller::Anybody, takes: &[], body: None, gives, errors, form }
}

const fn takes(name: &'static str, ru: &'static str, en: &'static str, required: bool) -> Parameter {
    Parameter { place: "query", name, about: (ru, en), required }
}

/// One answer of 200.
macro_rules! gives {
    ($ru:literal, $en:literal, $media:expr, $schema:literal) => {
        &[Gives { status: 200, about: ($ru, $en), content: Some(($media, $schema)) }]
    };
}

const OPERATIONS: &[Operation] = &[
    open(
        "/.well-known/jwks.json",
        ("Ключи проверки подписи", "Signature verification keys"),
        gives!("ключи", "the keys", "application/jwk-set+json", "KeySet"),
        &[],
        ErrorForm::Problem,
    ),
    open(
        "/status",
        ("Списки состояний, которые действуют", "Status lists in force"),
        gives!("адреса", "their addresses", JSON, "StatusLists"),
        &[],
        ErrorForm::Problem,
    ),
    Operation {
        takes: &[takes("time", "секунды: каким список был тогда", "seconds: the list as it was then", false)],
        ..open(
            "/status/{n}",
            ("Список состояний", "A status list"),
            gives!("подписанный список", "the signed list", "application/statuslist+jwt", "Jwt"),
            &["invalid-request", "not-found", "status-list-retired", "status-stale", "unavailable"],
            ErrorForm::Problem,
        )
    },
    Operation {
        method: "post",
        body: Some((JSON, "Question")),
        errors: &["invalid-request", "too-large", "too-slow", "status-stale"],
        ..open(
            "/v1/verify",
            ("Проверить подтверждение или сообщество", "Check an attestation or a community"),
            gives!("ответ", "the verdict", JSON, "Verdict"),
            &[],
            ErrorForm::Problem,
        )
    },
    open(
        "/v1/badges/{id}",
        ("Знак и его история", "A badge and its history"),
        gives!("знак", "the badge", JSON, "Badge"),
        &["not-found", "unavailable"],
        ErrorForm::Problem,
    ),
    open(
        "/c/{community}/attestation.jwt",
        ("Последнее подтверждение сообщества", "A community's newest attestation"),
        gives!("подтверждение", "the attestation", "application/trust-mark+jwt", "Jwt"),
        &["not-found", "unavailable"],
        ErrorForm::Problem,
    ),
    open(
        "/c/{community}.tlog-proof",
        ("Доказательство записи в журнале", "Proof of the record in the log"),
        gives!("доказательство", "the proof", "text/plain", "Text"),
        &["not-found", "unavailable"],
        ErrorForm::Problem,
    ),
    open(
        "/log/checkpoint",
        ("Контрольная точка журнала", "The log's checkpoint"),
        gives!("контрольная точка", "the checkpoint", "text/plain", "Text"),
        &["unavailable"],
        ErrorForm::Problem,
    ),
    open(
        "/log/key",
        ("Ключи журнала", "The log's keys"),
        gives!("ключи, по строке", "keys, a line each", "text/plain", "Text"),
        &[],
        ErrorForm::Problem,
    ),
    open(
        "/log/tile/{path}",
        ("Часть журнала (C2SP tlog-tiles)", "A tile of the log (C2SP tlog-tiles)"),
        gives!("часть", "the tile", "application/octet-stream", "Bytes"),
        &["not-found", "unavailable"],
        ErrorForm::Problem,
    ),
    open(
        "/.well-known/openid-federation",
        ("Кто мы в федерации", "Who we are in the federation"),
        gives!("заявление", "the statement", "application/entity-statement+jwt", "Jwt"),
        &[],
        ErrorForm::Oauth,
    ),
    open(
        "/c/{community}/.well-known/openid-federation",
        ("Сообщество в федерации", "A community in the federation"),
        gives!("заявление", "the statement", "application/entity-statement+jwt", "Jwt"),
        &["not-found", "unavailable"],
        ErrorForm::Oauth,
    ),
    Operation {
        takes: &[takes("sub", "сообщество", "the community", true)],
        ..open(
            "/federation/fetch",
            ("Заявление о сообществе", "A statement about a community"),
            gives!("заявление", "the statement", "application/entity-statement+jwt", "Jwt"),
            &["invalid-request", "not-found", "unavailable"],
            ErrorForm::Oauth,
        )
    },
    open(
        "/federation/list",
        ("Сообщества в федерации", "Communities in the federation"),
        gives!("адреса", "their identifiers", JSON, "Identifiers"),
        &["invalid-request", "unavailable"],
        ErrorForm::Oauth,
    ),
    Operation {
        takes: &[takes("trust_mark_type", "вид знака", "kind of badge", true), takes("sub", "сообщество", "the community", true)],
        ..open(
            "/federation/trust-mark",
            ("Знак сообщества", "A community's trust mark"),
            gives!("подтверждение", "the attestation", "application/trust-mark+jwt", "Jwt"),
            &["invalid-request", "not-found", "unavailable"],
            ErrorForm::Oauth,
        )
    },
    Operation {
        takes: &[
            takes("trust_mark_type", "вид знака", "kind of badge", true),
            takes("sub", "только это сообщество", "this community alone", false),
        ],
        ..open(
            "/federation/trust-mark-list",
            ("Сообщества со знаком", "Communities with a badge"),
            gives!("адреса", "their identifiers", JSON, "Identifiers"),
            &["invalid-request", "unavailable"],
            ErrorForm::Oauth,
        )
    },
    Operation {
        method: "post",
        body: Some(("application/x-www-form-urlencoded", "TrustMarkQuestion")),
        ..open(
            "/federation/trust-mark-status",
            ("Состояние знака", "Status of a trust mark"),
            gives!("подписанный ответ", "a signed answer", "application/trust-mark-status-response+jwt", "Jwt"),
            &["invalid-request", "not-found", "too-large", "too-slow", "status-stale"],
            ErrorForm::Oauth,
        )
    },
    open(
        "/federation/historical-keys",
        ("Прежние ключи", "Keys of the past"),
        gives!("ключи", "the keys", "application/jwk-set+jwt", "Jwt"),
        &["unavailable"],
        ErrorForm::Oauth,
    ),
    open(
        "/health/live",
        ("Жив ли процесс", "Whether the process lives"),
        gives!("жив", "it does", JSON, "Health"),
        &[],
        ErrorForm::Problem,
    ),
    Operation {
        gives: &[
            Gives { status: 200, about: ("готов", "ready"), content: Some((JSON, "Health")) },
            Gives {
                status: 503, about: ("не готов, и чем именно", "not ready, and what is missing"), content: Some((JSON, "Health"))
            },
        ],
        ..open("/health/ready", ("Готов ли сервис", "Whether the service is ready"), &[], &[], ErrorForm::Problem)
    },
];
