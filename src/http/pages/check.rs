//! The answer to "is this page official": one verdict, in words, unmistakable.

use askama::Template;

use crate::domain::reason::ReasonCode;
use crate::domain::time::Timestamp;

use super::badge::CommunityView;
use super::frame::{Frame, Here};
use super::texts::bilingual;
use super::tone::{PublicState, Tone};

/// The check page.
pub struct CheckView {
    /// Language and address.
    pub here: Here,
    /// The link as the person gave it; stands in the form again.
    pub link: String,
    /// What came of it.
    pub verdict: CheckVerdict,
}

/// What came of a check.
pub enum CheckVerdict {
    /// The community has, or had, a badge.
    Known(KnownBadge),
    /// The link names a community, and it never had a badge.
    NotConfirmed,
    /// The text is no link to a community of a known platform.
    NotUnderstood {
        /// Links that would be understood, one per platform.
        examples: Vec<String>,
    },
    /// The service cannot tell just now; answer with status 503.
    Unavailable,
}

/// A badge as the check page shows it.
pub struct KnownBadge {
    /// Where the badge stands.
    pub state: PublicState,
    /// The community.
    pub community: CommunityView,
    /// Full name of the authority.
    pub authority_name: String,
    /// OGRN of the authority.
    pub ogrn: String,
    /// First issued.
    pub since: Timestamp,
    /// When it left force, for states other than active.
    pub ended: Option<Timestamp>,
    /// Why, where a decision ended it.
    pub reason: Option<ReasonCode>,
    /// Path of the badge page, `/c/{community}`.
    pub page: String,
    /// Found by an address that could have moved, not by the number: the reader is asked to compare the number.
    pub by_address: bool,
}

bilingual! {
    Texts {
        official: "Официальная страница", "Official page";
        official_lead: "Знак действует. Страница принадлежит организации:", "The badge is in force. The page belongs to:";
        suspended: "Знак приостановлен", "Badge suspended";
        suspended_lead: "Страница была подтверждена, но сейчас подтверждение не действует. Пока оно не восстановлено, не считайте её сообщения официальными.",
            "The page was confirmed, but the confirmation is not in force now. Until it is restored, do not take its messages as official.";
        revoked: "Знак отозван", "Badge revoked";
        revoked_lead: "Эта страница больше не подтверждена. Не считайте её сообщения официальными.",
            "This page is no longer confirmed. Do not take its messages as official.";
        expired: "Срок знака истёк", "Badge expired";
        expired_lead: "Организация не продлила подтверждение. Сейчас эта страница не подтверждена.",
            "The organisation has not renewed the confirmation. The page is not confirmed now.";
        was: "Была подтверждена за организацией:", "It was confirmed for:";
        none: "Страница не подтверждена", "Page not confirmed";
        none_lead: "У этой страницы нет знака, и считать её официальной оснований нет. Это не доказывает, что она поддельная: организация могла ещё не пройти подтверждение.",
            "This page has no badge, so there is no ground to take it as official. That does not prove it fake: the organisation may not have confirmed it yet.";
        unclear: "Не удалось разобрать ссылку", "The link was not understood";
        unclear_lead: "Нужен полный адрес сообщества на площадке, с которой работает сервис. Откройте сообщество, скопируйте адрес из строки браузера или кнопкой «Поделиться» и вставьте его ниже.",
            "A full address of a community on a platform known to this service is needed. Open the community, copy its address from the address bar or the Share button, and paste it below.";
        examples: "Подойдёт ссылка такого вида:", "Links like these will do:";
        unknown: "Статус временно неизвестен", "Status unknown for now";
        unknown_lead: "Сервис не может прочитать свежие данные и не станет угадывать. Это не значит, что страница неофициальная, и не значит, что она официальная. Повторите проверку через минуту.",
            "The service cannot read current data and will not guess. This does not mean that the page is not official, nor that it is. Check again in a minute.";
        again: "Проверить ещё раз", "Check again";
        advice: "Как быть осторожнее", "How to stay careful";
        advice_1: "Найдите официальный сайт организации и перейдите на страницу оттуда.", "Find the organisation's official website and follow its link to the page.";
        advice_2: "Не переводите деньги и не сообщайте коды из СМС и данные документов.", "Send no money, and give no SMS codes or document numbers.";
        advice_3: "Позвоните в организацию по номеру с её официального сайта.", "Call the organisation on the number its official website gives.";
        since: "Подтверждена", "Confirmed";
        since_was: "Была подтверждена", "Was confirmed";
        at_suspended: "Приостановлен", "Suspended";
        at_revoked: "Отозван", "Revoked";
        at_expired: "Истёк", "Expired";
        moved: "Мы нашли знак по адресу страницы. Адрес можно передать другому сообществу, а номер — нет. Убедитесь, что номер сообщества на площадке такой:",
            "The badge was found by the page's address. An address can pass to another community, a number cannot. Make sure that the community's number on the platform is:";
        page: "Страница", "Page";
        details: "Подробно о знаке и его история", "About this badge and its history";
        checked: "Вы проверяли", "You checked";
        another: "Проверить другую страницу", "Check another page";
        retry_form: "Вставьте ссылку", "Paste a link";
    }
}

impl CheckVerdict {
    pub(super) const fn tone(&self) -> Tone {
        match self {
            Self::Known(b) => b.state.tone(),
            Self::NotConfirmed => Tone::Unconfirmed,
            Self::NotUnderstood { .. } => Tone::Unclear,
            Self::Unavailable => Tone::Unknown,
        }
    }

    /// The HTTP status that goes with the page.
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::Known(_) | Self::NotConfirmed => 200,
            Self::NotUnderstood { .. } => 400,
            Self::Unavailable => 503,
        }
    }
}

impl CheckView {
    /// The authority's name as part of the verdict: only while the badge is in force.
    fn owner(&self) -> Option<&str> {
        match &self.verdict {
            CheckVerdict::Known(b) if b.state == PublicState::Active => Some(&b.authority_name),
            _ => None,
        }
    }
}

impl Texts {
    pub(super) const fn state(&self, state: PublicState) -> (&'static str, &'static str) {
        match state {
            PublicState::Active => (self.official, self.official_lead),
            PublicState::Suspended => (self.suspended, self.suspended_lead),
            PublicState::Revoked => (self.revoked, self.revoked_lead),
            PublicState::Expired => (self.expired, self.expired_lead),
        }
    }

    /// What the date on which the badge left force is called.
    pub(super) const fn ended(&self, state: &PublicState) -> &'static str {
        match state {
            PublicState::Active | PublicState::Suspended => self.at_suspended,
            PublicState::Revoked => self.at_revoked,
            PublicState::Expired => self.at_expired,
        }
    }

    const fn headline(&self, verdict: &CheckVerdict) -> (&'static str, &'static str) {
        match verdict {
            CheckVerdict::Known(b) => self.state(b.state),
            CheckVerdict::NotConfirmed => (self.none, self.none_lead),
            CheckVerdict::NotUnderstood { .. } => (self.unclear, self.unclear_lead),
            CheckVerdict::Unavailable => (self.unknown, self.unknown_lead),
        }
    }
}

#[derive(Template)]
#[template(path = "check.html")]
struct Page<'a> {
    f: Frame,
    t: &'static Texts,
    v: &'a CheckView,
    tone: Tone,
    headline: &'static str,
    lead: &'static str,
}

/// Renders `/check?link=…`.
pub fn check(v: &CheckView) -> String {
    let t = Texts::of(v.here.lang);
    let (headline, lead) = t.headline(&v.verdict);
    super::render(&Page { f: Frame::new(&v.here), t, v, tone: v.verdict.tone(), headline, lead })
}
