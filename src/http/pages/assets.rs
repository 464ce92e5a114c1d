//! Files the pages need, compiled in, each with its address and media type; and the headers that go with pages.

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

/// `Content-Security-Policy` of every page: nothing runs, nothing is framed, forms go to this host only.
pub const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `Cache-Control` of assets whose address carries their hash.
pub const CACHE_IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// `Cache-Control` of assets at a fixed address.
pub const CACHE_FIXED: &str = "public, max-age=86400";

/// Path of the badge picture, `logo_uri` of attestations.
pub const BADGE_PICTURE_PATH: &str = "/badge/v1.svg";

/// One file to serve.
pub struct Asset {
    /// Absolute path on this host.
    pub path: String,
    /// Media type.
    pub content_type: &'static str,
    /// Value of `Cache-Control`.
    pub cache_control: &'static str,
    /// The file.
    pub bytes: &'static [u8],
}

static STYLESHEET: &[u8] = include_bytes!("assets/style.css");
static FAVICON: &[u8] = include_bytes!("assets/favicon.svg");
static BADGE_PICTURE: &[u8] = include_bytes!("assets/badge-v1.svg");

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        hashed("css", "text/css; charset=utf-8", STYLESHEET),
        hashed("svg", "image/svg+xml", FAVICON),
        Asset { path: BADGE_PICTURE_PATH.to_owned(), content_type: "image/svg+xml", cache_control: CACHE_FIXED, bytes: BADGE_PICTURE },
    ]
});

/// Every file the pages link or attestations name.
pub fn assets() -> &'static [Asset] {
    ASSETS.as_slice()
}

pub(super) fn stylesheet_path() -> &'static str {
    &ASSETS[0].path
}

pub(super) fn favicon_path() -> &'static str {
    &ASSETS[1].path
}

fn hashed(extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Asset {
    let hash: String = Sha256::digest(bytes).iter().take(4).map(|b| format!("{b:02x}")).collect();
    Asset { path: format!("/assets/gosbadge.{hash}.{extension}"), content_type, cache_control: CACHE_IMMUTABLE, bytes }
}

/// `Content-Security-Policy` of pages whose form ends at a platform. Browsers apply `form-action` to every redirect after
/// the form too, so the platform and wherever it sends the person next must be allowed: any https address, and
/// `origins` (for neighbours on plain http in development).
pub fn content_security_policy_leaving(origins: &[String]) -> String {
    let plain = |origin: &&String| !origin.is_empty() && origin.bytes().all(|b| b.is_ascii_alphanumeric() || b":/.-[]".contains(&b));
    let extra: String = origins.iter().filter(plain).map(|origin| format!(" {origin}")).collect();
    CONTENT_SECURITY_POLICY.replace("form-action 'self'", &format!("form-action 'self' https:{extra}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_follow_the_bytes_and_the_stylesheet_stays_small() {
        assert!(STYLESHEET.len() < 14 * 1024, "{} bytes", STYLESHEET.len());
        let css = &assets()[0];
        assert_eq!(css.bytes, STYLESHEET);
        assert!(css.path.starts_with("/assets/gosbadge.") && css.path.ends_with(".css") && css.path.len() == 29, "{}", css.path);
        assert_ne!(stylesheet_path(), favicon_path());
        let text = String::from_utf8_lossy(STYLESHEET);
        assert!(!text.contains("url(") && !text.contains("@import"), "the stylesheet must fetch nothing");
    }

    #[test]
    fn a_leaving_form_names_its_platform_and_cannot_add_directives() {
        assert!(
            content_security_policy_leaving(&["http://127.0.0.1:8082".to_owned()])
                .contains("form-action 'self' https: http://127.0.0.1:8082;")
        );
        for odd in ["", "x; script-src *", "a b", "'unsafe-inline'"] {
            assert!(content_security_policy_leaving(&[odd.to_owned()]).contains("form-action 'self' https:;"), "{odd}");
        }
    }
}
