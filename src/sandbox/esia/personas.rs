//! The invented people one can sign in as, one for each way a login can end. Their ids are part of the contract. The organisations
//! they work in are in `organisations`.

use super::organisations::{
    ADMINISTRATION, CULTURE_HOUSE, KINDERGARTEN, LIBRARY, MINISTRY, Organisation, PRIVATE_SCHOOL, SCHOOL, SOLE_TRADER,
};

/// A person's standing in one organisation. An inactive one is a blocked employee.
pub struct Membership {
    /// Where.
    pub organisation: &'static Organisation,
    /// Heads it.
    pub chief: bool,
    /// Administers its profile.
    pub admin: bool,
    /// Not blocked.
    pub active: bool,
}

/// One person of the stand-in.
pub struct Persona {
    /// Stable id, sent in `X-Sandbox-Persona`.
    pub id: &'static str,
    /// Who it is, in Russian.
    pub title: &'static str,
    /// How an application ends: `issued` or a refusal code.
    pub expect: &'static str,
    /// Where the person works.
    pub memberships: &'static [Membership],
    pub(super) oid: u64,
    pub(super) trusted: bool,
    pub(super) last_name: &'static str,
    pub(super) first_name: &'static str,
    pub(super) middle_name: &'static str,
    /// `dd.MM.yyyy`
    pub(super) birth_date: &'static str,
    pub(super) gender: &'static str,
    /// In the series ESIA's own test users have, which belongs to nobody and has no check digits.
    pub(super) snils: &'static str,
    pub(super) inn: &'static str,
}

impl Persona {
    /// Stands in the place of a portrait.
    pub(super) fn initials(&self) -> String {
        [self.first_name, self.last_name].iter().filter_map(|name| name.chars().next()).collect()
    }

    /// Whether the person works in the organisation, in whatever standing.
    pub(super) fn works_in(&self, oid: u64) -> bool {
        self.memberships.iter().any(|membership| membership.active && membership.organisation.oid == oid)
    }
}

/// Everyone one can sign in as.
pub fn personas() -> &'static [Persona] {
    &PERSONAS
}

const fn chief(organisation: &'static Organisation) -> Membership {
    Membership { organisation, chief: true, admin: false, active: true }
}

const fn admin(organisation: &'static Organisation) -> Membership {
    Membership { organisation, chief: false, admin: true, active: true }
}

const fn employee(organisation: &'static Organisation) -> Membership {
    Membership { organisation, chief: false, admin: false, active: true }
}

static PERSONAS: [Persona; 10] = [
    Persona {
        id: "kindergarten-head",
        title: "Заведующая детским садом № 12 «Ромашка»",
        expect: "issued",
        memberships: &[chief(&KINDERGARTEN)],
        oid: 2_000_000_001,
        trusted: true,
        last_name: "Ромашкина",
        first_name: "Анна",
        middle_name: "Примеровна",
        birth_date: "12.04.1979",
        gender: "F",
        snils: "000-000-600 01",
        inn: "990100100191",
    },
    Persona {
        id: "ministry-head",
        title: "Министр образования Примерской области",
        expect: "issued",
        memberships: &[chief(&MINISTRY)],
        oid: 2_000_000_002,
        trusted: true,
        last_name: "Образцов",
        first_name: "Борис",
        middle_name: "Примерович",
        birth_date: "03.09.1968",
        gender: "M",
        snils: "000-000-600 02",
        inn: "990100200245",
    },
    Persona {
        id: "city-admin",
        title: "Администратор профиля администрации посёлка Примерный",
        expect: "issued",
        memberships: &[admin(&ADMINISTRATION)],
        oid: 2_000_000_003,
        trusted: true,
        last_name: "Посёлкова",
        first_name: "Вера",
        middle_name: "Примеровна",
        birth_date: "27.01.1990",
        gender: "F",
        snils: "000-000-600 03",
        inn: "990100300306",
    },
    Persona {
        id: "employee",
        title: "Рядовой сотрудник администрации посёлка Примерный",
        expect: "F04",
        memberships: &[employee(&ADMINISTRATION)],
        oid: 2_000_000_004,
        trusted: true,
        last_name: "Рядовой",
        first_name: "Григорий",
        middle_name: "Примерович",
        birth_date: "15.06.1995",
        gender: "M",
        snils: "000-000-600 04",
        inn: "990100400452",
    },
    Persona {
        id: "two-organisations",
        title: "Директор школы № 1 и администратор профиля дома культуры",
        expect: "issued",
        memberships: &[chief(&SCHOOL), admin(&CULTURE_HOUSE)],
        oid: 2_000_000_005,
        trusted: true,
        last_name: "Двойнова",
        first_name: "Дарья",
        middle_name: "Примеровна",
        birth_date: "08.03.1982",
        gender: "F",
        snils: "000-000-600 05",
        inn: "990100500506",
    },
    Persona {
        id: "liquidated-head",
        title: "Руководитель ликвидированной библиотеки",
        expect: "F06",
        memberships: &[chief(&LIBRARY)],
        oid: 2_000_000_006,
        trusted: true,
        last_name: "Архивов",
        first_name: "Евгений",
        middle_name: "Примерович",
        birth_date: "30.11.1961",
        gender: "M",
        snils: "000-000-600 06",
        inn: "990100600660",
    },
    Persona {
        id: "private-school-head",
        title: "Директор частной гимназии",
        expect: "F13",
        memberships: &[chief(&PRIVATE_SCHOOL)],
        oid: 2_000_000_007,
        trusted: true,
        last_name: "Частнова",
        first_name: "Жанна",
        middle_name: "Примеровна",
        birth_date: "19.05.1975",
        gender: "F",
        snils: "000-000-600 07",
        inn: "990100700713",
    },
    Persona {
        id: "sole-trader",
        title: "Индивидуальный предприниматель",
        expect: "F23",
        memberships: &[chief(&SOLE_TRADER)],
        oid: 2_000_000_008,
        trusted: true,
        last_name: "Примерный",
        first_name: "Пётр",
        middle_name: "Петрович",
        birth_date: "01.02.1987",
        gender: "M",
        snils: "000-000-600 08",
        inn: "990100800877",
    },
    Persona {
        id: "unconfirmed",
        title: "Человек с неподтверждённой учётной записью",
        expect: "F02",
        memberships: &[],
        oid: 2_000_000_009,
        trusted: false,
        last_name: "Неподтверждённая",
        first_name: "Зоя",
        middle_name: "Примеровна",
        birth_date: "22.12.2001",
        gender: "F",
        snils: "000-000-600 09",
        inn: "990100900920",
    },
    Persona {
        id: "no-organisation",
        title: "Человек без организаций",
        expect: "F05",
        memberships: &[],
        oid: 2_000_000_010,
        trusted: true,
        last_name: "Свободный",
        first_name: "Игорь",
        middle_name: "Примерович",
        birth_date: "05.10.1993",
        gender: "M",
        snils: "000-000-600 10",
        inn: "990101001034",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::refusal::RefusalCode;

    fn digits(text: &str) -> Vec<u64> {
        text.chars().map(|c| u64::from(c.to_digit(10).expect("a digit"))).collect()
    }

    fn remainder_of_prefix(text: &str, modulus: u64) -> u64 {
        let prefix = &text[..text.len() - 1];
        prefix.parse::<u64>().expect("digits") % modulus % 10
    }

    fn weighed(digits: &[u64], weights: &[u64]) -> u64 {
        digits.iter().zip(weights).map(|(d, w)| d * w).sum::<u64>() % 11 % 10
    }

    fn ogrn_holds(text: &str) -> bool {
        let modulus = if text.len() == 15 { 13 } else { 11 };
        digits(text).last() == Some(&remainder_of_prefix(text, modulus))
    }

    fn inn_holds(text: &str) -> bool {
        let d = digits(text);
        match d.len() {
            10 => d[9] == weighed(&d, &[2, 4, 10, 3, 5, 9, 4, 6, 8]),
            12 => d[10] == weighed(&d, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) && d[11] == weighed(&d, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]),
            _ => false,
        }
    }

    #[test]
    fn the_arithmetic_knows_right_from_wrong() {
        // Real and public: a ministry and a tax service.
        assert!(ogrn_holds("1047702026701") && inn_holds("7710474375"));
        assert!(ogrn_holds("1047707030513") && inn_holds("7707329152"));
        assert!(!ogrn_holds("1047702026702") && !inn_holds("7710474376"));
    }

    #[test]
    fn every_number_has_good_check_digits() {
        for persona in personas() {
            assert!(inn_holds(persona.inn) && persona.inn.len() == 12, "{}", persona.id);
            for Membership { organisation, .. } in persona.memberships {
                let business = organisation.org_type == "BUSINESS";
                assert!(ogrn_holds(organisation.ogrn), "{}", organisation.ogrn);
                assert_eq!(organisation.ogrn.len(), if business { 15 } else { 13 });
                assert!(inn_holds(organisation.inn), "{}", organisation.inn);
                assert_eq!(organisation.inn.len(), if business { 12 } else { 10 });
                assert_eq!(organisation.kpp.map(|kpp| (kpp.len(), &kpp[..2])), (!business).then_some((9, "99")));
                assert_eq!(organisation.agency_type.is_some(), organisation.org_type == "AGENCY");
                assert_eq!(organisation.oktmo.len(), 8);
            }
        }
    }

    #[test]
    fn the_contract_names_are_all_there() {
        let ids: Vec<&str> = personas().iter().map(|persona| persona.id).collect();
        assert_eq!(
            ids,
            [
                "kindergarten-head",
                "ministry-head",
                "city-admin",
                "employee",
                "two-organisations",
                "liquidated-head",
                "private-school-head",
                "sole-trader",
                "unconfirmed",
                "no-organisation"
            ]
        );
        let oids: BTreeSet<u64> = personas().iter().map(|persona| persona.oid).collect();
        assert_eq!(oids.len(), ids.len());
        for persona in personas() {
            assert!(persona.expect == "issued" || persona.expect.parse::<RefusalCode>().is_ok(), "{}", persona.expect);
        }
    }
}
