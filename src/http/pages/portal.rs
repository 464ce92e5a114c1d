//! The page of an application that an authority started itself: what page it is about, what is done, what comes next and who may
//! do it, and the link by which it goes on elsewhere.

use askama::Template;

use super::badge::CommunityView;
use super::dates::moment;
use super::frame::{Frame, Here};
use super::refusal::ActionForm;
use super::texts::bilingual;
use crate::domain::application::ApplicationState;
use crate::domain::ids::ApplicationId;
use crate::domain::time::Timestamp;

/// The page of an authority's own application.
pub struct PortalView {
    /// Language and address.
    pub here: Here,
    /// Application id.
    pub id: ApplicationId,
    /// Where it stands.
    pub state: ApplicationState,
    /// Steps that were reached; for a refused or expired application, those before its end.
    pub reached: ApplicationState,
    /// The community.
    pub community: CommunityView,
    /// When an application that is not final ends by itself.
    pub expires_at: Timestamp,
    /// The next step.
    pub next: PortalStep,
    /// Another browser signed in last, and the steps are its own.
    pub elsewhere: bool,
    /// The sign-in that counted is too old to go on with.
    pub stale: bool,
    /// The organisation that was chosen in this browser.
    pub organisation: Option<String>,
    /// The whole link to pass on, where the browser came with it.
    pub forward: Option<String>,
    /// Code and title of the refusal or the last obstacle.
    pub refusal: Option<(String, String)>,
    /// Where the form goes that gives the application up, for a browser that signed in.
    pub give_up: Option<ActionForm>,
}

/// What comes next, with the path that leads there.
pub enum PortalStep {
    /// Somebody signs in.
    SignIn(String),
    /// The person chooses an organisation.
    Choose(String),
    /// The person proves control of the community.
    Prove(String),
    /// The person confirms, and the badge is issued.
    Confirm(String),
    /// Nothing: the badge is there, at this path and this whole address.
    Badge(String, String),
    /// Nothing: it has ended, and another may be started.
    Apply,
}

bilingual! {
    Texts {
        step: "Подтверждение страницы", "Confirming a page";
        start: "Заявка начата", "The application has begun";
        start_lead: "Теперь пусть войдёт через Госуслуги тот, кто вправе действовать за организацию: её руководитель или администратор её профиля. Если это не вы, перешлите ему ссылку.",
            "Now somebody entitled to act for the organisation has to sign in through Gosuslugi: its head, or an administrator of its profile. If that is not you, pass the link on.";
        open: "Заявка не завершена", "The application is not finished";
        choose_lead: "Осталось выбрать организацию, доказать управление страницей и подтвердить.", "Still to do: choose the organisation, prove control of the page, and confirm.";
        prove_lead: "Организация проверена. Теперь докажите, что она управляет этой страницей.", "The organisation was checked. Now prove that it runs this page.";
        confirm_lead: "Всё проверено. Остался последний шаг: подтвердить, и знак будет выдан.", "Everything is checked. One last step: confirm, and the badge is issued.";
        elsewhere: "Последний вход был в другом браузере: заявку продолжает он. Если войти здесь, шаги после входа придётся повторить здесь.",
            "The last sign-in was in another browser, which goes on with the application. If you sign in here, the steps after the sign-in are repeated here.";
        stale: "Со\u{a0}времени входа прошло слишком много. Войдите ещё раз: доказанное для той же организации останется в\u{a0}силе.",
            "Too much time has passed since the sign-in. Sign in again: what was proven for the same organisation still counts.";
        after: "Что дальше", "What comes next";
        after_1: "Площадка узнаёт о\u{a0}знаке от\u{a0}нас. Если она показывает такие знаки, отметка появится у\u{a0}названия страницы сама.",
            "The platform learns of the badge from us. If it shows such badges, the mark appears by the page's name by itself.";
        after_2: "Поставьте ссылку на\u{a0}страницу знака там, где вас ищут: на\u{a0}официальном сайте, в\u{a0}шапке сообщества, на\u{a0}стенде.",
            "Put a link to the badge page where people look for you: on the official website, at the head of the community, on the notice board.";
        after_3: "Контрольный текст из\u{a0}описания сообщества можно убрать.", "A control text in the community's description may be taken out.";
        after_4: "Страницу передали, переименовали или взломали? Сообщите площадке: знак можно приостановить или отозвать.",
            "Was the page handed over, renamed or captured? Tell the platform: the badge can be suspended or revoked.";
        badge_link: "Адрес страницы знака", "Address of the badge page";
        issued: "Страница подтверждена", "The page is confirmed";
        issued_lead: "Знак выдан. Каждый может проверить, чья это страница.", "The badge is issued. Everybody can check whose page this is.";
        refused: "Страница не подтверждена", "The page was not confirmed";
        refused_lead: "Заявка завершена. Когда причина устранена, подайте новую.", "The application has ended. Once the cause is gone, start a new one.";
        given_up_lead: "Вы отказались от подтверждения. Сведения о входе удалены.", "You gave the confirmation up. What was known of the sign-in is deleted.";
        expired: "Срок заявки истёк", "The application ran out of time";
        expired_lead: "Она не была завершена вовремя. Подайте новую: это займёт минуту.", "It was not finished in time. Start a new one; it takes a minute.";
        sign_in: "Войти через Госуслуги", "Sign in through Gosuslugi";
        choose: "Выбрать организацию", "Choose the organisation";
        prove: "Доказать управление страницей", "Prove control of the page";
        confirm: "Перейти к подтверждению", "Go on to confirm";
        badge: "Открыть страницу знака", "Open the badge page";
        apply: "Подать новую заявку", "Start a new application";
        until_sign_in: "Войти нужно до", "Sign in by";
        until: "Заявку можно завершить до", "It can be finished until";
        forward: "Ссылка на заявку", "Link to the application";
        forward_text: "По ней заявка продолжится с этого места на любом устройстве. Сохраните её или отправьте руководителю. Показывайте её только своим: кто открыл её, может войти за свою организацию.",
            "It goes on from here by this link, on any device. Keep it, or send it to the head of the organisation. Show it to colleagues only: whoever opens it may sign in for an organisation of theirs.";
        forward_label: "Ссылка, чтобы скопировать", "Link to copy";
        steps: "Шаги", "Steps";
        s0: "Страница указана", "Page named";
        s1: "Вход через Госуслуги", "Sign-in through Gosuslugi";
        s2: "Организация выбрана и проверена", "Organisation chosen and checked";
        s3: "Управление страницей доказано", "Control of the page proven";
        s4: "Подтверждено, знак выдан", "Confirmed, badge issued";
        done: "готово", "done";
        todo: "впереди", "to come";
        stopped: "не выполнено", "not done";
        page: "Страница", "Page";
        organisation: "Организация", "Organisation";
        number: "Номер заявки", "Application number";
        give_up: "Отказаться от заявки", "Give the application up";
        wrong: "Не та страница?", "Not the right page?";
    }
}

struct Step {
    text: &'static str,
    done: bool,
}

#[derive(Template)]
#[template(path = "portal.html")]
struct Page<'a> {
    f: Frame,
    t: &'static Texts,
    v: &'a PortalView,
    headline: &'static str,
    lead: &'static str,
    action: (String, &'static str),
    steps: [Step; 5],
    not_done: &'static str,
    until: Option<(&'static str, String)>,
}

/// How many of the five steps a state stands for.
const fn steps_done(state: ApplicationState) -> usize {
    use ApplicationState as S;
    match state {
        S::Started | S::Refused | S::Expired => 1,
        S::IdentityConfirmed => 2,
        S::OrganisationChosen => 3,
        S::ControlProven => 4,
        S::Issued => 5,
    }
}

fn headline(t: &'static Texts, v: &PortalView) -> (&'static str, &'static str) {
    use ApplicationState as S;
    match v.state {
        S::Started if v.refusal.is_none() && !v.elsewhere => (t.start, t.start_lead),
        S::Started => (t.open, t.start_lead),
        S::IdentityConfirmed => (t.open, t.choose_lead),
        S::OrganisationChosen => (t.open, t.prove_lead),
        S::ControlProven => (t.open, t.confirm_lead),
        S::Issued => (t.issued, t.issued_lead),
        S::Refused if v.refusal.as_ref().is_some_and(|(code, _)| code == "F01") => (t.refused, t.given_up_lead),
        S::Refused => (t.refused, t.refused_lead),
        S::Expired => (t.expired, t.expired_lead),
    }
}

/// Renders `/applications/{id}` of an authority's own application.
pub fn portal(v: &PortalView) -> String {
    use ApplicationState as S;
    let t = Texts::of(v.here.lang);
    let f = Frame::bare(&v.here);
    let (headline, lead) = headline(t, v);
    let action = match &v.next {
        PortalStep::SignIn(path) => (path.clone(), t.sign_in),
        PortalStep::Choose(path) => (path.clone(), t.choose),
        PortalStep::Prove(path) => (path.clone(), t.prove),
        PortalStep::Confirm(path) => (path.clone(), t.confirm),
        PortalStep::Badge(path, _) => (f.to(path), t.badge),
        PortalStep::Apply => (f.to("/apply"), t.apply),
    };
    let done = steps_done(v.state).max(steps_done(v.reached));
    let mut at = 0;
    let steps = [t.s0, t.s1, t.s2, t.s3, t.s4].map(|text| {
        at += 1;
        Step { text, done: at <= done }
    });
    let ended = matches!(v.state, S::Refused | S::Expired);
    let until = if v.state == S::Started { t.until_sign_in } else { t.until };
    super::render(&Page {
        t,
        v,
        headline,
        lead,
        action,
        steps,
        not_done: if ended { t.stopped } else { t.todo },
        until: (!v.state.is_final()).then(|| (until, moment(v.here.lang, v.expires_at))),
        f,
    })
}
