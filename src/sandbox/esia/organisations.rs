//! The invented organisations: посёлок Примерный in Примерская область, which has no number of its own and borrows 99. Check digits
//! hold, nothing else about the numbers is real. Who works where is in `personas`.

/// An organisation's record at the stand-in.
pub struct Organisation {
    /// Its id at the stand-in.
    pub oid: u64,
    /// `AGENCY`, `LEGAL` or `BUSINESS`.
    pub org_type: &'static str,
    /// Full name.
    pub full_name: &'static str,
    /// Short name.
    pub short_name: &'static str,
    /// OGRN, or the 15 digits of a sole trader's OGRNIP.
    pub ogrn: &'static str,
    /// INN: 10 digits, a sole trader's 12.
    pub inn: &'static str,
    /// KPP; a sole trader has none.
    pub kpp: Option<&'static str>,
    /// OKOPF, ESIA's `leg`; empty for a sole trader.
    pub okopf: &'static str,
    /// OKTMO.
    pub oktmo: &'static str,
    /// ESIA's `agencyType`; only state and municipal bodies have one.
    pub agency_type: Option<&'static str>,
    /// Liquidated.
    pub liquidated: bool,
}

/// Code of the invented subject of the federation, ESIA's `agencyTerRange`.
pub(super) const TERRITORY: &str = "99";

const SETTLEMENT: &str = "99901101";
const REGION: &str = "99900000";

/// Registered as an ordinary legal entity, as many kindergartens are: only the legal form says what it is.
pub(super) static KINDERGARTEN: Organisation = Organisation {
    oid: 1_000_000_101,
    org_type: "LEGAL",
    full_name: "МУНИЦИПАЛЬНОЕ БЮДЖЕТНОЕ ДОШКОЛЬНОЕ ОБРАЗОВАТЕЛЬНОЕ УЧРЕЖДЕНИЕ \"ДЕТСКИЙ САД № 12 \"РОМАШКА\" ПОСЁЛКА ПРИМЕРНЫЙ",
    short_name: "МБДОУ \"ДЕТСКИЙ САД № 12 \"РОМАШКА\"",
    ogrn: "1029900001010",
    inn: "9901001013",
    kpp: Some("990101001"),
    okopf: "75403",
    oktmo: SETTLEMENT,
    agency_type: None,
    liquidated: false,
};

pub(super) static MINISTRY: Organisation = Organisation {
    oid: 1_000_000_202,
    org_type: "AGENCY",
    full_name: "МИНИСТЕРСТВО ОБРАЗОВАНИЯ ПРИМЕРСКОЙ ОБЛАСТИ",
    short_name: "МИНОБР ПРИМЕРСКОЙ ОБЛАСТИ",
    ogrn: "1029900002021",
    inn: "9901002024",
    kpp: Some("990101001"),
    okopf: "75204",
    oktmo: REGION,
    agency_type: Some("11.REG"),
    liquidated: false,
};

pub(super) static ADMINISTRATION: Organisation = Organisation {
    oid: 1_000_000_303,
    org_type: "AGENCY",
    full_name: "АДМИНИСТРАЦИЯ ПОСЁЛКА ПРИМЕРНЫЙ ПРИМЕРСКОЙ ОБЛАСТИ",
    short_name: "АДМИНИСТРАЦИЯ П. ПРИМЕРНЫЙ",
    ogrn: "1029900003033",
    inn: "9901003035",
    kpp: Some("990101001"),
    okopf: "75404",
    oktmo: SETTLEMENT,
    agency_type: Some("12.LCL"),
    liquidated: false,
};

pub(super) static SCHOOL: Organisation = Organisation {
    oid: 1_000_000_404,
    org_type: "AGENCY",
    full_name: "МУНИЦИПАЛЬНОЕ БЮДЖЕТНОЕ ОБЩЕОБРАЗОВАТЕЛЬНОЕ УЧРЕЖДЕНИЕ \"СРЕДНЯЯ ШКОЛА № 1 ПОСЁЛКА ПРИМЕРНЫЙ\"",
    short_name: "МБОУ \"СШ № 1 П. ПРИМЕРНЫЙ\"",
    ogrn: "1029900004045",
    inn: "9901004046",
    kpp: Some("990101001"),
    okopf: "75403",
    oktmo: SETTLEMENT,
    agency_type: Some("21.MCL"),
    liquidated: false,
};

pub(super) static CULTURE_HOUSE: Organisation = Organisation {
    oid: 1_000_000_505,
    org_type: "AGENCY",
    full_name: "МУНИЦИПАЛЬНОЕ АВТОНОМНОЕ УЧРЕЖДЕНИЕ КУЛЬТУРЫ \"ДОМ КУЛЬТУРЫ ПОСЁЛКА ПРИМЕРНЫЙ\"",
    short_name: "МАУК \"ДК П. ПРИМЕРНЫЙ\"",
    ogrn: "1029900005057",
    inn: "9901005057",
    kpp: Some("990101001"),
    okopf: "75401",
    oktmo: SETTLEMENT,
    agency_type: Some("21.MCL"),
    liquidated: false,
};

pub(super) static LIBRARY: Organisation = Organisation {
    oid: 1_000_000_606,
    org_type: "AGENCY",
    full_name: "МУНИЦИПАЛЬНОЕ КАЗЁННОЕ УЧРЕЖДЕНИЕ КУЛЬТУРЫ \"БИБЛИОТЕКА ПОСЁЛКА ПРИМЕРНЫЙ\"",
    short_name: "МКУК \"БИБЛИОТЕКА П. ПРИМЕРНЫЙ\"",
    ogrn: "1029900006069",
    inn: "9901006068",
    kpp: Some("990101001"),
    okopf: "75404",
    oktmo: SETTLEMENT,
    agency_type: Some("21.MCL"),
    liquidated: true,
};

pub(super) static PRIVATE_SCHOOL: Organisation = Organisation {
    oid: 1_000_000_707,
    org_type: "LEGAL",
    full_name: "ЧАСТНОЕ ОБЩЕОБРАЗОВАТЕЛЬНОЕ УЧРЕЖДЕНИЕ \"ПРИМЕРНАЯ ГИМНАЗИЯ\"",
    short_name: "ЧОУ \"ПРИМЕРНАЯ ГИМНАЗИЯ\"",
    ogrn: "1029900007070",
    inn: "9901007079",
    kpp: Some("990101001"),
    okopf: "75500",
    oktmo: SETTLEMENT,
    agency_type: None,
    liquidated: false,
};

pub(super) static SOLE_TRADER: Organisation = Organisation {
    oid: 1_000_000_808,
    org_type: "BUSINESS",
    full_name: "ИНДИВИДУАЛЬНЫЙ ПРЕДПРИНИМАТЕЛЬ ПРИМЕРНЫЙ ПЁТР ПЕТРОВИЧ",
    short_name: "ИП ПРИМЕРНЫЙ П. П.",
    ogrn: "321990000007077",
    inn: "990100800877",
    kpp: None,
    okopf: "",
    oktmo: SETTLEMENT,
    agency_type: None,
    liquidated: false,
};
