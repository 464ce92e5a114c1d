//! A refusal, as the person meets it: what happened, what to do, whom to ask, and the ways on. The texts of each code are
//! the domain's.

use askama::Template;

use super::frame::{Frame, Here};
use super::texts::bilingual;

/// The refusal page. The four texts come from the catalogue of refusals, in the language of `here`.
pub struct RefusalView {
    /// Language and address.
    pub here: Here,
    /// Stable code, `F04`.
    pub code: String,
    /// One line.
    pub title: String,
    /// What happened.
    pub what_happened: String,
    /// What to do.
    pub what_to_do: String,
    /// Whom to ask.
    pub whom_to_ask: String,
    /// Path that starts the same application over, where the code allows it.
    pub retry: Option<String>,
    /// Other identity providers to try instead.
    pub others: Vec<Alternative>,
    /// Signs out at the identity provider, where another account could fare better.
    pub sign_out: Option<ActionForm>,
    /// The way back to the platform, where a platform sent the person.
    pub back: Option<ReturnForm>,
    /// Where another application is started, where an authority started this one by itself and it is over.
    pub apply: Option<String>,
    /// The page of the authority's own application, where it goes on.
    pub application: Option<String>,
    /// A link to the application for somebody else to finish it (the head of the organisation).
    pub forward: Option<String>,
    /// Number of the request, to quote when asking for help.
    pub request_id: Option<String>,
}

/// Another way to sign in.
pub struct Alternative {
    /// What people call it.
    pub name: String,
    /// Path that goes there.
    pub path: String,
}

/// A form of one button.
pub struct ActionForm {
    /// Where the form goes.
    pub action: String,
    /// Token for the field `csrf`.
    pub csrf: String,
}

/// A form of one button that ends the visit and leads back to the platform.
pub struct ReturnForm {
    /// Where the form goes.
    pub action: String,
    /// Token for the field `csrf`.
    pub csrf: Option<String>,
    /// Name of the platform for people.
    pub platform: String,
}

bilingual! {
    Texts {
        step: "Подтверждение страницы не завершено", "The page was not confirmed";
        code: "код", "code";
        happened: "Что произошло", "What happened";
        do_now: "Что делать", "What to do";
        ask: "К кому обратиться", "Whom to ask";
        retry: "Попробовать снова", "Try again";
        with: "Войти через", "Sign in with";
        sign_out: "Выйти из учётной записи", "Sign out of this account";
        back: "Вернуться на площадку", "Return to the platform";
        apply: "Подать новую заявку", "Start a new application";
        application: "К заявке", "To the application";
        forward: "Ссылка, чтобы переслать", "A link to pass on";
        forward_text: "Отправьте её тому, кто вправе подтвердить страницу: заявка сохранена и продолжится с этого места.",
            "Send it to somebody entitled to confirm the page: the application is kept and goes on from here.";
        forward_label: "Ссылка на заявку", "Link to the application";
    }
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct Page<'a> {
    f: Frame,
    t: &'static Texts,
    v: &'a RefusalView,
}

/// Renders a refusal.
pub fn refusal(v: &RefusalView) -> String {
    super::render(&Page { f: Frame::bare(&v.here), t: Texts::of(v.here.lang), v })
}
