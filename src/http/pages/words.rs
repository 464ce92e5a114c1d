//! Words for what the ledger and the attestation name by code: events and methods. Kinds of authority, reasons and refusals
//! carry their own words in the domain.

use crate::domain::badge::EventKind;
use crate::domain::lang::Lang;

pub(super) const fn event(lang: Lang, kind: EventKind) -> &'static str {
    use EventKind as E;
    match kind {
        E::Issued => lang.pick("Знак выдан", "Badge issued"),
        E::Renewed => lang.pick("Подтверждение продлено", "Confirmation renewed"),
        E::Suspended => lang.pick("Знак приостановлен", "Badge suspended"),
        E::Reinstated => lang.pick("Знак снова действует", "Badge reinstated"),
        E::Revoked => lang.pick("Знак отозван", "Badge revoked"),
        E::Expired => lang.pick("Срок знака истёк", "Badge expired"),
        E::Superseded => lang.pick("Страница подтверждена за другой организацией", "Page confirmed for another body"),
        E::Updated => lang.pick("Нужно заново подтвердить управление страницей", "Control of the page has to be proven again"),
        // Internal, and left out of public histories by the service; named here so that none can be shown unnamed.
        E::Abandoned => lang.pick("Выпуск не завершён", "Issue not completed"),
    }
}

/// How the organisation signed in. `idp` is the short name in the attestation.
pub(super) fn identity_provider(lang: Lang, idp: &str) -> &str {
    if idp == "esia" { lang.pick("Госуслуги (ЕСИА)", "Gosuslugi (ESIA)") } else { idp }
}

/// How control of the page was proven. `method` is the word in the attestation.
pub(super) fn control_method(lang: Lang, method: &str) -> &'static str {
    match method {
        "platform_push" => lang.pick("площадка подтвердила права администратора", "the platform confirmed administrator rights"),
        "platform_oauth" => lang.pick("администратор вошёл через площадку", "an administrator signed in at the platform"),
        "platform_token" => lang.pick("контрольный текст в описании страницы", "a control text in the page's description"),
        "site_link" => lang.pick("взаимные ссылки с официальным сайтом", "links to and from the official website"),
        "operator" => lang.pick("проверил оператор сервиса", "checked by an operator of the service"),
        _ => lang.pick("проверено сервисом", "checked by the service"),
    }
}
