//! Domain words in people's words: kinds of authority, reasons, events, methods. Refusals have texts of their own in the domain.

use crate::domain::authority::AuthorityKind;
use crate::domain::badge::EventKind;
use crate::domain::lang::Lang;
use crate::domain::reason::ReasonCode;

const fn pick(lang: Lang, ru: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Ru => ru,
        Lang::En => en,
    }
}

pub(super) const fn authority_kind(lang: Lang, kind: AuthorityKind) -> &'static str {
    use AuthorityKind as K;
    match kind {
        K::FederalMinistry => pick(lang, "Федеральное министерство", "Federal ministry"),
        K::FederalAgency => pick(lang, "Федеральная служба или агентство", "Federal service or agency"),
        K::RegionalExecutive => pick(lang, "Орган исполнительной власти региона", "Regional executive body"),
        K::RegionalLegislature => pick(lang, "Законодательный орган региона", "Regional legislature"),
        K::MunicipalAdministration => pick(lang, "Администрация муниципального образования", "Municipal administration"),
        K::MunicipalBody => pick(lang, "Орган местного самоуправления", "Body of local self-government"),
        K::CourtOtherStateBody => pick(lang, "Суд или иной государственный орган", "Court or other state body"),
        K::ExtraBudgetaryFund => pick(lang, "Государственный внебюджетный фонд", "State extra-budgetary fund"),
        K::MultifunctionalCentre => pick(lang, "Многофункциональный центр (МФЦ)", "Public services centre (MFC)"),
        K::School => pick(lang, "Школа", "School"),
        K::Kindergarten => pick(lang, "Детский сад", "Kindergarten"),
        K::MunicipalInstitution => pick(lang, "Муниципальное учреждение", "Municipal institution"),
        K::OtherStateInstitution => pick(lang, "Государственное учреждение", "State institution"),
        K::UnitaryEnterprise => pick(lang, "Унитарное предприятие", "Unitary enterprise"),
    }
}

pub(super) const fn reason(lang: Lang, code: ReasonCode) -> &'static str {
    use ReasonCode as R;
    match code {
        R::AuthorityRequest => pick(lang, "по обращению организации", "at the organisation's request"),
        R::IdentityError => pick(lang, "организация была определена ошибочно", "the organisation was identified wrongly"),
        R::MandateLost => pick(
            lang,
            "представитель не имел права действовать от имени организации",
            "the representative had no right to act for the organisation",
        ),
        R::CommunityCaptured => pick(lang, "страницей завладели посторонние", "the page was taken over by outsiders"),
        R::CommunityRenamed => {
            pick(lang, "страница переименована, новое название проверяется", "the page was renamed and its new name is being checked")
        }
        R::CommunityDeleted => pick(lang, "страница удалена", "the page was deleted"),
        R::AuthorityLiquidated => pick(lang, "организация ликвидирована", "the organisation was liquidated"),
        R::AuthorityReorganised => pick(lang, "организация реорганизована", "the organisation was reorganised"),
        R::KeyCompromise => pick(lang, "ключ подписи больше не надёжен", "the signing key can no longer be trusted"),
        R::PlatformRequest => pick(lang, "по обращению площадки", "at the platform's request"),
        R::OperatorDecision => pick(lang, "по решению оператора сервиса", "by decision of the service operator"),
        R::CourtDecision => pick(lang, "по решению суда", "by decision of a court"),
        R::HolderRequest => pick(lang, "организация отказалась от значка", "the organisation gave the badge up"),
    }
}

pub(super) const fn event(lang: Lang, kind: EventKind) -> &'static str {
    use EventKind as E;
    match kind {
        E::Issued => pick(lang, "Значок выдан", "Badge issued"),
        E::Renewed => pick(lang, "Подтверждение продлено", "Confirmation renewed"),
        E::Suspended => pick(lang, "Значок приостановлен", "Badge suspended"),
        E::Reinstated => pick(lang, "Значок снова действует", "Badge reinstated"),
        E::Revoked => pick(lang, "Значок отозван", "Badge revoked"),
        E::Expired => pick(lang, "Срок значка истёк", "Badge expired"),
        E::Abandoned => pick(lang, "Выпуск не завершён", "Issue not finished"),
    }
}

/// How the organisation signed in. `idp` is the short name in the attestation.
pub(super) fn identity_provider(lang: Lang, idp: &str) -> &str {
    if idp == "esia" { pick(lang, "Госуслуги (ЕСИА)", "Gosuslugi (ESIA)") } else { idp }
}

/// How control of the page was proven. `method` is the word in the attestation.
pub(super) fn control_method(lang: Lang, method: &str) -> &'static str {
    match method {
        "platform_push" => pick(lang, "площадка подтвердила права администратора", "the platform confirmed administrator rights"),
        "platform_oauth" => pick(lang, "администратор вошёл через площадку", "an administrator signed in at the platform"),
        "platform_token" => pick(lang, "контрольный текст в описании страницы", "a control text in the page's description"),
        "site_link" => pick(lang, "взаимные ссылки с официальным сайтом", "links to and from the official website"),
        "operator" => pick(lang, "проверил оператор сервиса", "checked by an operator of the service"),
        _ => pick(lang, "проверено сервисом", "checked by the service"),
    }
}
