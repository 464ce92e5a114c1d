//! The reference for platforms and operators, as a page: every operation with who may call it, what it takes, gives and refuses.

use askama::Template;

use super::frame::{Frame, Here};
use super::texts::bilingual;

/// One operation.
pub struct DocsOperation {
    /// `get`, `post`, `put`.
    pub method: &'static str,
    /// Path, with names in braces.
    pub path: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Who may call.
    pub caller: &'static str,
    /// Names and meanings of parameters.
    pub parameters: Vec<(&'static str, &'static str)>,
    /// Media type and schema of the body.
    pub body: Option<(&'static str, &'static str)>,
    /// Status, meaning and media type of answers.
    pub gives: Vec<(u16, &'static str, Option<&'static str>)>,
    /// Status and code of errors; pages have no code.
    pub errors: Vec<(u16, &'static str)>,
}

/// The reference.
pub struct DocsView {
    /// Language and address.
    pub here: Here,
    /// Tag, title and operations of each chapter.
    pub chapters: Vec<(&'static str, &'static str, Vec<DocsOperation>)>,
    /// Code, status and meaning of every error.
    pub errors: Vec<(&'static str, u16, &'static str)>,
    /// Descriptions of bodies by name.
    pub schemas: Vec<(String, String)>,
}

bilingual! {
    Texts {
        title: "Справочник для площадок", "Reference for platforms";
        h1: "Справочник", "Reference";
        lead: "Все адреса сервиса: кто может обращаться, что передать, что придёт в ответ. То же для машин:",
            "Every address of this service: who may call, what to send, what comes back. The same for machines:";
        begin: "Начните с руководства:", "Begin with the guide:";
        guide: "подключение за полдня", "integrate in an afternoon";
        chapters: "Главы", "Chapters";
        caller: "Кто", "Who";
        parameters: "Параметры", "Parameters";
        body: "Тело", "Body";
        gives: "Ответ", "Answer";
        errors: "Ошибки", "Errors";
        codes: "Коды ошибок", "Error codes";
        codes_lead: "Тело ошибки называет code, а detail говорит, что исправить. У адресов OAuth слово стоит в error.",
            "The body of an error names its code, and detail says what to mend. OAuth endpoints have the word in error.";
        schemas: "Тела запросов и ответов", "Bodies";
    }
}

#[derive(Template)]
#[template(path = "docs.html")]
struct Page<'a> {
    f: Frame,
    t: &'static Texts,
    v: &'a DocsView,
}

/// Renders `/docs`.
pub fn docs(v: &DocsView) -> String {
    super::render(&Page { f: Frame::new(&v.here), t: Texts::of(v.here.lang), v })
}
