//! The catalogue of error codes with what each means; held against `http/problem.rs` by a test.

use super::Both;

/// One code.
pub(super) struct Known {
    pub code: &'static str,
    pub status: u16,
    /// The word on OAuth endpoints.
    pub oauth: &'static str,
    pub about: Both,
}

/// The entry of a code.
pub(super) fn find(code: &str) -> Option<&'static Known> {
    ALL.iter().find(|e| e.code == code)
}

const fn e(code: &'static str, status: u16, oauth: &'static str, ru: &'static str, en: &'static str) -> Known {
    Known { code, status, oauth, about: (ru, en) }
}

/// Every code.
pub(super) const ALL: &[Known] = &[
    e(
        "invalid-request",
        400,
        "invalid_request",
        "В запросе чего-то не хватает или оно записано не так; detail называет, чего и как надо.",
        "Something is missing or out of form; detail names it and says what it must be.",
    ),
    e(
        "invalid-authorization-details",
        400,
        "invalid_authorization_details",
        "authorization_details не подходит; описание называет поле.",
        "authorization_details is not acceptable; the description names the member.",
    ),
    e(
        "idempotency-key-missing",
        400,
        "invalid_request",
        "Нужен заголовок Idempotency-Key: новый для каждого нового запроса.",
        "Send an Idempotency-Key header, a new one for each new request.",
    ),
    e(
        "idempotency-key-reused",
        422,
        "invalid_request",
        "С этим Idempotency-Key уже приходил другой запрос; возьмите новый ключ.",
        "This Idempotency-Key came before with another request; use a new key.",
    ),
    e(
        "community-not-yours",
        403,
        "invalid_authorization_details",
        "Площадка не зарегистрирована для этого сообщества; обратитесь к оператору.",
        "The platform is not registered to speak for this community; ask the operator.",
    ),
    e(
        "invalid-client",
        401,
        "invalid_client",
        "Площадка не узнана: проверьте client_id, секрет, подпись или сертификат.",
        "The platform was not recognised: check client_id, secret, assertion or certificate.",
    ),
    e(
        "invalid-token",
        401,
        "invalid_token",
        "Токен доступа неизвестен, истёк, отозван или не для этой заявки.",
        "The access token is unknown, expired, revoked, or not for this application.",
    ),
    e("unsupported-grant-type", 400, "unsupported_grant_type", "Есть только authorization_code.", "Only authorization_code exists here."),
    e(
        "invalid-grant",
        400,
        "invalid_grant",
        "Код неизвестен, использован, истёк или не подходит к проверочной строке; начните заново.",
        "The code is unknown, used, expired, or does not fit its verifier; start again.",
    ),
    e(
        "invalid-request-uri",
        400,
        "invalid_request_uri",
        "Ссылка на запрос неизвестна, использована или истекла; передайте запрос ещё раз.",
        "The request_uri is unknown, used or expired; push the request again.",
    ),
    e(
        "login-lost",
        400,
        "invalid_request",
        "Вход устарел, уже использован или начат в другом браузере; человек входит ещё раз.",
        "The sign-in is over, used, or begun in another browser; the person signs in again.",
    ),
    e(
        "refused",
        403,
        "access_denied",
        "В знаке отказано; gosbadge_code называет причину.",
        "The badge was refused; gosbadge_code names the reason.",
    ),
    e(
        "application-ended",
        410,
        "invalid_grant",
        "Заявка завершена: выдана, отклонена или истекла. Начните новую.",
        "The application is over: issued, refused or expired. Start a new one.",
    ),
    e("not-found", 404, "not_found", "Такого нет, или это не ваше.", "There is no such thing, or it is not yours to see."),
    e(
        "status-list-retired",
        410,
        "not_found",
        "Всё в этом списке давно закончилось; прошлое отдаёт ?time=.",
        "Everything in this list ended long ago; its past is at ?time=.",
    ),
    e(
        "unauthenticated",
        401,
        "invalid_client",
        "Нужен токен оператора: Authorization: Bearer.",
        "An operator's token is needed: Authorization: Bearer.",
    ),
    e("forbidden", 403, "access_denied", "Роль или форма этого не разрешает.", "The role, or the form, does not allow this."),
    e(
        "conflict",
        409,
        "invalid_request",
        "Изменение не подходит к нынешнему состоянию; посмотрите ещё раз и повторите.",
        "The change does not fit the present state; look again and retry.",
    ),
    e("second-operator-needed", 409, "invalid_request", "Нужно согласие второго оператора.", "A second operator has to agree."),
    e(
        "bad-signature",
        401,
        "invalid_request",
        "Подпись, время или секрет сообщения не сходятся.",
        "The message's signature, time or secret does not hold.",
    ),
    e("too-large", 413, "invalid_request", "Тело больше 64 КиБ (для пачки 1 МиБ).", "The body is over 64 KiB (1 MiB for a batch)."),
    e("too-slow", 408, "invalid_request", "Тело не пришло вовремя; отправьте ещё раз.", "The body did not arrive in time; send it again."),
    e(
        "status-stale",
        503,
        "temporarily_unavailable",
        "Сведения о состоянии устарели; ответа нет, чтобы не ошибиться. Повторите чуть позже.",
        "The status view is too old to answer from; ask again in a moment.",
    ),
    e(
        "unavailable",
        503,
        "temporarily_unavailable",
        "Сервис временно не может ответить; повторите через Retry-After.",
        "Temporarily unavailable; repeat after Retry-After.",
    ),
    e(
        "internal",
        500,
        "server_error",
        "Ошибка у нас; назовите оператору request_id.",
        "A defect of ours; tell the operator the request_id.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::fault;
    use crate::service::{Error, WayOn};

    #[test]
    fn every_error_of_the_service_is_here_as_it_looks() {
        let text = String::new;
        let refused = Error::Refused {
            application: crate::domain::ids::ApplicationId::from_bits(1),
            code: crate::domain::refusal::RefusalCode::F01,
            way_on: WayOn::Over,
        };
        let all = [
            Error::InvalidRequest(text()),
            Error::TooLarge,
            Error::TooSlow,
            Error::InvalidAuthorizationDetails(text()),
            Error::IdempotencyKeyMissing,
            Error::IdempotencyKeyReused,
            Error::CommunityNotYours(text()),
            Error::InvalidClient(""),
            Error::InvalidToken,
            Error::UnsupportedGrantType,
            Error::InvalidGrant(""),
            Error::InvalidRequestUri,
            Error::LoginLost,
            refused,
            Error::ApplicationEnded,
            Error::NotFound(""),
            Error::ListRetired,
            Error::Unauthenticated(""),
            Error::Forbidden(""),
            Error::Conflict(text()),
            Error::SecondOperatorNeeded,
            Error::BadWebhook(text()),
            Error::StatusStale,
            Error::Unavailable(text()),
            Error::Internal(text()),
        ];
        for error in &all {
            let f = fault(error);
            let known = find(f.code).unwrap_or_else(|| panic!("{} is not in the catalogue", f.code));
            assert_eq!((known.status, known.oauth), (f.status.as_u16(), f.oauth), "{}", f.code);
        }
        assert_eq!(all.len(), ALL.len());
    }
}
