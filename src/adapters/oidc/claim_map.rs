//! Where the facts stand in a provider's claims: JSON pointers (RFC 6901), and the values that mean yes. Providers agree on
//! nothing beyond `sub`, so all of it is the operator's to say; the defaults fit the sample in the README.

/// A JSON pointer into the merged claims, or into one organisation: `/organizations`, `/branch/id`.
pub type Pointer = String;

/// A yes-or-no fact: where it stands, and which values mean yes. Everything else, silence too, means no.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flag {
    /// Where; text, number, boolean, or a list of them of which one has to be accepted.
    pub pointer: Pointer,
    /// Accepted values as text; `true` accepts the boolean and the word.
    pub accepted: Vec<String>,
}

/// Where each fact stands. `None` is: the provider never says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClaimMap {
    /// The person's stable id.
    pub subject: Pointer,
    /// The provider confirmed the person's identity.
    pub confirmed: Flag,
    /// A list of organisations, or the only one.
    pub organisations: Pointer,
    /// In an organisation: its id at the provider, unique in the list.
    pub id: Pointer,
    /// OGRN.
    pub ogrn: Pointer,
    /// Full name.
    pub full_name: Pointer,
    /// Short name.
    pub short_name: Option<Pointer>,
    /// INN.
    pub inn: Option<Pointer>,
    /// KPP.
    pub kpp: Option<Pointer>,
    /// Legal form.
    pub okopf: Option<Pointer>,
    /// Territory.
    pub oktmo: Option<Pointer>,
    /// Kind of state body, in ESIA's words.
    pub agency_type: Option<Pointer>,
    /// Subject of the federation, two digits.
    pub agency_territory: Option<Pointer>,
    /// Kind of organisation.
    pub org_type: Option<Pointer>,
    /// Words for a state or municipal body.
    pub agency_words: Vec<String>,
    /// Words for any other legal entity.
    pub legal_words: Vec<String>,
    /// Words for a sole trader.
    pub business_words: Vec<String>,
    /// The person heads it.
    pub chief: Option<Flag>,
    /// The person administers its profile.
    pub admin: Option<Flag>,
    /// The person is not blocked in it.
    pub active: Flag,
    /// It is liquidated. Where named, each organisation has to say so or not: its silence fails the login.
    pub liquidated: Option<Flag>,
    /// Id of the person's branch.
    pub branch_id: Option<Pointer>,
    /// Name of the person's branch.
    pub branch_name: Option<Pointer>,
}

impl ClaimMap {
    /// First segments of the pointers into the merged claims: the members a login is decided by.
    pub(super) fn members(&self) -> impl Iterator<Item = &str> {
        [&self.subject, &self.confirmed.pointer, &self.organisations].into_iter().filter_map(|p| p.strip_prefix('/')?.split('/').next())
    }
}
