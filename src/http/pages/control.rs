//! The page where a person proves that their organisation runs the community: the ways there are, what to do step by step, what the
//! last look found and what to do then. Which ways there are and what a look finds is the service's.

mod problems;

use askama::Template;

use super::badge::CommunityView;
use super::frame::{Frame, Here};
use super::texts::bilingual;
use crate::domain::control_problem::ControlProblem;

/// The page about the proofs of an application.
pub struct ControlView {
    /// Language and address.
    pub here: Here,
    /// The community.
    pub community: CommunityView,
    /// Full name of the organisation that was chosen.
    pub organisation: String,
    /// Token for the field `csrf`.
    pub csrf: String,
    /// Path of the application's page.
    pub application: String,
    /// Signing in at the platform, where that is possible.
    pub sign_in: Option<SignInWay>,
    /// A text in the community, where it can be read.
    pub text: Option<TextWay>,
    /// The official site, where the community can be read.
    pub site: Option<SiteWay>,
    /// Operators.
    pub operator: OperatorWay,
    /// Seconds to wait before the next look, where somebody looked a moment ago.
    pub wait: Option<u64>,
}

/// Signing in at the platform.
pub struct SignInWay {
    /// Where its form goes.
    pub action: String,
    /// What the last sign-in found wanting.
    pub problem: Option<ControlProblem>,
}

/// A one-time text in the community.
pub struct TextWay {
    /// Where its forms go.
    pub action: String,
    /// The text, once it was made.
    pub token: Option<String>,
    /// What the last look found wanting.
    pub problem: Option<ControlProblem>,
}

/// The official site.
pub struct SiteWay {
    /// Where its forms go.
    pub action: String,
    /// The page that was named, or was typed and cannot be.
    pub page: String,
    /// What the head of the page is to carry, once a page was named.
    pub mark: Option<String>,
    /// What the last look found wanting.
    pub problem: Option<ControlProblem>,
    /// What is wrong with the address: it is none, or the host is nobody's own.
    pub bad: Option<BadPage>,
}

/// What is wrong with the address of a site.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadPage {
    /// It is no public https address.
    Address,
    /// The host is a social network's, or lends pages to everybody.
    NobodysOwn,
}

impl BadPage {
    const fn is_about_the_host(self) -> bool {
        matches!(self, Self::NobodysOwn)
    }
}

/// Operators look.
pub struct OperatorWay {
    /// Where its form goes.
    pub action: String,
    /// Asked, and not decided yet.
    pub waiting: bool,
    /// They refused, or the question ran out of time.
    pub problem: Option<ControlProblem>,
    /// What was typed, where it cannot be sent.
    pub explanation: String,
    /// It is empty (`false`) or too long (`true`).
    pub bad: Option<bool>,
}

bilingual! {
    Texts {
        title: "Управление страницей", "Control of the page";
        step: "Подтверждение страницы", "Confirming a page";
        error: "Ошибка:", "Error:";
        h1: "Докажите, что страницу ведёт ваша организация", "Prove that your organisation runs the page";
        lead: "Достаточно одного способа. Страницу можно закрыть и вернуться позже: сделанное не пропадёт.",
            "One way is enough. You may close this page and come back later: nothing you did is lost.";
        lead_one: "Эта площадка не даёт нам прочитать страницу, поэтому её посмотрят сотрудники сервиса.",
            "This platform does not let us read the page, so people of this service will look at it.";
        page: "Страница", "Page";
        organisation: "Организация", "Organisation";
        sign_in_h: "Войти на площадке", "Sign in at the platform";
        sign_in_who: "Одна минута. Нужен тот, у кого на площадке есть права администратора этой страницы. Мы спросим площадку только об этих правах и ничего не сохраним.",
            "One minute. It takes somebody with an administrator's rights to this page at the platform. We ask the platform about these rights alone, and keep nothing.";
        sign_in_do: "Войти как администратор", "Sign in as administrator";
        text_h: "Вставить текст в описание страницы", "Put a text into the page's description";
        text_who: "Пять минут. Нужен тот, кто может менять описание страницы, например её администратор.",
            "Five minutes. It takes somebody who may change the page's description, its administrator for example.";
        text_begin: "Получить текст", "Get the text";
        text_copy: "Скопируйте этот текст целиком:", "Copy the whole of this text:";
        text_place: "Откройте настройки страницы на площадке и вставьте его в описание, в любое место. Можно отдельной строкой в конце. Сохраните.",
            "Open the page's settings at the platform and paste it anywhere into the description, on a line of its own at the end, say. Save.";
        text_check: "Вернитесь сюда и нажмите «Проверить». Когда проверка пройдёт, текст можно убрать.",
            "Come back here and press “Check”. Once the check has passed the text may go.";
        check: "Проверить", "Check";
        site_h: "Через официальный сайт", "Through the official website";
        site_who: "Нужен тот, кто ведёт сайт организации. Сайт и страница должны ссылаться друг на друга.",
            "It takes somebody who runs the organisation's website. The website and the page have to link to each other.";
        site_label: "Адрес страницы сайта, где есть ссылка на сообщество", "Address of the page of the site that links to the community";
        site_hint: "Например, https://ds12.example.ru/ или страница «Контакты»", "For example https://ds12.example.ru/, or its page of contacts";
        site_next: "Далее", "Next";
        site_other: "Назвать другую страницу", "Name another page";
        site_bad: "Это не адрес сайта. Нужен адрес, который начинается с https:// и открывается у всех.",
            "This is not the address of a website. It has to begin with https:// and open for everybody.";
        site_nobody: "Это адрес социальной сети или сервиса, где страницу может завести кто угодно. Нужен сайт самой организации.",
            "This is the address of a social network, or of a service where anybody can have a page. It has to be the organisation's own site.";
        site_link: "Поставьте на этой странице сайта ссылку на сообщество:", "Put a link to the community on this page of the site:";
        site_mark: "Передайте эту строку тому, кто ведёт сайт. Её нужно добавить в код той же страницы, в раздел head:",
            "Pass this line on to whoever runs the site. It has to be added to the code of the same page, in its head:";
        site_back: "В настройках сообщества укажите адрес сайта в поле «Сайт».", "In the community's settings name the site, in the field for it.";
        site_check: "Нажмите «Проверить». Строку потом можно убрать, ссылки друг на друга оставьте.",
            "Press “Check”. The line may go afterwards; leave the links to each other.";
        operator_h: "Попросить проверить вручную", "Ask for a look by hand";
        operator_who: "Если другие способы не подходят. Двое сотрудников сервиса посмотрят независимо друг от друга; это может занять несколько рабочих дней.",
            "If the other ways do not fit. Two people of this service will look, each for themselves; it may take some working days.";
        operator_label: "Почему страница ваша и как это увидеть", "Why the page is yours, and where that can be seen";
        operator_hint: "Например: «Ссылка на сообщество есть на сайте района, в разделе “Образование”». До 1000 знаков. Прочтут только сотрудники.",
            "For example: “The district's website links to the community, under Education”. Up to 1000 characters. Only people of this service read it.";
        operator_send: "Отправить на проверку", "Send it";
        operator_missing: "Напишите хотя бы одно предложение.", "Write one sentence at least.";
        operator_long: "Слишком длинно: до 1000 знаков. Ничего не отправлено, сократите текст.", "Too long: 1000 characters at most. Nothing was sent; shorten it.";
        waiting: "Запрос отправлен", "Sent";
        waiting_text: "Его смотрят двое сотрудников. Загляните сюда позже: когда проверка пройдёт, откроется последний шаг. Тем временем можно попробовать другой способ.",
            "Two people are looking at it. Come back later: once they agree, the last step opens. Meanwhile you may try another way.";
        wait: "Только что проверяли", "Checked a moment ago";
        wait_text: "Подождите несколько секунд и нажмите «Проверить» ещё раз. Осталось секунд:", "Wait a few seconds and press “Check” again. Seconds left:";
        later: "К странице заявки", "To the application's page";
    }
}

#[derive(Template)]
#[template(path = "control.html")]
struct Page<'a> {
    f: Frame,
    t: &'static Texts,
    v: &'a ControlView,
    failed: bool,
}

impl Page<'_> {
    /// What was found, and what to do.
    const fn problem(&self, problem: &ControlProblem) -> (&'static str, &'static str) {
        problems::text(self.f.lang, *problem)
    }
}

/// Renders `/applications/{id}/control`.
pub fn control(v: &ControlView) -> String {
    let failed = v.wait.is_some() || v.operator.bad.is_some() || v.site.as_ref().is_some_and(|s| s.bad.is_some());
    super::render(&Page { f: Frame::bare(&v.here), t: Texts::of(v.here.lang), v, failed })
}
