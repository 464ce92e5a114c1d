//! The invented communities this social network opens with. Every name, number and post is made up.

use std::collections::BTreeMap;

use crate::domain::community::CommunityNumber;
use crate::domain::ids::BadgeId;
use crate::domain::time::Timestamp;

use super::badge::BadgeRecord;
use crate::sandbox::platform_api::Standing;

/// Badges remembered per community; older ones are forgotten first.
const BADGES_MAX: usize = 16;

/// One community of the stand-in.
pub(super) struct Community {
    pub(super) id: CommunityNumber,
    pub(super) name: String,
    pub(super) screen_name: &'static str,
    pub(super) initials: &'static str,
    /// Colour of the avatar: a class of the style sheet.
    pub(super) tone: &'static str,
    /// What it says of itself; administrators may change it.
    pub(super) about: String,
    /// The web site it names as its own, as typed.
    pub(super) site: String,
    pub(super) followers: &'static str,
    pub(super) posts: &'static [(&'static str, &'static str)],
    /// What its own interface says of its visibility.
    pub(super) standing: Standing,
    /// Badges by id. Ids sort by time, so the last one is the current one.
    badges: BTreeMap<BadgeId, BadgeRecord>,
    /// An operator of gosbadge decides; since when.
    pub(super) pending: Option<Timestamp>,
    /// Why the last attempt failed.
    pub(super) last_error: Option<FlowError>,
    /// What gosbadge answered to the last message of this community.
    pub(super) last_answer: Option<Answer>,
}

/// A failed attempt to get a badge.
#[derive(Clone, Default)]
pub(super) struct FlowError {
    /// OAuth error, or a word of ours.
    pub(super) error: String,
    /// gosbadge's own code, `F04`.
    pub(super) code: Option<String>,
    /// Text for people.
    pub(super) description: String,
}

/// gosbadge's answer to a `community.*` message.
#[derive(Clone)]
pub(super) struct Answer {
    /// What we sent.
    pub(super) kind: &'static str,
    /// When.
    pub(super) at: Timestamp,
    /// One sentence.
    pub(super) summary: String,
    /// The body as received.
    pub(super) body: String,
    /// 2xx.
    pub(super) accepted: bool,
}

impl Community {
    /// The badge that counts: the newest one we heard of.
    pub(super) fn current(&self) -> Option<(BadgeId, &BadgeRecord)> {
        self.badges.last_key_value().map(|(id, record)| (*id, record))
    }

    /// The record of one badge, new if need be.
    pub(super) fn badge(&mut self, id: BadgeId) -> &mut BadgeRecord {
        while self.badges.len() >= BADGES_MAX && !self.badges.contains_key(&id) {
            self.badges.pop_first();
        }
        self.badges.entry(id).or_default()
    }
}

struct Seed {
    number: &'static str,
    name: &'static str,
    screen_name: &'static str,
    initials: &'static str,
    tone: &'static str,
    about: &'static str,
    followers: &'static str,
    posts: &'static [(&'static str, &'static str)],
}

/// All communities, by number.
pub(super) fn all() -> BTreeMap<String, Community> {
    SEEDS.iter().filter_map(|seed| Some((seed.number.to_owned(), seed.plant()?))).collect()
}

impl Seed {
    fn plant(&self) -> Option<Community> {
        Some(Community {
            id: self.number.parse().ok()?,
            name: self.name.to_owned(),
            screen_name: self.screen_name,
            initials: self.initials,
            tone: self.tone,
            about: self.about.to_owned(),
            site: String::new(),
            followers: self.followers,
            posts: self.posts,
            standing: Standing::Open,
            badges: BTreeMap::new(),
            pending: None,
            last_error: None,
            last_answer: None,
        })
    }
}

const SEEDS: [Seed; 6] = [
    Seed {
        number: "218000001",
        name: "Детский сад № 12 «Ромашка» | Примерный",
        screen_name: "ds12_romashka",
        initials: "Р",
        tone: "sun",
        about: "Муниципальный детский сад города Примерного. Новости групп, меню, объявления для родителей.",
        followers: "412 подписчиков",
        posts: &[
            ("вчера в 18:20", "Спасибо всем, кто пришёл на субботник! Посадили восемь яблонь и одну очень маленькую ёлку. Её назвали Зоя."),
            ("20 ноября", "С понедельника зимнее меню. Рассольник остаётся: дети проголосовали «за» единогласно."),
        ],
    },
    Seed {
        number: "218000002",
        name: "Министерство примерного развития",
        screen_name: "minprimer",
        initials: "МП",
        tone: "sky",
        about: "Страница министерства: решения, разъяснения, прямые эфиры.",
        followers: "184 тыс. подписчиков",
        posts: &[
            (
                "сегодня в 10:00",
                "Подать заявку на программу «Тёплый двор» можно до конца месяца. Плату за подачу заявок мы не берём, номера карт не спрашиваем.",
            ),
            ("18 ноября", "Прямой эфир: отвечаем на вопросы муниципалитетов о новой форме отчёта."),
        ],
    },
    Seed {
        number: "218000003",
        name: "Администрация города Примерного",
        screen_name: "primerny_gorod",
        initials: "АП",
        tone: "moss",
        about: "Город Примерный: отключения, перекрытия, праздники и ответы на вопросы жителей.",
        followers: "21 тыс. подписчиков",
        posts: &[
            ("сегодня в 08:15", "На улице Образцовой до 16:00 нет горячей воды: меняют задвижку. Подвоз холодной у дома 7."),
            ("22 ноября", "Каток на набережной откроем, как только три ночи подряд будет ниже минус восьми."),
        ],
    },
    Seed {
        number: "218000004",
        name: "Школа № 7 города Примерного",
        screen_name: "school7_primerny",
        initials: "7",
        tone: "berry",
        about: "Средняя общеобразовательная школа № 7. Расписание, олимпиады, школьный театр.",
        followers: "1 380 подписчиков",
        posts: &[("21 ноября", "Поздравляем команду по робототехнике! Второе место в области и первый робот, который сам вытирает доску.")],
    },
    Seed {
        number: "218000005",
        name: "Министерство примерного развития | ВЫПЛАТЫ",
        screen_name: "minprimer_vyplaty",
        initials: "МП",
        tone: "sky",
        about: "Официальная страница министерства. Выплата каждому! Пишите в личные сообщения.",
        followers: "3 902 подписчика",
        posts: &[(
            "сегодня в 11:42",
            "Каждому положено 15 000 рублей! Чтобы получить, пришлите номер карты и код из СМС. Только до конца дня!",
        )],
    },
    Seed {
        number: "218000006",
        name: "Частная школа «Эрудит»",
        screen_name: "erudit_school",
        initials: "Э",
        tone: "plum",
        about: "Частная школа полного дня. Не государственная, зато с бассейном.",
        followers: "640 подписчиков",
        posts: &[("19 ноября", "День открытых дверей в субботу в 11:00. Чай, экскурсия, пробный урок физики.")],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_grows() {
        let all = all();
        assert_eq!(all.len(), SEEDS.len());
        assert!(all.iter().all(|(key, c)| c.id.as_str() == key && !c.posts.is_empty()));
    }

    #[test]
    fn the_newest_badge_is_the_current_one() {
        let mut all = all();
        let community = all.get_mut("218000001").unwrap();
        for bits in [5u128, 40, 7] {
            community.badge(BadgeId::from_bits(bits));
        }
        assert_eq!(community.current().unwrap().0, BadgeId::from_bits(40));
        for bits in 41..80 {
            community.badge(BadgeId::from_bits(bits));
        }
        assert_eq!(community.badges.len(), BADGES_MAX);
        assert!(!community.badges.contains_key(&BadgeId::from_bits(5)));
    }
}
