//! `[platform_oauth.vk]`: signing in at VK to prove control of a community.

use super::catalogue::{Section, Setting, optional, secret, set};
use super::error::Fault;
use super::reader::{Reader, shown};
use super::secret::Secret;

/// Our registration at VK ID.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct VkOauth {
    /// Short name of the platform here.
    pub platform: String,
    /// Number of the application.
    pub client_id: String,
    /// Its secret, where it is a confidential one.
    pub client_secret: Option<Secret<String>>,
    /// VK ID, without trailing slash.
    pub url: String,
    /// VK's API, without trailing slash.
    pub api_url: String,
}

pub(super) const SECTION: Section = Section {
    name: "platform_oauth.vk",
    about: "Signing in at VK (VK ID) to prove control of a community. Offered where client_id is given.",
    settings: &SETTINGS,
};

const SETTINGS: [Setting; 5] = [
    set("platform", "\"vk\"", "Short name under which VK is registered here."),
    optional(
        "client_id",
        "\"51000000\"",
        "Number of an application registered at VK ID, with the address public_url + /oauth/platform/vk/callback and access to communities.",
    ),
    secret("client_secret", "\"SECRETKEY\"", "Its secret, where VK ID wants one. PKCE protects the sign-in with and without it."),
    set("url", "\"https://id.vk.ru\"", "Where VK ID is, without a slash at the end. People are sent there."),
    set("api_url", "\"https://api.vk.com\"", "Where VK's API is, asked once with the person's own token, which is handed back at once."),
];

pub(super) fn read(r: &mut Reader, dev: bool) -> Option<VkOauth> {
    let address = |text: &str| match () {
        () if !(text.starts_with("https://") || dev && text.starts_with("http://")) => {
            Err(format!("{} does not begin with https://", shown(text)))
        }
        () if text.ends_with('/') => Err(format!("{} ends with a slash", shown(text))),
        () => Ok(text.to_owned()),
    };
    let remedy = "write an https address without a slash at its end";
    let url = r.parsed("platform_oauth.vk.url", remedy, address);
    let api_url = r.parsed("platform_oauth.vk.api_url", remedy, address);
    let platform = r.text("platform_oauth.vk.platform", "write the short name the platform is registered under");
    let client_secret = r.secret("platform_oauth.vk.client_secret").map(|(value, _)| Secret::new(value));
    let client_id = r.optional("platform_oauth.vk.client_id", "write the number VK ID shows", super::reader::text);
    match client_id {
        Some(client_id) => Some(VkOauth { platform, client_id, client_secret, url, api_url }),
        None => {
            if client_secret.is_some() {
                let remedy = "write the application's number";
                r.fail(Fault::Conflict, "platform_oauth.vk.client_id", "is not given, and platform_oauth.vk.client_secret is", remedy);
            }
            None
        }
    }
}
