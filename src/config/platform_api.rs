//! `[platform_api]` and a section per interface: typed settings, how they are read, and their rules. What they do is in
//! `settings_list/platform_api.rs`.

use std::path::PathBuf;
use std::time::Duration;

use super::error::Fault;
use super::reader::{Reader, shown, text};
use super::secret::Secret;

/// The platforms' own interfaces.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct PlatformApi {
    /// Limit of connecting.
    pub connect_timeout: Duration,
    /// Limit of one request.
    pub timeout: Duration,
    /// Longest answer read.
    pub max_response_bytes: usize,
    /// Pause between two looks at a community; zero: none.
    pub look_again: Duration,
    /// How long a badge stays suspended for a lost community before it ends.
    pub grace: Duration,
    /// VK, where a token is given.
    pub vk: Option<PlatformInterface>,
    /// Одноклассники, where an application is given.
    pub ok: Option<OkInterface>,
    /// MAX, where a token is given.
    pub max: Option<MaxInterface>,
}

/// What all interfaces have.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct PlatformInterface {
    /// Short name of the platform whose communities it tells of.
    pub platform: String,
    /// Where it is, without trailing slash.
    pub url: String,
    /// What addresses of communities begin with; their number follows.
    pub pages: String,
    /// Requests in a second.
    pub requests_per_second: u32,
    /// Our token, or the application's secret.
    pub token: Secret<String>,
}

/// Одноклассники.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct OkInterface {
    /// `token` is the application's secret key.
    pub interface: PlatformInterface,
    /// The application's public key.
    pub application_key: String,
    /// A permanent token, where the application works with one.
    pub access_token: Option<Secret<String>>,
}

/// MAX.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct MaxInterface {
    /// `token` is the bot's.
    pub interface: PlatformInterface,
    /// Further root certificates, PEM.
    pub root_certificate_file: Option<PathBuf>,
}

/// Reads the sections.
pub(super) fn read(r: &mut Reader, dev: bool) -> PlatformApi {
    const SECOND: Duration = Duration::from_secs(1);
    const DAY: Duration = Duration::from_secs(86_400);
    let vk = interface(r, "vk", "token", dev);
    let ok = interface(r, "ok", "application_secret", dev);
    let application_key = r.optional("platform_api.ok.application_key", "write the application's public key", text);
    let access_token = r.secret("platform_api.ok.access_token").map(|(value, _)| Secret::new(value));
    if ok.is_some() && application_key.is_none() {
        r.fail(
            Fault::Missing,
            "platform_api.ok.application_key",
            "is not given, and platform_api.ok.application_secret is",
            "write the application's public key, or remove the secret",
        );
    }
    let max = interface(r, "max", "token", dev);
    let root_certificate_file = r.readable_file("platform_api.max.root_certificate_file");
    PlatformApi {
        connect_timeout: r.duration("platform_api.connect_timeout", SECOND / 10..=60 * SECOND),
        timeout: r.duration("platform_api.timeout", SECOND / 10..=60 * SECOND),
        max_response_bytes: r.number("platform_api.max_response_bytes", 4096..=16_777_216) as usize,
        look_again: r.duration("platform_api.look_again", Duration::ZERO..=30 * DAY),
        grace: r.duration("platform_api.grace", DAY / 24..=90 * DAY),
        vk,
        ok: ok.zip(application_key).map(|(interface, application_key)| OkInterface { interface, application_key, access_token }),
        max: max.map(|interface| MaxInterface { interface, root_certificate_file }),
    }
}

/// One interface; none without its secret, but what else is given is checked all the same.
fn interface(r: &mut Reader, name: &str, secret: &str, dev: bool) -> Option<PlatformInterface> {
    let key = |setting: &str| format!("platform_api.{name}.{setting}");
    let address = |text: &str, ending: bool| -> Result<String, String> {
        let right = text.starts_with("https://") || (dev && text.starts_with("http://"));
        match () {
            () if !right => Err(format!("{} does not begin with https://", shown(text))),
            () if ending && text.ends_with('/') => Err(format!("{} ends with a slash", shown(text))),
            () => Ok(text.to_owned()),
        }
    };
    let platform = r.parsed(&key("platform"), "write the short name the platform is registered under", |text| {
        let good = text.len() >= 2 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if good { Ok(text.to_owned()) } else { Err(format!("{} is no short name of a platform", shown(text))) }
    });
    let url = r.parsed(&key("url"), "write an https address without a slash at its end", |text| address(text, true));
    let pages = r.parsed(&key("pages"), "write what addresses of communities begin with", |text| address(text, false));
    let requests_per_second = r.number(&key("requests_per_second"), 1..=100);
    let (token, given_as) = r.secret(&key(secret))?;
    // It goes into a header or a form as it is.
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        r.fail(Fault::BadValue, &given_as, "is not a token of visible ASCII characters", "write it exactly as the platform shows it");
        return None;
    }
    Some(PlatformInterface { platform, url, pages, requests_per_second, token: Secret::new(token) })
}
