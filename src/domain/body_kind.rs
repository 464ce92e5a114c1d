//! What kind of public body an authority is: from the identity provider's list first, then from its legal form, and only
//! within that from the words of its registered name. Never from the community's name.

use super::agency_type::AgencyType;
use super::authority::AuthorityKind;
use super::legal_form::{Owner, PublicForm};

/// The kind of a body that passed the legal form policy.
pub fn kind_of(form: PublicForm, agency: Option<AgencyType>, full_name: &str, short_name: Option<&str>) -> AuthorityKind {
    if form == PublicForm::Enterprise {
        return AuthorityKind::UnitaryEnterprise;
    }
    let name = Name::new(full_name);
    match agency {
        Some(agency) => listed(agency, &name, short_name),
        None => by_form(form, &name, short_name),
    }
}

fn listed(agency: AgencyType, name: &Name, short_name: Option<&str>) -> AuthorityKind {
    match agency {
        AgencyType::FederalExecutive | AgencyType::RegionalExecutive if name.is_court() => AuthorityKind::CourtOtherStateBody,
        AgencyType::FederalExecutive if name.begins("министерство") => AuthorityKind::FederalMinistry,
        AgencyType::FederalExecutive => AuthorityKind::FederalAgency,
        AgencyType::RegionalExecutive => AuthorityKind::RegionalExecutive,
        AgencyType::RegionalLegislature => AuthorityKind::RegionalLegislature,
        AgencyType::Local if name.begins("администрация") => AuthorityKind::MunicipalAdministration,
        AgencyType::Local => AuthorityKind::MunicipalBody,
        AgencyType::Fund | AgencyType::FundSubordinate => AuthorityKind::ExtraBudgetaryFund,
        AgencyType::MultifunctionalCentre => AuthorityKind::MultifunctionalCentre,
        AgencyType::FederalSubordinate | AgencyType::StateInstitution => {
            institution(name, short_name).unwrap_or(AuthorityKind::OtherStateInstitution)
        }
        AgencyType::MunicipalInstitution => institution(name, short_name).unwrap_or(AuthorityKind::MunicipalInstitution),
    }
}

/// Many schools, and providers other than ESIA, give no agency type: the owner and the first word of the name remain.
fn by_form(form: PublicForm, name: &Name, short_name: Option<&str>) -> AuthorityKind {
    let owner = match form {
        PublicForm::Institution(owner) => owner,
        // Without a list entry these two do not pass the policy; the plainest kind is the honest one.
        PublicForm::Listed | PublicForm::Enterprise => return AuthorityKind::OtherStateInstitution,
    };
    match owner {
        Owner::Federation if name.begins("министерство") => AuthorityKind::FederalMinistry,
        Owner::Region if name.begins("министерство") => AuthorityKind::RegionalExecutive,
        Owner::Municipality if name.begins("администрация") => AuthorityKind::MunicipalAdministration,
        Owner::Federation | Owner::Region if name.is_court() => AuthorityKind::CourtOtherStateBody,
        Owner::Municipality => institution(name, short_name).unwrap_or(AuthorityKind::MunicipalInstitution),
        Owner::Federation | Owner::Region => institution(name, short_name).unwrap_or(AuthorityKind::OtherStateInstitution),
    }
}

fn institution(full: &Name, short_name: Option<&str>) -> Option<AuthorityKind> {
    full.institution().or_else(|| Name::new(short_name?).institution())
}

/// The words of a registered name: lower case, `ё` as `е`, split at everything that is neither letter nor digit, so that
/// quotes, dashes and number signs do not matter.
struct Name(Vec<String>);

/// Names of schools of general education. Abbreviations: secondary, basic and primary school.
const SCHOOL: [&str; 10] =
    ["школа", "гимназия", "лицей", "прогимназия", "сош", "оош", "нош", "общеобразовательное", "общеобразовательная", "общеобразовательный"];

/// Words that make a school something else: extra-curricular, sports, arts, vocational and higher education.
const NO_SCHOOL: [&str; 23] = [
    "дополнительного",
    "дод",
    "до",
    "спортивная",
    "олимпийского",
    "музыкальная",
    "художественная",
    "хореографическая",
    "искусств",
    "дши",
    "дмш",
    "дюсш",
    "сшор",
    "профессиональный",
    "профессиональная",
    "профессиональное",
    "профессионального",
    "высшая",
    "высшего",
    "университет",
    "институт",
    "колледж",
    "техникум",
];

impl Name {
    fn new(text: &str) -> Self {
        let plain = text.to_lowercase().replace('ё', "е");
        Self(plain.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect())
    }

    fn begins(&self, word: &str) -> bool {
        self.0.first().is_some_and(|w| w == word)
    }

    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|w| w == word)
    }

    fn has_pair(&self, first: &str, second: &[&str]) -> bool {
        self.0.windows(2).any(|w| w[0] == first && second.contains(&w[1].as_str()))
    }

    /// `суд` in the nominative only: «Управление Судебного департамента» is no court.
    fn is_court(&self) -> bool {
        self.has("суд") || self.begins("прокуратура")
    }

    /// What the name says the institution itself is. The nominative matters: «дошкольное образовательное учреждение» is a
    /// kindergarten, «школа с дошкольными группами» is a school, and so is «начальная школа — детский сад».
    fn institution(&self) -> Option<AuthorityKind> {
        let bodies = ["образовательное", "образовательная", "учреждение", "организация"];
        // МБДОУ, МАДОУ, ГБДОУ and their kin: any abbreviation of legal form that ends so.
        let abbreviated = self.0.iter().any(|w| w.ends_with("доу") && w.chars().count() <= 6);
        if abbreviated || self.has_pair("дошкольное", &bodies) || self.has_pair("дошкольная", &bodies) {
            return Some(AuthorityKind::Kindergarten);
        }
        if self.has_pair("многофункциональный", &["центр"]) || self.has("мфц") {
            return Some(AuthorityKind::MultifunctionalCentre);
        }
        if SCHOOL.iter().any(|w| self.has(w)) {
            return (!NO_SCHOOL.iter().any(|w| self.has(w))).then_some(AuthorityKind::School);
        }
        let kindergarten = self.has_pair("детский", &["сад"]) || self.has_pair("ясли", &["сад"]) || self.has("детсад");
        kindergarten.then_some(AuthorityKind::Kindergarten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_name(full: &str, short: Option<&str>) -> AuthorityKind {
        kind_of(PublicForm::Institution(Owner::Municipality), None, full, short)
    }

    #[test]
    fn schools_and_kindergartens_are_told_by_their_names() {
        use AuthorityKind::{Kindergarten, MultifunctionalCentre, MunicipalInstitution, School};
        for (name, kind) in [
            ("МУНИЦИПАЛЬНОЕ БЮДЖЕТНОЕ ОБЩЕОБРАЗОВАТЕЛЬНОЕ УЧРЕЖДЕНИЕ \"ПРИМЕРНАЯ СШ\"", School),
            ("Муниципальное бюджетное учреждение «Примерная средняя школа № 3»", School),
            ("МБОУ СОШ №12", School),
            ("Школа-интернат № 4", School),
            ("Гимназия №1 имени А. С. Пушкина", School),
            ("МАОУ «Начальная школа — детский сад № 7»", School),
            ("Школа № 5 с дошкольными группами", School),
            ("Муниципальное дошкольное образовательное учреждение «Детский сад № 12 «Ромашка»", Kindergarten),
            ("МБДОУ «Школа гномов»", Kindergarten),
            ("Центр развития ребёнка — детский   сад № 9", Kindergarten),
            ("Детский сад комбинированного вида «Ёлочка»", Kindergarten),
            ("Муниципальное учреждение дополнительного образования «Детская школа искусств»", MunicipalInstitution),
            ("МАУ ДО СШ Примерная", MunicipalInstitution),
            ("Спортивная школа № 2", MunicipalInstitution),
            ("Дом культуры «Лицейский»", MunicipalInstitution),
            ("Управление дошкольного образования и школ", MunicipalInstitution),
            ("Зоологический детский парк и сад", MunicipalInstitution),
            ("Многофункциональный центр посёлка Примерный", MultifunctionalCentre),
        ] {
            assert_eq!(by_name(name, None), kind, "{name}");
        }
        assert_eq!(by_name("Муниципальное учреждение № 12", Some("МБДОУ № 12")), Kindergarten);
    }

    #[test]
    fn bodies_are_told_by_the_providers_list() {
        let kind = |agency: &str, name: &str| kind_of(PublicForm::Listed, Some(agency.parse().unwrap()), name, None);
        assert_eq!(kind("10.FED", "Министерство примеров Российской Федерации"), AuthorityKind::FederalMinistry);
        assert_eq!(kind("10", "Федеральная служба примеров"), AuthorityKind::FederalAgency);
        assert_eq!(kind("10", "Примерный районный суд"), AuthorityKind::CourtOtherStateBody);
        assert_eq!(kind("11.REG", "Министерство примеров Примерной области"), AuthorityKind::RegionalExecutive);
        assert_eq!(kind("12.LCL", "АДМИНИСТРАЦИЯ ГОРОДА ПРИМЕРНОГО"), AuthorityKind::MunicipalAdministration);
        assert_eq!(kind("12", "Управление образования администрации города Примерного"), AuthorityKind::MunicipalBody);
        assert_eq!(kind("13.PVD", "Примерный заповедник"), AuthorityKind::OtherStateInstitution);
        assert_eq!(kind("20.GOV", "Лицей № 1"), AuthorityKind::School);
        assert_eq!(kind("21.MCL", "Детский сад № 1"), AuthorityKind::Kindergarten);
        assert_eq!(kind("30.FND", "Фонд примеров"), AuthorityKind::ExtraBudgetaryFund);
        assert_eq!(kind("31", "Отделение фонда примеров"), AuthorityKind::ExtraBudgetaryFund);
        assert_eq!(kind("40.MFC", "Центр"), AuthorityKind::MultifunctionalCentre);
        assert_eq!(kind("41.LEG", "Дума"), AuthorityKind::RegionalLegislature);
        let enterprise = kind_of(PublicForm::Enterprise, Some(AgencyType::Local), "Школа примеров", None);
        assert_eq!(enterprise, AuthorityKind::UnitaryEnterprise);
    }

    #[test]
    fn without_a_list_the_owner_decides() {
        let kind = |owner, name| kind_of(PublicForm::Institution(owner), None, name, None);
        assert_eq!(kind(Owner::Federation, "Министерство примеров"), AuthorityKind::FederalMinistry);
        assert_eq!(kind(Owner::Region, "Министерство примеров"), AuthorityKind::RegionalExecutive);
        assert_eq!(kind(Owner::Municipality, "Администрация посёлка"), AuthorityKind::MunicipalAdministration);
        assert_eq!(kind(Owner::Federation, "Музей министерства примеров"), AuthorityKind::OtherStateInstitution);
        assert_eq!(kind(Owner::Region, "Примерный областной суд"), AuthorityKind::CourtOtherStateBody);
    }
}
