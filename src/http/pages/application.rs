//! The page of one application: which steps are done and how to go on.

use askama::Template;

use crate::domain::application::ApplicationState;
use crate::domain::ids::ApplicationId;
use crate::domain::time::Timestamp;

use super::badge::CommunityView;
use super::dates::moment;
use super::frame::{Frame, Here};
use super::texts::bilingual;

/// The application page.
pub struct ApplicationView {
    /// Language and address.
    pub here: Here,
    /// Application id.
    pub id: ApplicationId,
    /// Where it stands.
    pub state: ApplicationState,
    /// Steps that were reached; for a refused or expired application, those before its end.
    pub reached: ApplicationState,
    /// The community, and the platform that asked.
    pub community: CommunityView,
    /// When an application that is not final ends by itself.
    pub expires_at: Timestamp,
    /// Path that goes on with it: the sign-in.
    pub resume: Option<String>,
    /// Code and title of the refusal.
    pub refusal: Option<(String, String)>,
    /// Path of the badge page, once issued.
    pub badge_page: Option<String>,
}

bilingual! {
    Texts {
        step: "Заявка на знак", "Application for a badge";
        open: "Заявка не завершена", "The application is not finished";
        open_lead: "Её можно продолжить с этого места, с любого устройства. Ссылку на эту страницу можно переслать тому, кто вправе подтвердить организацию.",
            "It can go on from here, on any device. You may pass the link to this page to somebody entitled to act for the organisation.";
        waits: "Осталось вернуться на площадку", "All that is left is to return to the platform";
        waits_lead: "Всё проверено. Площадка заберёт подтверждение, когда вы на неё вернётесь.",
            "Everything is checked. The platform collects the confirmation when you return to it.";
        issued: "Страница подтверждена", "The page is confirmed";
        issued_lead: "Знак выдан. Площадка покажет его рядом с названием страницы.", "The badge is issued. The platform will show it beside the page's name.";
        refused: "Страница не подтверждена", "The page was not confirmed";
        refused_lead: "Заявка завершена отказом. Когда причина устранена, начните новую на площадке.",
            "The application ended with a refusal. Once the cause is gone, start a new one at the platform.";
        expired: "Срок заявки истёк", "The application ran out of time";
        expired_lead: "Заявка не была завершена вовремя. Начните новую в настройках сообщества на площадке.",
            "It was not finished in time. Start a new one in the community's settings at the platform.";
        steps: "Шаги", "Steps";
        s1: "Вход через Госуслуги", "Sign-in through Gosuslugi";
        s2: "Организация выбрана и проверена", "Organisation chosen and checked";
        s3: "Управление страницей доказано", "Control of the page proven";
        s4: "Знак выдан", "Badge issued";
        done: "готово", "done";
        todo: "впереди", "to come";
        stopped: "не выполнено", "not done";
        resume: "Продолжить", "Go on";
        until: "Заявку можно завершить до", "It can be finished until";
        badge: "Открыть страницу знака", "Open the badge page";
        page: "Страница", "Page";
        number: "Номер заявки", "Application number";
    }
}

struct Step {
    text: &'static str,
    done: bool,
}

#[derive(Template)]
#[template(path = "application.html")]
struct Page<'a> {
    f: Frame,
    t: &'static Texts,
    v: &'a ApplicationView,
    headline: &'static str,
    lead: &'static str,
    steps: [Step; 4],
    not_done: &'static str,
    until: Option<String>,
}

/// How many of the four steps a state stands for.
const fn steps_done(state: ApplicationState) -> usize {
    use ApplicationState as S;
    match state {
        S::Started | S::Refused | S::Expired => 0,
        S::IdentityConfirmed => 1,
        S::OrganisationChosen => 2,
        S::ControlProven => 3,
        S::Issued => 4,
    }
}

/// Renders `/applications/{id}`.
pub fn application(v: &ApplicationView) -> String {
    use ApplicationState as S;
    let t = Texts::of(v.here.lang);
    let (headline, lead) = match v.state {
        S::Started | S::IdentityConfirmed | S::OrganisationChosen => (t.open, t.open_lead),
        S::ControlProven => (t.waits, t.waits_lead),
        S::Issued => (t.issued, t.issued_lead),
        S::Refused => (t.refused, t.refused_lead),
        S::Expired => (t.expired, t.expired_lead),
    };
    let done = steps_done(v.state).max(steps_done(v.reached));
    let mut at = 0;
    let steps = [t.s1, t.s2, t.s3, t.s4].map(|text| {
        at += 1;
        Step { text, done: at <= done }
    });
    let ended = matches!(v.state, S::Refused | S::Expired);
    super::render(&Page {
        f: Frame::new(&v.here),
        t,
        v,
        headline,
        lead,
        steps,
        not_done: if ended { t.stopped } else { t.todo },
        until: (!v.state.is_final()).then(|| moment(v.here.lang, v.expires_at)),
    })
}
