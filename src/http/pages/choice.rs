//! The step of the sign-in where a person who may act for several organisations chooses one, and where the last consent
//! is given before the platform learns anything.

use askama::Template;

use crate::domain::eligibility::Mandate;

use super::badge::CommunityView;
use super::frame::{Frame, Here};
use super::texts::bilingual;

/// The choice page.
pub struct ChoiceView {
    /// Language and address.
    pub here: Here,
    /// The community to be confirmed, and the platform that asks.
    pub community: CommunityView,
    /// Organisations the person may act for; one is pre-selected only when it is the only one.
    pub organisations: Vec<OrganisationCard>,
    /// Where the form goes.
    pub action: String,
    /// Where «Отказаться» goes, with the same `csrf` field.
    pub cancel_action: String,
    /// Token for the field `csrf`.
    pub csrf: String,
    /// True when the form came back with nothing chosen.
    pub nothing_chosen: bool,
    /// More steps follow, as where an authority started by itself: nothing is confirmed by this one.
    pub goes_on: bool,
}

/// One organisation to choose.
pub struct OrganisationCard {
    /// Value of the field `organisation`.
    pub value: String,
    /// Full name.
    pub full_name: String,
    /// Short name.
    pub short_name: Option<String>,
    /// OGRN.
    pub ogrn: String,
    /// Why the person may act for it.
    pub mandate: Mandate,
}

bilingual! {
    Texts {
        title: "Выбор организации", "Choice of organisation";
        step: "Подтверждение страницы", "Confirming a page";
        h1_many: "Какой организации принадлежит страница?", "Which organisation does the page belong to?";
        h1_one: "Подтвердите, что страница принадлежит организации", "Confirm that the page belongs to the organisation";
        page: "Страница", "Page";
        legend: "Организации, от имени которых вы можете действовать", "Organisations you may act for";
        legend_one: "Организация, от имени которой вы действуете", "The organisation you act for";
        chief: "вы руководитель", "you are its head";
        admin: "вы администратор профиля", "you administer its profile";
        missing: "Выберите организацию: отметьте одну из списка ниже.", "Choose an organisation: mark one in the list below.";
        error: "Ошибка:", "Error:";
        passes: "Что узнает площадка", "What the platform learns";
        passes_text: "Название, ОГРН и\u{a0}ИНН организации, способ и\u{a0}дату подтверждения. Ваши имя, СНИЛС и\u{a0}должность не\u{a0}передаются и\u{a0}не\u{a0}публикуются.",
            "The organisation's name, OGRN and INN, and how and when it was confirmed. Your name, SNILS and position are neither passed on nor published.";
        submit: "Подтвердить страницу", "Confirm the page";
        go_on: "Продолжить", "Go on";
        goes_on: "Что дальше", "What comes next";
        goes_on_text: "Вы докажете, что организация управляет страницей, и\u{a0}в\u{a0}конце подтвердите всё ещё раз. До\u{a0}этого ничего не\u{a0}публикуется и\u{a0}не\u{a0}передаётся.",
            "You prove that the organisation runs the page, and confirm everything once more at the end. Nothing is published or passed on before that.";
        cancel: "Отказаться", "Decline";
    }
}

impl Texts {
    const fn mandate(&self, mandate: &Mandate) -> &'static str {
        match mandate {
            Mandate::Chief => self.chief,
            Mandate::Admin => self.admin,
        }
    }
}

#[derive(Template)]
#[template(path = "choice.html")]
struct Page<'a> {
    f: Frame,
    t: &'static Texts,
    v: &'a ChoiceView,
    only_one: bool,
}

/// Renders the choice of an organisation.
pub fn choice(v: &ChoiceView) -> String {
    super::render(&Page { f: Frame::bare(&v.here), t: Texts::of(v.here.lang), v, only_one: v.organisations.len() == 1 })
}
