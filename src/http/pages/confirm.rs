//! The last step of an application that an authority started itself: what will stand beside each other in public, what is published
//! and what is not, and one button.

use askama::Template;

use super::apply::wording;
use super::badge::CommunityView;
use super::frame::{Frame, Here};
use super::refusal::ActionForm;
use super::texts::bilingual;
use crate::domain::apply_problem::ApplyProblem;

/// The last step.
pub struct ConfirmView {
    /// Language and address.
    pub here: Here,
    /// The community as it is now.
    pub community: CommunityView,
    /// What it was called when the application began, where that differs.
    pub former_name: Option<String>,
    /// Full name of the body.
    pub authority_name: String,
    /// Its OGRN.
    pub ogrn: String,
    /// The branch that confirms, where it is one.
    pub branch: Option<String>,
    /// How control was proven, by the word in the attestation.
    pub control_method: &'static str,
    /// What becomes of the badge the community has now.
    pub present: PresentBadge,
    /// The form, where nothing is in the way.
    pub form: Option<ConfirmForm>,
    /// Something changed since the page was shown, and the person is asked again.
    pub asked_again: bool,
    /// What is in the way.
    pub problem: Option<ApplyProblem>,
    /// Path of this page, to try again.
    pub again: String,
    /// Path of the application's page.
    pub application: String,
    /// Gives the application up.
    pub give_up: ActionForm,
}

/// The badge the community has now.
pub enum PresentBadge {
    /// None.
    None,
    /// One of the same body.
    Own,
    /// One of this other body.
    Other(String),
}

/// The form that confirms.
pub struct ConfirmForm {
    /// Where it goes.
    pub action: String,
    /// Token for the field `csrf`.
    pub csrf: String,
    /// Digest of what is shown, for the field `seen`.
    pub seen: String,
}

bilingual! {
    Texts {
        step: "Подтверждение страницы · последний шаг", "Confirming a page · the last step";
        title: "Последний шаг", "The last step";
        h1: "Это ваша страница?", "Is this your page?";
        h1_held: "Сейчас подтвердить нельзя", "It cannot be confirmed now";
        lead: "Проверьте, что организация и\u{a0}страница названы верно. После подтверждения связь между ними увидит каждый.",
            "Check that body and page are named rightly. Once confirmed, everybody sees that they belong together.";
        error: "Ошибка:", "Error:";
        changed: "Пока вы читали, здесь кое-что изменилось. Проверьте ещё раз и\u{a0}подтвердите.", "Something changed while you were reading. Check it again and confirm.";
        authority: "Организация", "Organisation";
        branch: "Подразделение", "Branch";
        page: "Страница", "Page";
        number: "Номер страницы", "Number of the page";
        former: "Когда заявка начиналась, страница называлась", "When the application began, the page was called";
        control: "Управление доказано", "Control proven by";
        other: "Сейчас эта страница подтверждена за другой организацией. Её знак прекратится:", "At present this page is confirmed for another body. Its badge will end:";
        own: "У\u{a0}страницы уже есть знак вашей организации. Он останется и\u{a0}будет подтверждён заново.", "The page has your body's badge already. It stays, and is confirmed anew.";
        public: "Что станет видно всем", "What everybody will see";
        public_1: "Название, вид, ОГРН и\u{a0}ИНН организации и\u{a0}подразделение, если подтверждает оно.", "Name, kind, OGRN and INN of the body, and the branch if one confirms.";
        public_2: "Название и\u{a0}адрес страницы.", "Name and address of the page.";
        public_3: "Даты и\u{a0}способы подтверждения.", "When and how it was confirmed.";
        public_4: "Отозванный знак перестаёт действовать, но\u{a0}запись о\u{a0}нём в\u{a0}открытом журнале остаётся.", "A badge that is revoked is no longer in force, but its entry in the public log stays.";
        hidden: "Что не\u{a0}публикуется и\u{a0}не\u{a0}передаётся", "What is neither published nor passed on";
        hidden_1: "Ваши имя, СНИЛС и\u{a0}должность. Запись о\u{a0}том, кто подтвердил, хранится в\u{a0}зашифрованном виде.", "Your name, SNILS and position. The record of who confirmed is kept encrypted.";
        submit: "Подтвердить и\u{a0}получить знак", "Confirm and get the badge";
        again: "Попробовать снова", "Try again";
        back: "К\u{a0}заявке", "To the application";
        wrong: "Страница или организация не\u{a0}та?", "Not the right page or body?";
        wrong_text: "Откажитесь от\u{a0}заявки: ничего не\u{a0}будет опубликовано, а\u{a0}сведения о\u{a0}входе удалятся.", "Give the application up: nothing is published, and what is known of the sign-in is deleted.";
        give_up: "Отказаться от\u{a0}заявки", "Give the application up";
    }
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct Page<'a> {
    f: Frame,
    t: &'static Texts,
    v: &'a ConfirmView,
    problem: Option<(&'static str, &'static str)>,
}

/// Renders `/applications/{id}/confirm`.
pub fn confirm(v: &ConfirmView) -> String {
    let problem = v.problem.map(|p| (wording(v.here.lang, p), p.as_str()));
    super::render(&Page { f: Frame::bare(&v.here), t: Texts::of(v.here.lang), v, problem })
}
