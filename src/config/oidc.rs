//! `[idp.oidc]` and `[idp.oidc.claims]`: typed settings, how they are read, and their rules. What they do is in
//! `settings_list/oidc.rs`.

use std::path::PathBuf;
use std::time::Duration;

use super::error::Fault;
use super::reader::{Reader, Wrong, shown, text};
use super::secret::Secret;

/// An OpenID Connect provider.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Oidc {
    /// Issuer, compared byte for byte. Absent only where the provider is not used, like `client_id`.
    pub issuer: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// Our id there.
    pub client_id: Option<String>,
    /// How we prove it.
    pub client_authentication: ClientMethod,
    /// The password of the two `client_secret` methods.
    pub client_secret: Option<Secret<String>>,
    /// The key of `private_key_jwt`, PEM.
    pub private_key_file: Option<PathBuf>,
    /// Its algorithm.
    pub private_key_algorithm: AssertionAlgorithm,
    /// Its `kid` at the provider.
    pub private_key_id: Option<String>,
    /// `aud` of the assertion.
    pub assertion_audience: AssertionAudience,
    /// Scopes asked for.
    pub scopes: Vec<String>,
    /// Further parameters of the authorization request.
    pub authorize_parameters: Vec<(String, String)>,
    /// Algorithms accepted of id tokens.
    pub algorithms: Vec<IdTokenAlgorithm>,
    /// Accepted `acr` values.
    pub required_acr: Vec<String>,
    /// Whether userinfo is read.
    pub userinfo: bool,
    /// Tolerated difference of clocks.
    pub leeway: Duration,
    /// Oldest id token accepted.
    pub max_token_age: Duration,
    /// Age at which the discovery document is read again.
    pub metadata_lifetime: Duration,
    /// Age at which the key set is read again.
    pub keys_lifetime: Duration,
    /// Limit of connecting.
    pub connect_timeout: Duration,
    /// Limit of one step of a login.
    pub timeout: Duration,
    /// Longest answer read.
    pub max_response_bytes: usize,
    /// Where the facts stand.
    pub claims: OidcClaims,
}

/// How a client authenticates at the token endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientMethod {
    /// A signed assertion.
    PrivateKeyJwt,
    /// A password in the header.
    SecretBasic,
    /// A password in the form.
    SecretPost,
}

/// Algorithm of our assertion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssertionAlgorithm {
    /// ECDSA on P-256.
    Es256,
    /// RSASSA-PKCS1-v1_5.
    Rs256,
    /// RSASSA-PSS.
    Ps256,
}

/// `aud` of our assertion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssertionAudience {
    /// The issuer.
    Issuer,
    /// The token endpoint.
    TokenEndpoint,
}

/// Algorithm of an id token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IdTokenAlgorithm {
    /// RSASSA-PKCS1-v1_5.
    Rs256,
    /// RSASSA-PSS.
    Ps256,
    /// ECDSA on P-256.
    Es256,
    /// ECDSA on P-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

/// A fact that is yes or no: where it stands and which values mean yes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OidcFlag {
    /// JSON pointer; `None` for `off`.
    pub pointer: Option<String>,
    /// Values that mean yes.
    pub accepted: Vec<String>,
}

/// JSON pointers by what they point at; `None` for `off`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "named and explained in settings_list/oidc.rs")]
pub struct OidcClaims {
    pub subject: String,
    pub confirmed: OidcFlag,
    pub organisations: String,
    pub id: String,
    pub ogrn: String,
    pub full_name: String,
    pub short_name: Option<String>,
    pub inn: Option<String>,
    pub kpp: Option<String>,
    pub okopf: Option<String>,
    pub oktmo: Option<String>,
    pub agency_type: Option<String>,
    pub agency_territory: Option<String>,
    pub org_type: Option<String>,
    pub type_agency: Vec<String>,
    pub type_legal: Vec<String>,
    pub type_business: Vec<String>,
    pub chief: OidcFlag,
    pub admin: OidcFlag,
    pub active: OidcFlag,
    pub liquidated: OidcFlag,
    pub branch_id: Option<String>,
    pub branch_name: Option<String>,
}

const ALGORITHMS: [(&str, IdTokenAlgorithm); 5] = [
    ("RS256", IdTokenAlgorithm::Rs256),
    ("PS256", IdTokenAlgorithm::Ps256),
    ("ES256", IdTokenAlgorithm::Es256),
    ("ES384", IdTokenAlgorithm::Es384),
    ("EdDSA", IdTokenAlgorithm::EdDsa),
];
const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Reads the section.
pub(super) fn read(r: &mut Reader) -> Oidc {
    let private_key_file = r.readable_file("idp.oidc.private_key_file");
    if let Some(path) = &private_key_file {
        r.warn_if_world_readable("idp.oidc.private_key_file", path);
    }
    let plain = |text: &str| Ok(text.to_owned());
    Oidc {
        issuer: r.optional("idp.oidc.issuer", "write the issuer exactly as it stands in the provider's discovery document", text),
        name: r.optional("idp.oidc.name", "write it as text in quotes", text),
        client_id: r.optional("idp.oidc.client_id", "write the id the provider registered for this service", text),
        client_authentication: r.choice(
            "idp.oidc.client_authentication",
            &[
                ("private_key_jwt", ClientMethod::PrivateKeyJwt),
                ("client_secret_basic", ClientMethod::SecretBasic),
                ("client_secret_post", ClientMethod::SecretPost),
            ],
        ),
        client_secret: r.secret("idp.oidc.client_secret").map(|(value, _)| Secret::new(value)),
        private_key_file,
        private_key_algorithm: r.choice(
            "idp.oidc.private_key_algorithm",
            &[("ES256", AssertionAlgorithm::Es256), ("RS256", AssertionAlgorithm::Rs256), ("PS256", AssertionAlgorithm::Ps256)],
        ),
        private_key_id: r.optional("idp.oidc.private_key_id", "write the kid registered at the provider", text),
        assertion_audience: r.choice(
            "idp.oidc.assertion_audience",
            &[("issuer", AssertionAudience::Issuer), ("token_endpoint", AssertionAudience::TokenEndpoint)],
        ),
        scopes: r.list("idp.oidc.scopes", "write a list of scopes such as [\"openid\", \"organizations\"]", plain),
        authorize_parameters: r.list("idp.oidc.authorize_parameters", "write a list such as [\"prompt=login\"]", |text| {
            let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
            let pair = pair.map(|(name, value)| (name.to_owned(), value.to_owned()));
            pair.ok_or_else(|| Wrong(Fault::BadValue, format!("{} is not NAME=VALUE", shown(text))))
        }),
        algorithms: r.list("idp.oidc.algorithms", "choose from RS256, PS256, ES256, ES384, EdDSA", |text| {
            let found = ALGORITHMS.iter().find(|(word, _)| *word == text).map(|(_, alg)| *alg);
            found.ok_or_else(|| Wrong(Fault::BadValue, format!("{} is not an algorithm id tokens may have here", shown(text))))
        }),
        required_acr: r.list("idp.oidc.required_acr", "write a list of acr values", plain),
        userinfo: r.flag("idp.oidc.userinfo"),
        leeway: r.duration("idp.oidc.leeway", Duration::ZERO..=2 * MINUTE),
        max_token_age: r.duration("idp.oidc.max_token_age", 10 * SECOND..=60 * MINUTE),
        metadata_lifetime: r.duration("idp.oidc.metadata_lifetime", MINUTE..=DAY),
        keys_lifetime: r.duration("idp.oidc.keys_lifetime", 10 * SECOND..=DAY),
        connect_timeout: r.duration("idp.oidc.connect_timeout", 100 * MILLI..=MINUTE),
        timeout: r.duration("idp.oidc.timeout", 100 * MILLI..=5 * MINUTE),
        max_response_bytes: r.number("idp.oidc.max_response_bytes", 4096..=16_777_216) as usize,
        claims: claims(r),
    }
}

fn claims(r: &mut Reader) -> OidcClaims {
    fn key(name: &str) -> String {
        format!("idp.oidc.claims.{name}")
    }
    fn needed(r: &mut Reader, name: &str) -> String {
        r.parsed(&key(name), "write a JSON pointer such as \"/sub\"; this one cannot be off", |t| pointer(t).map(str::to_owned))
    }
    fn optional(r: &mut Reader, name: &str) -> Option<String> {
        r.parsed(&key(name), "write a JSON pointer such as \"/inn\", or \"off\"", |t| {
            if t == "off" { Ok(None) } else { pointer(t).map(|p| Some(p.to_owned())) }
        })
    }
    fn words(r: &mut Reader, name: &str) -> Vec<String> {
        r.list(&key(name), "write a list of values such as [\"true\"]", |t| Ok(t.to_owned()))
    }
    fn flag(r: &mut Reader, name: &str, may_be_off: bool) -> OidcFlag {
        let pointer = if may_be_off { optional(r, name) } else { Some(needed(r, name)) };
        OidcFlag { pointer, accepted: words(r, &format!("{name}_values")) }
    }
    OidcClaims {
        subject: needed(r, "subject"),
        confirmed: flag(r, "confirmed", false),
        organisations: needed(r, "organisations"),
        id: needed(r, "id"),
        ogrn: needed(r, "ogrn"),
        full_name: needed(r, "full_name"),
        short_name: optional(r, "short_name"),
        inn: optional(r, "inn"),
        kpp: optional(r, "kpp"),
        okopf: optional(r, "okopf"),
        oktmo: optional(r, "oktmo"),
        agency_type: optional(r, "agency_type"),
        agency_territory: optional(r, "agency_territory"),
        org_type: optional(r, "type"),
        type_agency: words(r, "type_agency"),
        type_legal: words(r, "type_legal"),
        type_business: words(r, "type_business"),
        chief: flag(r, "chief", true),
        admin: flag(r, "admin", true),
        active: flag(r, "active", false),
        liquidated: flag(r, "liquidated", true),
        branch_id: optional(r, "branch_id"),
        branch_name: optional(r, "branch_name"),
    }
}

/// RFC 6901 §3. The empty pointer, the whole document, is never what is meant here.
fn pointer(text: &str) -> Result<&str, String> {
    let escapes_right = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if text.starts_with('/') && escapes_right { Ok(text) } else { Err(format!("{} is not a JSON pointer", shown(text))) }
}

/// Rules between settings. `used`: people can be sent to this provider.
pub(super) fn check(r: &mut Reader, o: &Oidc, used: bool, dev: bool) {
    if !o.scopes.iter().any(|scope| scope == "openid") {
        r.fail(Fault::BadValue, "idp.oidc.scopes", "lacks openid", "add \"openid\": without it there is no id token");
    }
    if o.algorithms.is_empty() {
        r.fail(Fault::BadValue, "idp.oidc.algorithms", "is empty", "name the algorithm the provider signs id tokens with");
    }
    let c = &o.claims;
    if c.chief.pointer.is_none() && c.admin.pointer.is_none() {
        r.fail(Fault::Conflict, "idp.oidc.claims.admin", "is off like `chief`", "point at one of them, or nobody can act for anybody");
    }
    let lists = [&c.type_agency, &c.type_legal, &c.type_business];
    let twice = |word: &String| lists.iter().filter(|l| l.contains(word)).count() > 1;
    if lists.iter().any(|l| l.iter().any(twice)) {
        r.fail(Fault::Conflict, "idp.oidc.claims.type_business", "shares a word with another type", "let each word mean one type");
    }
    if !o.issuer.as_deref().is_none_or(|i| i.starts_with("https://") || (dev && i.starts_with("http://"))) {
        r.fail(Fault::Conflict, "idp.oidc.issuer", "is not https", "use https; http is for a loopback provider with dev = true");
    }
    if c.liquidated.pointer.is_some() && c.liquidated.accepted.is_empty() {
        r.fail(
            Fault::Conflict,
            "idp.oidc.claims.liquidated_values",
            "is empty, so nothing would ever read as liquidated",
            "name the values that mean yes, or set liquidated = \"off\"",
        );
    }
    if used {
        if o.required_acr.is_empty() {
            r.warnings.push(
                "idp.oidc.required_acr: is empty, so the weakest sign-in the provider has is accepted, and attestations call it high assurance; \
                 name the levels that are"
                    .to_owned(),
            );
        }
        demand(r, o);
    }
}

/// There is no stand-in for this kind, so what it needs is needed everywhere.
fn demand(r: &mut Reader, o: &Oidc) {
    let by_key = o.client_authentication == ClientMethod::PrivateKeyJwt;
    let needed = [
        ("idp.oidc.issuer", o.issuer.is_some(), "write the issuer exactly as it stands in the provider's discovery document"),
        ("idp.oidc.client_id", o.client_id.is_some(), "write the id the provider registered for this service"),
        (
            "idp.oidc.private_key_file",
            !by_key || o.private_key_file.is_some(),
            "name the PEM key whose public half is registered at the provider, or choose another idp.oidc.client_authentication",
        ),
        ("idp.oidc.client_secret", by_key || o.client_secret.is_some(), "set it or idp.oidc.client_secret_file"),
    ];
    for (key, there, remedy) in needed {
        // A value that was given and is wrong has been told already.
        let told = r.errors.iter().any(|e| e.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest == "_file"));
        if !there && !told {
            r.fail(Fault::Missing, key, "is not given, and idp.kind or idp.also names oidc", remedy);
        }
    }
}
