//! The front page: what the badge means, and the form that checks a link.

use askama::Template;

use super::frame::{Frame, Here};
use super::texts::bilingual;

/// The front page.
pub struct FrontView {
    /// Language and address.
    pub here: Here,
    /// Where an organisation starts on its own: `/apply`.
    pub apply: Option<String>,
    /// Where the documentation for platforms stands.
    pub docs: Option<String>,
}

bilingual! {
    Texts {
        title: "Проверка официальных страниц", "Check an official page";
        h1: "Официальная ли это\u{a0}страница?", "Is this page official?";
        lead: "Вставьте ссылку на сообщество в социальной сети\u{a0}— узнаете, подтвердила ли его государственная или муниципальная организация.",
            "Paste a link to a community in a social network to learn whether a public body has confirmed it as its own.";
        means: "Что означает знак", "What the badge means";
        means_1: "Страница принадлежит именно той организации, которая названа в знаке: министерству, администрации, школе или детскому саду.",
            "The page belongs to the very body named in the badge: a ministry, a town administration, a school, a kindergarten.";
        means_2: "Это подтвердил человек, который вправе действовать от имени организации: он вошёл через Госуслуги, и\u{a0}доказано, что страницей управляет эта организация.",
            "A person entitled to act for that body confirmed it by signing in through Gosuslugi, and it was proven that this body runs the page.";
        means_3: "Знак не означает одобрения: он ничего не говорит о том, верны ли публикации.",
            "The badge is no endorsement: it says nothing about whether what the page publishes is true.";
        orgs: "Организациям", "For organisations";
        orgs_text: "Подтвердите страницу здесь или в настройках сообщества на площадке, если там есть подтверждение через Госуслуги. Войти должен руководитель или администратор профиля организации.",
            "Confirm your page here, or in the community's settings at the platform where it offers confirmation through Gosuslugi. The head of the organisation or an administrator of its profile has to sign in.";
        orgs_link: "Подтвердить страницу", "Confirm a page";
        platforms: "Площадкам", "For platforms";
        platforms_text: "Вход по OAuth 2.0, подписанные подтверждения, которые проверяются без обращения к нам, и уведомления об отзыве.",
            "OAuth 2.0 to start, signed attestations that you verify without asking us, and events when one is revoked.";
        docs_link: "Документация", "Documentation";
        metadata: "Параметры подключения", "Connection metadata";
        keys: "Ключи проверки подписи", "Signature verification keys";
    }
}

#[derive(Template)]
#[template(path = "front.html")]
struct Page<'a> {
    f: Frame,
    t: &'static Texts,
    v: &'a FrontView,
}

/// Renders `/`.
pub fn front(v: &FrontView) -> String {
    super::render(&Page { f: Frame::bare(&v.here), t: Texts::of(v.here.lang), v })
}
