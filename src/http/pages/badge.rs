//! The page of a badge: whose community it is, how that was confirmed, and everything that happened to the badge since.

use askama::Template;

use crate::domain::authority::AuthorityKind;
use crate::domain::badge::EventKind;
use crate::domain::community::CommunityNumber;
use crate::domain::ids::BadgeId;
use crate::domain::reason::ReasonCode;
use crate::domain::time::Timestamp;

use super::check;
use super::frame::{Frame, Here};
use super::texts::bilingual;
use super::tone::PublicState;

/// A community on a page.
pub struct CommunityView {
    /// Name of the platform for people, «ВКонтакте».
    pub platform: String,
    /// Number on the platform.
    pub id: CommunityNumber,
    /// Public address.
    pub uri: String,
    /// Name as the platform showed it.
    pub name: String,
}

/// The authority behind a badge.
pub struct AuthorityView {
    /// Full name.
    pub full_name: String,
    /// Short name.
    pub short_name: Option<String>,
    /// Kind.
    pub kind: AuthorityKind,
    /// OGRN, 13 digits.
    pub ogrn: String,
    /// INN, 10 digits.
    pub inn: Option<String>,
    /// Name of the branch whose page it is.
    pub branch: Option<String>,
    /// Name of the founder.
    pub parent: Option<String>,
}

/// How the claim was confirmed: the words and days of `assurance` in the attestation. No person.
pub struct ConfirmationView {
    /// Short name of the identity provider, `esia`.
    pub idp: String,
    /// Day the organisation was identified, `2026-11-20`.
    pub entity_day: String,
    /// Day a representative's right was checked.
    pub representation_day: String,
    /// How control was proven, `platform_push`.
    pub control_method: String,
    /// Day control was proven.
    pub control_day: String,
}

/// One entry of the badge's history.
pub struct HistoryEntry {
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// Why, where a decision was behind it.
    pub reason: Option<ReasonCode>,
}

/// The badge page.
pub struct BadgeView {
    /// Language and address.
    pub here: Here,
    /// Badge id.
    pub badge: BadgeId,
    /// Where it stands; a state without a public form is a 404, see [`PublicState::of`].
    pub state: PublicState,
    /// The community.
    pub community: CommunityView,
    /// First issued.
    pub since: Timestamp,
    /// End of the present attestation, for an active badge.
    pub valid_until: Option<Timestamp>,
    /// By when control of the page has to be proven again, where that was demanded.
    pub reprove_by: Option<Timestamp>,
    /// When it left force, for states other than active.
    pub ended: Option<Timestamp>,
    /// Why, where a decision ended it.
    pub reason: Option<ReasonCode>,
    /// Who stands behind it.
    pub authority: AuthorityView,
    /// How it was confirmed.
    pub confirmation: ConfirmationView,
    /// What happened, in any order; the page shows the newest first.
    pub history: Vec<HistoryEntry>,
    /// Path of the signed attestation, where it may be fetched.
    pub attestation: Option<String>,
}

bilingual! {
    Texts {
        title: "знак официальной страницы", "badge of an official page";
        active_lead: "Знак действует, принадлежность подтверждена.", "The badge is in force; whose page this is has been confirmed.";
        number: "номер", "number";
        since: "Подтверждена", "Confirmed";
        until: "Подтверждение действует до", "Confirmation in force until";
        reprove: "Управление страницей нужно подтвердить заново до", "Control of the page has to be confirmed again by";
        who: "Кто за ней стоит", "Who stands behind it";
        who_was: "За кем была подтверждена", "For whom it was confirmed";
        short_name: "Краткое название", "Short name";
        kind: "Вид", "Kind";
        branch: "Филиал", "Branch";
        parent: "Учредитель", "Founder";
        how: "Как это подтверждено", "How it was confirmed";
        entity: "Организация", "Organisation";
        entity_text: "Вход от имени организации через", "Signed in as the organisation through";
        representation: "Полномочия", "Right to act";
        representation_text: "Право представителя действовать от имени организации проверено. Данные о человеке не публикуются.",
            "A representative's right to act for the organisation was checked. Nothing about the person is published.";
        control: "Управление страницей", "Control of the page";
        history: "История", "History";
        means: "Что это значит", "What this means";
        means_yes: "Страница принадлежит названной организации, и это проверено указанными способами в указанные дни.",
            "The page belongs to the body named here, which was checked in the ways and on the days given.";
        means_was: "Страница была подтверждена за названной организацией, но сейчас это подтверждение не действует.",
            "The page was confirmed for the body named here, but that confirmation is not in force now.";
        means_not: "Чего это не значит", "What this does not mean";
        means_no: "Знак не оценивает публикации, не означает одобрения и не гарантирует, что страницу не взломают. О взломе сообщите площадке и организации.",
            "The badge does not judge posts, is no endorsement, and cannot promise that the page is never broken into. Report a break-in to the platform and to the organisation.";
        machine: "Для машинной проверки", "For machine checks";
        badge: "Номер знака", "Badge number";
        attestation: "Подписанное подтверждение (JWT)", "Signed attestation (JWT)";
        keys: "Ключи проверки подписи", "Signature verification keys";
    }
}

#[derive(Template)]
#[template(path = "badge.html")]
struct Page<'a> {
    f: Frame,
    t: &'static Texts,
    words: &'static check::Texts,
    v: &'a BadgeView,
    headline: &'static str,
    lead: &'static str,
    history: Vec<&'a HistoryEntry>,
}

/// Renders `/c/{community}`.
pub fn badge(v: &BadgeView) -> String {
    let (t, words) = (Texts::of(v.here.lang), check::Texts::of(v.here.lang));
    let (headline, lead) = match v.state {
        PublicState::Active => (words.official, t.active_lead),
        other => words.state(other),
    };
    // Newest first, also of those that share a moment: they come in the order of their versions.
    let mut history: Vec<_> = v.history.iter().rev().collect();
    history.sort_by_key(|h| std::cmp::Reverse(h.at));
    super::render(&Page { f: Frame::new(&v.here), t, words, v, headline, lead, history })
}
