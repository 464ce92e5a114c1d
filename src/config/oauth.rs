//! `[oauth]`: reads the settings of the authorization server for platforms and checks their rules.

use super::error::Fault;
use super::model::{Config, Mtls, Oauth};
use super::reader::{Reader, Wrong, text};
use super::validate::{DAY, MINUTE, SECOND, origin};

pub(super) fn read(r: &mut Reader) -> Oauth {
    Oauth {
        request_uri_lifetime: r.duration("oauth.request_uri_lifetime", 5 * SECOND..=600 * SECOND),
        code_lifetime: r.duration("oauth.code_lifetime", 5 * SECOND..=10 * MINUTE),
        access_token_lifetime: r.duration("oauth.access_token_lifetime", 30 * SECOND..=DAY),
        mtls: mtls(r),
    }
}

fn mtls(r: &mut Reader) -> Option<Mtls> {
    let on = r.flag("oauth.mtls");
    let ca_files = r.readable_files("oauth.mtls_ca_files");
    let origin = r.optional("oauth.mtls_url", "write an origin such as \"https://mtls.badge.example.ru\"", |given| {
        text(given).and_then(|t| origin(&t).map_err(|e| Wrong(Fault::BadValue, e)))
    });
    for key in ["oauth.mtls_ca_files", "oauth.mtls_url"] {
        if !on && r.is_given(key) {
            r.warnings.push(format!("{key}: is given and changes nothing, because oauth.mtls is false"));
        }
    }
    on.then_some(Mtls { ca_files, origin })
}

pub(super) fn check(r: &mut Reader, c: &Config) {
    if c.oauth.mtls.is_some() && c.http.trusted_proxies.is_empty() {
        r.fail(
            Fault::Conflict,
            "oauth.mtls",
            "is on, and no proxy is trusted to say whose certificate it is",
            "name the proxy in http.trusted_proxies",
        );
    }
}
