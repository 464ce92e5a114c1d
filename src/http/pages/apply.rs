//! The form by which an authority starts an application itself: which page, on which platform.

use askama::Template;

use super::frame::{Frame, Here};
use super::texts::bilingual;
use crate::domain::apply_problem::ApplyProblem;
use crate::domain::lang::Lang;

/// The form, empty or come back.
pub struct ApplyView {
    /// Language and address.
    pub here: Here,
    /// Platforms to choose from.
    pub platforms: Vec<PlatformChoice>,
    /// What was chosen.
    pub platform: String,
    /// What was pasted.
    pub link: String,
    /// What was given as the name.
    pub name: String,
    /// Whether the name is asked for.
    pub ask_name: bool,
    /// One-time value of the form, for the field `once`.
    pub once: String,
    /// Why the form came back.
    pub problem: Option<ApplyProblem>,
}

/// One platform.
pub struct PlatformChoice {
    /// Value of the field `platform`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What an address of a community there looks like.
    pub example: String,
}

bilingual! {
    Texts {
        title: "Подтверждение страницы", "Confirming a page";
        h1: "Подтвердить страницу организации", "Confirm an organisation's page";
        lead: "Для государственных и\u{a0}муниципальных организаций. Укажите страницу\u{a0}— дальше мы проведём по\u{a0}шагам.",
            "For state and municipal bodies. Name the page; we lead you through the rest.";
        need: "Что понадобится", "What you will need";
        need_1: "Войти через Госуслуги: руководителю организации или администратору её профиля. Заполнить форму может любой сотрудник, а\u{a0}ссылку на\u{a0}заявку\u{a0}— переслать.",
            "A sign-in through Gosuslugi by the head of the organisation or an administrator of its profile. Anybody on the staff may fill in this form and pass the link to the application on.";
        need_2: "Доказать, что организация управляет страницей: например, временно поместить в\u{a0}её описание короткий текст.",
            "Proof that the organisation runs the page: a short text placed in its description for a while, for example.";
        fee: "Это бесплатно. До последнего шага ничего не\u{a0}публикуется.", "It is free of charge. Nothing is published before the last step.";
        link: "Ссылка на\u{a0}страницу", "Link to the page";
        link_hint: "Откройте страницу и\u{a0}скопируйте её адрес целиком, например", "Open the page and copy its whole address, for example";
        platform: "Площадка", "Platform";
        by_link: "Определить по ссылке", "Found out from the link";
        name: "Название страницы", "Name of the page";
        name_hint: "В\u{a0}точности как на\u{a0}самой странице: у\u{a0}этой площадки мы его узнать не\u{a0}можем.",
            "Exactly as it stands on the page: we cannot ask this platform.";
        submit: "Продолжить", "Go on";
        error: "Ошибка:", "Error:";
        code: "код", "code";
        none: "Сейчас ни\u{a0}одна площадка не\u{a0}принимает заявок. Загляните позже.", "No platform takes applications now. Please come back later.";
    }
}

/// What is wrong and what to do about it.
pub(super) const fn wording(lang: Lang, problem: ApplyProblem) -> &'static str {
    use ApplyProblem as P;
    let (ru, en) = match problem {
        P::LinkMissing => ("Вставьте ссылку на\u{a0}страницу.", "Paste the link to the page."),
        P::LinkNotUnderstood => (
            "По\u{a0}этой ссылке не\u{a0}видно, какая страница имеется в\u{a0}виду. Проверьте площадку и\u{a0}скопируйте адрес сообщества ещё\u{a0}раз.",
            "This link does not tell which page is meant. Check the platform and copy the address of the community again.",
        ),
        P::PlatformNeeded => {
            ("Выберите площадку: короткое имя само её не\u{a0}называет.", "Choose the platform: a short name alone does not tell it.")
        }
        P::PlatformDisabled => (
            "Эта площадка сейчас не\u{a0}принимает заявок. Попробуйте позже.",
            "This platform takes no applications at present. Try again later.",
        ),
        P::NumberNeeded => (
            "В\u{a0}этой ссылке нет номера страницы, а\u{a0}узнать его у\u{a0}площадки мы не\u{a0}можем. Вставьте адрес с\u{a0}номером, как в\u{a0}примере.",
            "This link holds no number of the page, and we cannot ask the platform. Paste the address with the number, as in the example.",
        ),
        P::NameNeeded => ("Напишите название страницы.", "Write the name of the page."),
        P::NameNotUsable => (
            "Такое название принять нельзя: нужно от\u{a0}1 до\u{a0}300 обычных знаков.",
            "This name cannot be taken: it has to be 1 to 300 ordinary characters.",
        ),
        P::NoSuchCommunity => ("На\u{a0}площадке нет такой страницы. Проверьте ссылку.", "The platform has no such page. Check the link."),
        P::Closed => (
            "Эту страницу видят только участники. Откройте её для всех и\u{a0}отправьте форму снова.",
            "Only members see this page. Open it to everybody and send the form again.",
        ),
        P::Deleted => ("Эта страница удалена.", "This page was deleted."),
        P::Blocked => (
            "Площадка заблокировала эту страницу. Обратитесь в\u{a0}поддержку площадки.",
            "The platform has blocked this page. Ask the platform's support.",
        ),
        P::KeptOut => (
            "Страница не\u{a0}пускает нас посмотреть на\u{a0}неё: возможно, наш сервис в\u{a0}её чёрном списке. Уберите его оттуда и\u{a0}отправьте форму снова.",
            "The page does not let us look at it; our service may be on its blacklist. Take it off and send the form again.",
        ),
        P::NotServed => {
            ("Страницы с\u{a0}таким адресом этот сервис не\u{a0}подтверждает.", "This service does not confirm pages at such an address.")
        }
        P::PlatformAway => (
            "Площадка сейчас не\u{a0}отвечает. Введённое сохранено: отправьте форму ещё\u{a0}раз через минуту.",
            "The platform does not answer now. What you typed is kept: send the form again in a minute.",
        ),
        P::TooMany => (
            "Сейчас начато слишком много заявок. Введённое сохранено: отправьте форму ещё\u{a0}раз через час.",
            "Too many applications are being started. What you typed is kept: send the form again in an hour.",
        ),
    };
    lang.pick(ru, en)
}

#[derive(Template)]
#[template(path = "apply.html")]
struct Page<'a> {
    f: Frame,
    t: &'static Texts,
    v: &'a ApplyView,
    problem: Option<(&'static str, &'static str)>,
    at_name: bool,
    at_platform: bool,
}

/// Renders `/apply`.
pub fn apply(v: &ApplyView) -> String {
    super::render(&Page {
        f: Frame::bare(&v.here),
        t: Texts::of(v.here.lang),
        v,
        problem: v.problem.map(|p| (wording(v.here.lang, p), p.as_str())),
        at_name: v.problem.is_some_and(ApplyProblem::is_about_the_name),
        at_platform: v.problem.is_some_and(ApplyProblem::is_about_the_platform),
    })
}
