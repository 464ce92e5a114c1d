//! Reads each setting with its limits and checks the rules between settings.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::{Host, Url};

use super::error::{ConfigErrors, Fault};
use super::model::{
    Admin, Application, Attestation, Config, Database, Esia, EsiaGeneration, Evidence, Http, Idp, IdpKind, Jobs, Keys, Log, LogFormat,
    Login, NonceMode, OrganisationRoute, PkceMode, Status, TokenAlgorithm, Transparency, WitnessAddress,
};
use super::network::Network;
use super::reader::{Reader, Wrong, shown, text};
use super::secret::Secret;
use super::{federation, oauth, oidc, platform_api, platform_events, platform_oauth, site, webhooks};

pub(super) fn validate(mut r: Reader) -> Result<Config, ConfigErrors> {
    let data_dir: PathBuf = r.text("data_dir", "name a directory").into();
    let dev = r.flag("dev");
    let mut config = Config {
        public_url: r.parsed(
            "public_url",
            "write an origin such as \"https://badge.example.ru\"; http only for loopback addresses",
            public_url,
        ),
        listen: listener(&mut r, "listen"),
        dev,
        admin: Admin { listen: listener(&mut r, "admin.listen") },
        log: log(&mut r),
        database: database(&mut r, &data_dir),
        keys: keys(&mut r),
        idp: idp(&mut r),
        login: Login { lifetime: r.duration("login.lifetime", MINUTE..=HOUR) },
        application: Application {
            lifetime: r.duration("application.lifetime", 15 * MINUTE..=30 * DAY),
            portal_lifetime: r.duration("application.portal_lifetime", HOUR..=90 * DAY),
            portal_sign_in_lifetime: r.duration("application.portal_sign_in_lifetime", 15 * MINUTE..=30 * DAY),
            handover: r.choice("application.handover", &[("supersede", true), ("refuse", false)]),
        },
        oauth: oauth::read(&mut r),
        attestation: Attestation {
            lifetime: r.duration("attestation.lifetime", HOUR..=90 * DAY),
            renew_before: r.duration("attestation.renew_before", Duration::ZERO..=45 * DAY),
            confirmation_lifetime: r.duration("attestation.confirmation_lifetime", DAY..=1100 * DAY),
        },
        status: status(&mut r),
        federation: federation::read(&mut r),
        transparency: transparency(&mut r),
        platform_api: platform_api::read(&mut r, dev),
        vk_oauth: platform_oauth::read(&mut r, dev),
        site: site::read(&mut r),
        platform_events: platform_events::read(&mut r),
        webhooks: webhooks::read(&mut r),
        jobs: Jobs { in_process: r.flag("jobs.in_process"), poll_interval: r.duration("jobs.poll_interval", 10 * MILLI..=MINUTE) },
        evidence: Evidence { retention: r.duration("evidence.retention", DAY..=3650 * DAY) },
        http: http(&mut r),
        data_dir,
        warnings: Vec::new(),
    };
    check_together(&mut r, &config);
    if !r.errors.is_empty() {
        return Err(ConfigErrors(r.errors));
    }
    config.warnings = r.warnings;
    Ok(config)
}

const MILLI: Duration = Duration::from_millis(1);
pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);
const UP_TO_A_MINUTE: RangeInclusive<Duration> = Duration::from_millis(100)..=MINUTE;

fn listener(r: &mut Reader, key: &str) -> SocketAddr {
    r.parsed(key, "write an address and a port, such as \"127.0.0.1:8080\" or \"[::]:8080\"", |text| {
        text.parse().map_err(|_| format!("{} is not an address with a port", shown(text)))
    })
}

fn log(r: &mut Reader) -> Log {
    let format = r.choice("log.format", &[("human", LogFormat::Human), ("json", LogFormat::Json)]);
    let level = r.parsed("log.level", "write error, warn, info, debug, trace, or a filter such as \"info,gosbadge=debug\"", |text| {
        let filter = tracing_subscriber::EnvFilter::builder().parse(text);
        filter.map(|_| text.to_owned()).map_err(|error| format!("{} is not a filter: {error}", shown(text)))
    });
    Log { format, level }
}

fn database(r: &mut Reader, data_dir: &Path) -> Database {
    let pool_size = r.number("database.pool_size", 1..=256);
    let url = match r.secret("database.url") {
        None => format!("sqlite:{}", data_dir.join("gosbadge.db").display()),
        Some((url, key)) => {
            let known = ["sqlite:", "postgres://", "postgresql://"]
                .iter()
                .any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
            if !known {
                // The value is not quoted: it may hold a password.
                r.fail(Fault::BadValue, &key, "is not a database address", "write sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME");
            }
            url
        }
    };
    Database { url: Secret::new(url), pool_size }
}

fn keys(r: &mut Reader) -> Keys {
    let kek = r.secret("keys.kek").map(|(text, key)| key_list(r, &text, &key)).unwrap_or_default();
    let pseudonym_key = r.secret("keys.pseudonym_key").and_then(|(text, key)| {
        let mut list = key_list(r, &text, &key);
        if list.len() > 1 {
            r.fail(Fault::BadValue, &key, "holds several keys", "write one key: with a second one everybody would become a stranger");
        }
        list.pop()
    });
    Keys { kek, pseudonym_key, publish_before: r.duration("keys.publish_before", Duration::ZERO..=30 * DAY) }
}

/// Base64 keys of 32 bytes separated by white space. Problems are told by position, never by content.
fn key_list(r: &mut Reader, text: &str, key: &str) -> Vec<Secret<[u8; 32]>> {
    const REMEDY: &str = "write base64 of 32 random bytes, as `openssl rand -base64 32` prints it";
    let mut list: Vec<Secret<[u8; 32]>> = Vec::new();
    for (at, word) in text.split_whitespace().enumerate() {
        match STANDARD.decode(word).map(<[u8; 32]>::try_from) {
            Ok(Ok(bytes)) if bytes.iter().all(|b| *b == bytes[0]) => {
                r.fail(Fault::BadValue, key, format!("key {} is one byte repeated", at + 1), REMEDY)
            }
            Ok(Ok(bytes)) if list.iter().any(|seen| *seen.expose() == bytes) => {
                r.fail(Fault::BadValue, key, format!("key {} is there twice", at + 1), "list each key once");
            }
            Ok(Ok(bytes)) => list.push(Secret::new(bytes)),
            Ok(Err(bytes)) => r.fail(Fault::BadValue, key, format!("key {} has {} bytes", at + 1, bytes.len()), REMEDY),
            Err(_) => r.fail(Fault::BadValue, key, format!("key {} is not base64", at + 1), REMEDY),
        }
    }
    if text.trim().is_empty() {
        r.fail(Fault::BadValue, key, "is empty", REMEDY);
    }
    list
}

fn idp(r: &mut Reader) -> Idp {
    const KINDS: [(&str, IdpKind); 2] = [("esia", IdpKind::Esia), ("oidc", IdpKind::Oidc)];
    Idp {
        kind: r.choice("idp.kind", &KINDS),
        also: r.list("idp.also", "write a list such as [\"oidc\"]", |text| {
            let found = KINDS.iter().find(|(word, _)| *word == text).map(|(_, kind)| *kind);
            found.ok_or_else(|| Wrong(Fault::BadValue, format!("{} is not a kind of identity provider", shown(text))))
        }),
        esia: esia(r),
        oidc: oidc::read(r),
    }
}

fn esia(r: &mut Reader) -> Esia {
    let plain = |text: &str| Ok(text.to_owned());
    let private_key_file = r.readable_file("idp.esia.private_key_file");
    if let Some(path) = &private_key_file {
        r.warn_if_world_readable("idp.esia.private_key_file", path);
    }
    Esia {
        base_url: r.parsed("idp.esia.base_url", "write an origin such as \"https://esia.gosuslugi.ru\"", origin),
        client_id: r.optional("idp.esia.client_id", "write the mnemonic as text in quotes", text),
        generation: r.choice("idp.esia.generation", &[("v1", EsiaGeneration::V1), ("v2", EsiaGeneration::V2)]),
        certificate_file: r.readable_file("idp.esia.certificate_file"),
        private_key_file,
        trusted_certificate_files: r.readable_files("idp.esia.trusted_certificate_files"),
        token_algorithm: r.choice(
            "idp.esia.token_algorithm",
            &[("RS256", TokenAlgorithm::Rs256), ("GOST3410_2012_256", TokenAlgorithm::Gost3410_2012_256)],
        ),
        issuer: r.text("idp.esia.issuer", "write the issuer exactly as it stands in ESIA's tokens"),
        scopes: r.list("idp.esia.scopes", "write a list of scopes such as [\"openid\", \"usr_org\"]", plain),
        organisation_route: r.choice(
            "idp.esia.organisation_route",
            &[
                ("roles", OrganisationRoute::Roles),
                ("client_credentials", OrganisationRoute::ClientCredentials),
                ("scope_org", OrganisationRoute::ScopeOrg),
            ],
        ),
        pkce: r.choice("idp.esia.pkce", &[("off", PkceMode::Off), ("S256", PkceMode::S256), ("GOST3411", PkceMode::Gost3411)]),
        nonce: r.choice("idp.esia.nonce", &[("off", NonceMode::Off), ("send", NonceMode::Send), ("require", NonceMode::Require)]),
        connect_timeout: r.duration("idp.esia.connect_timeout", UP_TO_A_MINUTE),
        timeout: r.duration("idp.esia.timeout", 100 * MILLI..=5 * MINUTE),
        leeway: r.duration("idp.esia.leeway", Duration::ZERO..=5 * MINUTE),
        max_response_bytes: r.number("idp.esia.max_response_bytes", 4096..=16_777_216) as usize,
    }
}

fn status(r: &mut Reader) -> Status {
    Status {
        ttl: r.duration("status.ttl", SECOND..=DAY),
        expires_after: r.duration("status.expires_after", MINUTE..=30 * DAY),
        list_size: r.number("status.list_size", 1024..=1_048_576),
        refresh_interval: r.duration("status.refresh_interval", 10 * MILLI..=MINUTE),
        max_view_age: r.duration("status.max_view_age", SECOND..=10 * MINUTE),
    }
}

fn transparency(r: &mut Reader) -> Transparency {
    Transparency {
        interval: r.duration("transparency.interval", 10 * MILLI..=HOUR),
        witnesses: r.list("transparency.witnesses", "write a list of \"https://ADDRESS#KEY\"", |text| {
            witness(text).map_err(|error| Wrong(Fault::BadValue, error))
        }),
    }
}

fn witness(text: &str) -> Result<WitnessAddress, String> {
    let (url, key) = text.split_once('#').ok_or_else(|| format!("{} has no key after a #", shown(text)))?;
    let parsed = Url::parse(url).map_err(|error| format!("{} is not an address: {error}", shown(url)))?;
    let safe = parsed.scheme() == "https" || (parsed.scheme() == "http" && is_loopback(url));
    if !safe || parsed.query().is_some() || !parsed.username().is_empty() {
        return Err(format!("{} is not an https address without query and user name", shown(url)));
    }
    Ok(WitnessAddress { url: url.trim_end_matches('/').to_owned(), key: key.to_owned() })
}

fn http(r: &mut Reader) -> Http {
    Http {
        trusted_proxies: r.list("http.trusted_proxies", "write a list such as [\"10.0.0.0/8\", \"192.0.2.7\"]", |text| {
            text.parse::<Network>().map_err(|error| Wrong(Fault::BadValue, format!("{} is {error}", shown(text))))
        }),
        workers: r.optional_number("http.workers", 1..=1024).map(|n| n as usize),
        client_timeout: r.duration("http.client_timeout", UP_TO_A_MINUTE),
        body_timeout: r.duration("http.body_timeout", UP_TO_A_MINUTE),
        keep_alive: r.duration("http.keep_alive", SECOND..=10 * MINUTE),
    }
}

/// An origin and nothing else: the text must be what URL parsing makes of it, so that comparing it as text is enough.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("{} is not an address: {error}", shown(text)))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(format!("{} is neither https nor http", shown(text)));
    }
    let origin = url.origin().ascii_serialization();
    // Credentials are not in an origin; quoting the whole text would show them.
    if origin == text { Ok(origin) } else { Err(format!("is more than an origin, or written otherwise than {}", shown(origin))) }
}

fn public_url(text: &str) -> Result<String, String> {
    let origin = origin(text)?;
    if origin.starts_with("http://") && !is_loopback(&origin) {
        return Err(format!("{} is http, and not a loopback address", shown(text)));
    }
    Ok(origin)
}

/// Whether an origin can only mean this machine.
fn is_loopback(origin: &str) -> bool {
    let url = Url::parse(origin).ok();
    match url.as_ref().and_then(Url::host) {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        // RFC 6761 section 6.3: these names always mean loopback.
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Rules between settings.
fn check_together(r: &mut Reader, c: &Config) {
    let local = is_loopback(&c.public_url);
    if c.dev && !local {
        r.fail(Fault::Conflict, "dev", format!("development mode with the public address {}", c.public_url), "set dev = false");
    }
    if c.listen == c.admin.listen && c.listen.port() != 0 {
        r.fail(Fault::Conflict, "admin.listen", "is the same as the public `listen`", "give it a port of its own");
    }
    if !c.admin.listen.ip().is_loopback() {
        r.warnings.push(format!("admin.listen: {} can be reached from other machines; keep it on a management network", c.admin.listen));
    }
    check_providers(r, c);
    oauth::check(r, c);
    if c.login.lifetime > c.application.lifetime {
        r.fail(Fault::Conflict, "login.lifetime", "is longer than application.lifetime", "make it shorter");
    }
    if c.status.ttl > c.status.expires_after {
        r.fail(
            Fault::Conflict,
            "status.ttl",
            "is longer than status.expires_after",
            "make it shorter: lists would expire before they are asked for",
        );
    }
    // A nonce that is only sent protects nobody: an id_token without it is accepted.
    if c.idp.esia.pkce == PkceMode::Off
        && c.idp.esia.nonce != NonceMode::Require
        && c.idp.esia.client_id.is_some()
        && c.idp.uses(IdpKind::Esia)
    {
        r.warnings.push(
            "idp.esia: pkce is off and nonce is not \"require\", so a stolen code could be slipped into another person's login; turn on what your registration allows"
                .to_owned(),
        );
    }
    if !c.status.list_size.is_multiple_of(4) {
        r.fail(
            Fault::BadValue,
            "status.list_size",
            format!("{} is not a multiple of 4", c.status.list_size),
            "entries have two bits and fill whole bytes",
        );
    }
    if c.status.refresh_interval >= c.status.max_view_age {
        r.fail(Fault::Conflict, "status.refresh_interval", "is not below status.max_view_age", "make it shorter, or every answer is 503");
    }
    if !local {
        demand_what_the_public_needs(r, c);
    }
}

/// Rules about the identity providers.
fn check_providers(r: &mut Reader, c: &Config) {
    if c.idp.kinds().any(|kind| c.idp.kinds().filter(|k| *k == kind).count() > 1) {
        r.fail(Fault::Conflict, "idp.also", "names a kind twice, or the one of idp.kind", "name each other kind once");
    }
    oidc::check(r, &c.idp.oidc, c.idp.uses(IdpKind::Oidc), c.dev);
    let esia = &c.idp.esia;
    if esia.base_url.starts_with("http://") && !(c.dev && is_loopback(&esia.base_url)) {
        r.fail(Fault::Conflict, "idp.esia.base_url", "is http", "use https; http is for a loopback stand-in with dev = true");
    }
    if esia.organisation_route == OrganisationRoute::ScopeOrg && esia.generation == EsiaGeneration::V1 {
        r.fail(
            Fault::Conflict,
            "idp.esia.organisation_route",
            "scope_org does not exist in generation v1",
            "use generation = \"v2\" or another route",
        );
    }
    if !esia.scopes.iter().any(|scope| scope == "openid") {
        r.fail(Fault::BadValue, "idp.esia.scopes", "lacks openid", "add \"openid\": without it nobody is identified");
    }
}

/// A service the world can reach never runs on generated keys or without its identity provider.
fn demand_what_the_public_needs(r: &mut Reader, c: &Config) {
    let esia = &c.idp.esia;
    let unused = !c.idp.uses(IdpKind::Esia);
    let needed = [
        ("keys.kek", !c.keys.kek.is_empty(), "set it or keys.kek_file; make one with `openssl rand -base64 32`"),
        (
            "keys.pseudonym_key",
            c.keys.pseudonym_key.is_some(),
            "set it or keys.pseudonym_key_file; make one with `openssl rand -base64 32`",
        ),
        ("idp.esia.client_id", unused || esia.client_id.is_some(), "write the mnemonic of the system registered at ESIA"),
        ("idp.esia.certificate_file", unused || esia.certificate_file.is_some(), "name the certificate registered at ESIA"),
        ("idp.esia.private_key_file", unused || esia.private_key_file.is_some(), "name the private key of that certificate"),
        (
            "idp.esia.trusted_certificate_files",
            unused || !esia.trusted_certificate_files.is_empty(),
            "name the certificates that sign ESIA's tokens",
        ),
    ];
    for (key, there, remedy) in needed {
        // A value that was given and is wrong has been told already.
        let told = r.errors.iter().any(|e| e.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest == "_file"));
        if !there && !told {
            r.fail(Fault::Missing, key, "is not given, and public_url is not a loopback address", remedy);
        }
    }
}
