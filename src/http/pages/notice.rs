//! Short pages: errors, a sign-in that ran out of time, the end of a visit.

use askama::Template;

use super::frame::{Frame, Here};
use super::texts::bilingual;
use super::tone::Tone;

/// An error for a person.
pub struct ErrorView {
    /// Language and address.
    pub here: Here,
    /// Which error.
    pub error: ErrorPage,
    /// What exactly was wrong, in the language of `here` and fit for the public; never an inner error's text.
    pub detail: Option<String>,
    /// Number of the request, to quote when asking for help.
    pub request_id: String,
}

/// A short page that needs nothing but a way on.
pub struct NoticeView {
    /// Language and address.
    pub here: Here,
    /// Path that starts over, where there is one.
    pub again: Option<String>,
}

/// Errors that have a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorPage {
    /// 400
    BadRequest,
    /// 403
    Forbidden,
    /// 404
    NotFound,
    /// 429
    TooManyRequests,
    /// 500
    Internal,
    /// 503
    Unavailable,
}

bilingual! {
    Texts {
        bad_request: "Запрос не удалось разобрать", "The request was not understood";
        bad_request_do: "Проверьте адрес или вернитесь назад и заполните форму ещё раз.", "Check the address, or go back and fill in the form again.";
        forbidden: "Доступ закрыт", "Access denied";
        forbidden_do: "Форма устарела или открыта в другом браузере. Откройте страницу с\u{a0}формой ещё раз и\u{a0}повторите.",
            "The form is out of date or was opened in another browser. Open the page with the form again and repeat.";
        not_found: "Такой страницы нет", "No such page";
        not_found_do: "Возможно, ссылка скопирована не полностью. Если вы ищете знак сообщества, проверьте его по ссылке на главной странице.",
            "The link may have been copied in part. If you are looking for a community's badge, check its link on the front page.";
        too_many: "Слишком много запросов", "Too many requests";
        too_many_do: "Подождите минуту и повторите.", "Wait a minute and try again.";
        internal: "Ошибка на нашей стороне", "An error on our side";
        internal_do: "Вы ни при чём, и сделанное вами не потеряно. Повторите через несколько минут; если не поможет, сообщите номер запроса.",
            "It is not your fault, and nothing you did is lost. Try again in a few minutes; if that does not help, report the request number.";
        unavailable: "Сервис временно недоступен", "Service unavailable for now";
        unavailable_do: "Повторите через несколько минут. О том, официальна ли какая-либо страница, это ничего не говорит.",
            "Try again in a few minutes. This says nothing about whether any page is official.";
        expired: "Время на\u{a0}вход истекло", "The sign-in ran out of time";
        expired_do: "Для безопасности вход действует недолго и только в том браузере, где начат. Заявка не потеряна: начните вход ещё раз.",
            "For safety a sign-in lasts a short time, and only in the browser where it began. The application is not lost: sign in again.";
        signed_out: "Вы вышли", "You are signed out";
        signed_out_do: "Окно можно закрыть. Если компьютером пользуетесь не только вы, выйдите и на Госуслугах.",
            "You may close this window. If others use this computer, sign out of Gosuslugi too.";
        used: "Эта ссылка уже использована", "This link was used already";
        used_do: "Она открывается один раз. Заявка не потеряна: продолжите её с того места, где остановились.",
            "It opens once. The application is not lost: go on from where you stopped.";
        go_on: "Продолжить заявку", "Go on with the application";
        again: "Войти ещё раз", "Sign in again";
        home: "На главную", "To the front page";
    }
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Page<'a> {
    f: Frame,
    tone: Tone,
    kicker: Option<String>,
    headline: &'static str,
    text: &'a str,
    detail: Option<&'a str>,
    action: (String, &'static str),
    request_id: Option<&'a str>,
}

impl ErrorPage {
    /// Every error.
    pub const ALL: [Self; 6] =
        [Self::BadRequest, Self::Forbidden, Self::NotFound, Self::TooManyRequests, Self::Internal, Self::Unavailable];

    /// The HTTP status that goes with the page.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    const fn texts(self, t: &'static Texts) -> (&'static str, &'static str) {
        match self {
            Self::BadRequest => (t.bad_request, t.bad_request_do),
            Self::Forbidden => (t.forbidden, t.forbidden_do),
            Self::NotFound => (t.not_found, t.not_found_do),
            Self::TooManyRequests => (t.too_many, t.too_many_do),
            Self::Internal => (t.internal, t.internal_do),
            Self::Unavailable => (t.unavailable, t.unavailable_do),
        }
    }
}

/// Renders an error.
pub fn error(v: &ErrorView) -> String {
    let t = Texts::of(v.here.lang);
    let f = Frame::new(&v.here);
    let (headline, text) = v.error.texts(t);
    let action = (f.to("/"), t.home);
    let tone = if v.error.http_status() < 500 { Tone::Unclear } else { Tone::Unknown };
    let kicker = Some(v.error.http_status().to_string());
    super::render(&Page { f, tone, kicker, headline, text, detail: v.detail.as_deref(), action, request_id: Some(&v.request_id) })
}

/// Renders the page of a sign-in that ran out of time.
pub fn session_expired(v: &NoticeView) -> String {
    let t = Texts::of(v.here.lang);
    plain(v, Tone::Expired, t.expired, t.expired_do, t.again)
}

/// Renders the page after the end of a visit.
pub fn signed_out(v: &NoticeView) -> String {
    let t = Texts::of(v.here.lang);
    plain(v, Tone::Unconfirmed, t.signed_out, t.signed_out_do, t.again)
}

/// Renders the page of a one-time link that was opened again by the browser whose application it began.
pub fn used_link(v: &NoticeView) -> String {
    let t = Texts::of(v.here.lang);
    plain(v, Tone::Unclear, t.used, t.used_do, t.go_on)
}

fn plain(v: &NoticeView, tone: Tone, headline: &'static str, text: &'static str, again: &'static str) -> String {
    let t = Texts::of(v.here.lang);
    let f = Frame::new(&v.here);
    let action = v.again.as_ref().map_or_else(|| (f.to("/"), t.home), |path| (path.clone(), again));
    super::render(&Page { f, tone, kicker: None, headline, text, detail: None, action, request_id: None })
}
