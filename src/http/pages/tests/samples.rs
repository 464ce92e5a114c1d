//! Views of every page in every state, with names from the caller: plain ones, very long ones, hostile ones.

use crate::domain::application::ApplicationState;
use crate::domain::apply_problem::ApplyProblem;
use crate::domain::authority::AuthorityKind;
use crate::domain::badge::EventKind;
use crate::domain::control_problem::ControlProblem;
use crate::domain::eligibility::Mandate;
use crate::domain::ids::{ApplicationId, BadgeId};
use crate::domain::lang::Lang;
use crate::domain::reason::ReasonCode;
use crate::domain::time::Timestamp;
use crate::http::pages::*;

/// Texts that come from outside.
pub(in crate::http::pages) struct Names {
    pub(in crate::http::pages) community: String,
    pub(in crate::http::pages) uri: String,
    pub(in crate::http::pages) authority: String,
    pub(in crate::http::pages) short: String,
    pub(in crate::http::pages) link: String,
}

impl Names {
    pub(in crate::http::pages) fn plain() -> Self {
        Self {
            community: "Детский сад № 12 «Ромашка»".into(),
            uri: "https://vk.com/club218000001".into(),
            authority: "Муниципальное бюджетное дошкольное образовательное учреждение «Детский сад № 12 «Ромашка» посёлка Примерный".into(),
            short: "МБДОУ «Детский сад № 12 «Ромашка»".into(),
            link: "https://vk.com/ds12romashka".into(),
        }
    }

    pub(in crate::http::pages) fn long() -> Self {
        let authority = "Территориальное управление Министерства социального развития, опеки и попечительства, труда и занятости населения \
            Примерной области по Верхнепримерскому, Нижнепримерскому и Среднепримерскому муниципальным округам, осуществляющее отдельные \
            государственные полномочия в сфере социальной поддержки семей, имеющих детей, граждан пожилого возраста и инвалидов, а также \
            функции учредителя в отношении подведомственных государственных бюджетных, автономных и казённых учреждений социального обслуживания";
        let authority: String = authority.chars().chain(" населения области".chars().cycle()).take(500).collect();
        Self {
            community: "Министерство социального развития, опеки и попечительства, труда и занятости населения Примерной области. Официальная страница территориального управления".into(),
            uri: format!("https://vk.com/{}", "a".repeat(200)),
            short: "ТУ Минсоцразвития Примерной области по Верхнепримерскому, Нижнепримерскому и Среднепримерскому МО".into(),
            link: format!("https://example.org/{}", "w".repeat(300)),
            authority,
        }
    }

    pub(in crate::http::pages) fn hostile() -> Self {
        let s = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}&amp;";
        Self { community: s.into(), uri: format!("javascript:alert(1)//{s}"), authority: s.into(), short: s.into(), link: s.into() }
    }
}

fn at(day: &str) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("{day}T09:12:00Z")).unwrap()
}

fn community(n: &Names) -> CommunityView {
    CommunityView { platform: "ВКонтакте".into(), id: "218000001".parse().unwrap(), uri: n.uri.clone(), name: n.community.clone() }
}

/// The date and reason with which a state ended, as the store would give them.
fn ending(state: PublicState) -> (Option<Timestamp>, Option<ReasonCode>) {
    match state {
        PublicState::Active => (None, None),
        PublicState::Suspended => (Some(at("2026-11-18")), Some(ReasonCode::CommunityCaptured)),
        PublicState::Revoked => (Some(at("2026-11-19")), Some(ReasonCode::MandateLost)),
        PublicState::Expired => (Some(at("2026-11-20")), None),
    }
}

/// Every page in every state: a name for the sample, and the page.
pub(in crate::http::pages) fn all(lang: Lang, n: &Names) -> Vec<(String, String)> {
    let here = |path: &str| Here { lang, explicit: lang == Lang::En, address: Some(path.to_owned()) };
    let mut out = vec![
        ("front".into(), front(&FrontView { here: here("/"), apply: None, docs: None })),
        ("front-links".into(), front(&FrontView { here: here("/?lang=en"), apply: Some("/apply".into()), docs: Some("/docs".into()) })),
    ];
    out.push(("guide".into(), guide(&GuideView { here: here("/docs/guide"), issuer: "https://badge.example.ru".into() })));
    out.push(("docs".into(), docs(&docs_view(here("/docs")))));
    for verdict in verdicts(n) {
        let name = format!("check-{}", verdict.tone().class());
        out.push((name, check(&CheckView { here: here("/check?link=x"), link: n.link.clone(), verdict })));
    }
    for state in PublicState::ALL {
        out.push((format!("badge-{state:?}"), badge(&badge_view(here("/c/01J"), n, state))));
    }
    for (name, view) in apply_views(&here, n) {
        out.push((format!("apply-{name}"), apply(&view)));
    }
    for state in ApplicationState::ALL {
        out.push((format!("portal-{state}"), portal(&portal_view(here("/applications/app_1?link=abc"), n, state))));
    }
    let elsewhere =
        PortalView { elsewhere: true, stale: true, ..portal_view(here("/applications/app_1"), n, ApplicationState::ControlProven) };
    out.push(("portal-elsewhere".into(), portal(&elsewhere)));
    for (name, problem) in [("ready", None), ("held", Some(ApplyProblem::Closed))] {
        out.push((format!("confirm-{name}"), confirm(&confirm_view(here("/applications/app_1/confirm"), n, problem))));
    }
    for (name, count, nothing_chosen) in [("one", 1, false), ("many", 3, false), ("error", 3, true)] {
        let here = Here { address: None, ..here("/") };
        out.push((format!("choice-{name}"), choice(&choice_view(here, n, count, nothing_chosen))));
    }
    for (name, view) in control_views(&here("/applications/app_1/control"), n) {
        out.push((format!("control-{name}"), control(&view)));
    }
    for (name, full) in [("full", true), ("bare", false)] {
        out.push((format!("refusal-{name}"), refusal(&refusal_view(here("/login/refused"), n, full))));
    }
    for state in ApplicationState::ALL {
        out.push((format!("application-{state}"), application(&application_view(here("/applications/app_1"), n, state))));
    }
    for e in ErrorPage::ALL {
        let view = ErrorView { here: here("/x"), error: e, detail: Some(n.short.clone()), request_id: n.short.clone() };
        out.push((format!("error-{}", e.http_status()), error(&view)));
    }
    let again = NoticeView { here: here("/x"), again: Some("/applications/app_1".into()) };
    out.push(("session-expired".into(), session_expired(&again)));
    out.push(("used-link".into(), used_link(&again)));
    out.push(("signed-out".into(), signed_out(&NoticeView { here: here("/x"), again: None })));
    out
}

/// The page about control: untouched, under way, refused in every way, and where operators are the only way. Every problem is told on
/// one of them.
fn control_views(here: &Here, n: &Names) -> Vec<(String, ControlView)> {
    let view = |text, site: Option<SiteWay>, operator, wait| ControlView {
        here: here.clone(),
        community: community(n),
        organisation: n.authority.clone(),
        csrf: "csrf".into(),
        application: "/applications/app_1".into(),
        sign_in: site.as_ref().map(|w| SignInWay { action: "/applications/app_1/control/y".into(), problem: w.problem }),
        text,
        site,
        operator,
        wait,
    };
    let action = || "/applications/app_1/control/x".to_owned();
    let text =
        |token: bool, problem| Some(TextWay { action: action(), token: token.then(|| "gosbadge-1111111111111111111111".into()), problem });
    let site = |mark: bool, problem, bad| {
        let mark = mark.then(|| "<meta name=\"gosbadge\" content=\"gosbadge-1111111111111111111111\">".to_owned());
        Some(SiteWay { action: action(), page: n.link.clone(), mark, problem, bad })
    };
    let operator = |waiting, problem, bad| OperatorWay { action: action(), waiting, problem, explanation: n.short.clone(), bad };
    let mut all = vec![
        ("begun".to_owned(), view(text(false, None), site(false, None, None), operator(false, None, None), None)),
        ("alone".to_owned(), view(None, None, operator(false, None, None), None)),
        ("waiting".to_owned(), view(text(true, None), site(true, None, None), operator(true, None, None), Some(7))),
        ("bad-page".to_owned(), view(text(true, None), site(true, None, Some(BadPage::Address)), operator(false, None, Some(true)), None)),
        ("bad-host".to_owned(), view(None, site(false, None, Some(BadPage::NobodysOwn)), operator(false, None, Some(false)), None)),
    ];
    for problem in ControlProblem::ALL.iter().copied() {
        let operator = operator(false, Some(problem), None);
        all.push((problem.to_string(), view(text(true, Some(problem)), site(true, Some(problem), None), operator, None)));
    }
    all
}

fn apply_views(here: &impl Fn(&str) -> Here, n: &Names) -> Vec<(String, ApplyView)> {
    let choice = |id: &str| PlatformChoice { id: id.to_owned(), name: n.short.clone(), example: n.uri.clone() };
    let view = |problem: Option<ApplyProblem>| ApplyView {
        here: here("/apply"),
        platforms: ["vk", "ok", "max", "other"].map(choice).into(),
        platform: "ok".into(),
        link: n.link.clone(),
        name: n.community.clone(),
        ask_name: problem.is_some_and(ApplyProblem::is_about_the_name),
        once: "abc".into(),
        problem,
    };
    let mut views: Vec<_> = ApplyProblem::ALL.into_iter().map(|p| (p.as_str().to_owned(), view(Some(p)))).collect();
    views.push(("empty".into(), ApplyView { link: String::new(), platform: String::new(), ..view(None) }));
    views.push(("none".into(), ApplyView { platforms: Vec::new(), ..view(None) }));
    views
}

fn portal_view(here: Here, n: &Names, state: ApplicationState) -> PortalView {
    use ApplicationState as S;
    PortalView {
        here,
        id: ApplicationId::from_bits(1),
        state,
        reached: if state == S::Expired { S::OrganisationChosen } else { state },
        community: community(n),
        expires_at: at("2026-11-27"),
        next: match state {
            S::Started => PortalStep::SignIn("/login?application=app_1&link=abc".into()),
            S::IdentityConfirmed => PortalStep::Choose("/applications/app_1/organisation".into()),
            S::OrganisationChosen => PortalStep::Prove("/applications/app_1/control".into()),
            S::ControlProven => PortalStep::Confirm("/applications/app_1/confirm".into()),
            S::Issued => {
                PortalStep::Badge("/c/01JD0000000000000000000000".into(), "https://badge.example.ru/c/01JD0000000000000000000000".into())
            }
            S::Refused | S::Expired => PortalStep::Apply,
        },
        elsewhere: false,
        stale: false,
        organisation: (state != S::Started).then(|| n.authority.clone()),
        forward: (!state.is_final()).then(|| "https://badge.example.ru/applications/app_01JD0000000000000000000000?link=abc".into()),
        refusal: (state == S::Refused).then(|| ("F06".to_owned(), n.short.clone())),
        give_up: (!state.is_final()).then(|| ActionForm { action: "/applications/app_1/return".into(), csrf: n.short.clone() }),
    }
}

fn confirm_view(here: Here, n: &Names, problem: Option<ApplyProblem>) -> ConfirmView {
    let form = ConfirmForm { action: "/applications/app_1/confirm".into(), csrf: n.short.clone(), seen: "abc".into() };
    ConfirmView {
        here,
        community: community(n),
        former_name: problem.is_none().then(|| n.short.clone()),
        authority_name: n.authority.clone(),
        ogrn: "1027402169057".into(),
        branch: problem.is_none().then(|| n.short.clone()),
        control_method: "platform_token",
        present: if problem.is_none() { PresentBadge::Other(n.authority.clone()) } else { PresentBadge::Own },
        form: problem.is_none().then_some(form),
        asked_again: problem.is_none(),
        problem,
        again: "/applications/app_1/confirm".into(),
        application: "/applications/app_1".into(),
        give_up: ActionForm { action: "/applications/app_1/return".into(), csrf: n.short.clone() },
    }
}

fn verdicts(n: &Names) -> Vec<CheckVerdict> {
    let known = PublicState::ALL.into_iter().map(|state| {
        let (ended, reason) = ending(state);
        CheckVerdict::Known(KnownBadge {
            by_address: true,
            state,
            community: community(n),
            authority_name: n.authority.clone(),
            ogrn: "1027402169057".into(),
            since: at("2026-02-03"),
            ended,
            reason,
            page: "/c/01JD0000000000000000000000".into(),
        })
    });
    let examples = vec!["https://vk.com/club218000001".to_owned(), "https://ok.ru/group/70000001234567".to_owned()];
    known.chain([CheckVerdict::NotConfirmed, CheckVerdict::NotUnderstood { examples }, CheckVerdict::Unavailable]).collect()
}

fn badge_view(here: Here, n: &Names, state: PublicState) -> BadgeView {
    let (ended, reason) = ending(state);
    let mut history = vec![
        HistoryEntry { kind: EventKind::Issued, at: at("2026-02-03"), reason: None },
        HistoryEntry { kind: EventKind::Renewed, at: at("2026-05-01"), reason: None },
    ];
    let last = match state {
        PublicState::Active => EventKind::Updated,
        PublicState::Suspended => EventKind::Suspended,
        PublicState::Revoked => EventKind::Revoked,
        PublicState::Expired => EventKind::Expired,
    };
    history.push(HistoryEntry { kind: last, at: at("2026-11-18"), reason });
    BadgeView {
        here,
        badge: BadgeId::from_bits(1),
        state,
        community: community(n),
        since: at("2026-02-03"),
        valid_until: (state == PublicState::Active).then(|| at("2027-01-30")),
        reprove_by: (state == PublicState::Active).then(|| at("2026-12-02")),
        ended,
        reason,
        authority: AuthorityView {
            full_name: n.authority.clone(),
            short_name: Some(n.short.clone()),
            kind: AuthorityKind::Kindergarten,
            ogrn: "1027402169057".into(),
            inn: Some("7446011940".into()),
            branch: (state == PublicState::Suspended).then(|| n.short.clone()),
            parent: Some("Администрация Примерного муниципального округа".into()),
        },
        confirmation: ConfirmationView {
            idp: "esia".into(),
            entity_day: "2026-02-03".into(),
            representation_day: "2026-02-03".into(),
            control_method: "platform_push".into(),
            control_day: "2026-02-03".into(),
        },
        history,
        attestation: Some("/v1/badges/bdg_1/attestation".into()),
    }
}

fn choice_view(here: Here, n: &Names, count: usize, nothing_chosen: bool) -> ChoiceView {
    let card = |i: usize| OrganisationCard {
        value: format!("org-{i}"),
        full_name: n.authority.clone(),
        short_name: (i != 1).then(|| n.short.clone()),
        ogrn: "1027402169057".into(),
        mandate: if i == 0 { Mandate::Chief } else { Mandate::Admin },
    };
    ChoiceView {
        here,
        community: community(n),
        organisations: (0..count).map(card).collect(),
        action: "/login/choose".into(),
        cancel_action: "/login/decline".into(),
        csrf: n.short.clone(),
        nothing_chosen,
        goes_on: count == 1,
    }
}

fn refusal_view(here: Here, n: &Names, full: bool) -> RefusalView {
    RefusalView {
        here,
        code: "F04".into(),
        title: "Подтвердить может только руководитель или администратор".into(),
        what_happened: format!("Вы сотрудник организации {}, но не её руководитель и не администратор профиля на Госуслугах.", n.short),
        what_to_do: "Перешлите ссылку руководителю: он войдёт и завершит подтверждение.".into(),
        whom_to_ask: "Руководителя организации или того, кто ведёт её профиль на Госуслугах.".into(),
        retry: full.then(|| "/login?application=app_1".into()),
        others: if full {
            vec![Alternative { name: "Госуслуги (шлюз)".into(), path: "/applications/app_1/login?with=oidc".into() }]
        } else {
            vec![]
        },
        sign_out: full.then(|| ActionForm { action: "/applications/app_1/logout".into(), csrf: n.short.clone() }),
        back: full
            .then(|| ReturnForm { action: "/login/return".into(), csrf: Some(n.short.clone()), platform: "ВКонтакте".into() }),
        forward: full.then(|| "https://badge.example.ru/applications/app_01JD0000000000000000000000".into()),
        apply: full.then(|| "/apply".into()),
        application: full.then(|| "/applications/app_1".into()),
        request_id: Some("req-7f3a".into()),
    }
}

fn application_view(here: Here, n: &Names, state: ApplicationState) -> ApplicationView {
    ApplicationView {
        here,
        id: ApplicationId::from_bits(1),
        state,
        reached: if state.is_final() { ApplicationState::IdentityConfirmed } else { state },
        community: community(n),
        expires_at: at("2026-11-27"),
        resume: (!state.is_final()).then(|| "/login?application=app_1".into()),
        refusal: (state == ApplicationState::Refused).then(|| ("F06".to_owned(), n.short.clone())),
        badge_page: (state == ApplicationState::Issued).then(|| "/c/01JD0000000000000000000000".into()),
    }
}

fn docs_view(here: Here) -> DocsView {
    let operation = DocsOperation {
        method: "post",
        path: "/v1/stream/verify",
        about: "Вернуть то, что было в проверочном событии",
        caller: "площадка",
        parameters: vec![("limit", "от 1 до 1000")],
        body: Some(("application/json", "StreamProof")),
        gives: vec![(200, "поток", Some("application/json"))],
        errors: vec![(400, "invalid-request")],
    };
    DocsView {
        here,
        chapters: vec![("events", "События", vec![operation])],
        errors: vec![("invalid-request", 400, "…")],
        schemas: vec![("StreamProof".into(), "{}".into())],
    }
}
