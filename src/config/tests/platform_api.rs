//! `[platform_api]`: off without a secret, and what each interface needs.

use super::*;

fn keys_of(toml: &str) -> Vec<String> {
    faults(toml, &[]).into_iter().map(|e| e.key).collect()
}

#[test]
fn no_interface_is_used_without_its_secret() {
    let nothing = sound("[platform_api.vk]\nrequests_per_second = 20\n[platform_api.ok]\napplication_key = \"K\"", &[]).platform_api;
    assert!(nothing.vk.is_none() && nothing.ok.is_none() && nothing.max.is_none());
    let vk = sound("[platform_api.vk]\ntoken = \"vk1.a.T\"", &[]).platform_api.vk.unwrap();
    assert_eq!((vk.platform.as_str(), vk.url.as_str(), vk.requests_per_second), ("vk", "https://api.vk.com", 3));
    let by_variable = sound("", &[("GOSBADGE__PLATFORM_API__MAX__TOKEN", "bot"), ("GOSBADGE__PLATFORM_API__MAX__PLATFORM", "max-test")]);
    assert_eq!(by_variable.platform_api.max.unwrap().interface.platform, "max-test");
    let ok =
        sound("[platform_api.ok]\napplication_key = \"K\"\napplication_secret = \"S\"\naccess_token = \"T\"", &[]).platform_api.ok.unwrap();
    assert_eq!((ok.application_key.as_str(), ok.interface.token.expose().as_str()), ("K", "S"));
}

#[test]
fn what_is_missing_or_would_send_a_secret_in_clear_is_refused() {
    assert_eq!(keys_of("[platform_api.ok]\napplication_secret = \"S\""), ["platform_api.ok.application_key"]);
    for (line, key) in [
        ("vk]\nurl = \"http://api.vk.com\"", "vk.url"),
        ("vk]\nurl = \"https://api.vk.com/\"", "vk.url"),
        ("vk]\npages = \"http://vk.com/club\"", "vk.pages"),
        ("vk]\nrequests_per_second = 0", "vk.requests_per_second"),
        ("vk]\nplatform = \"ВК\"", "vk.platform"),
        ("vk]\ntoken = \"a b\"", "vk.token"),
        ("max]\ntoken = \"t\\r\\nx: y\"", "max.token"),
        ("max]\nroot_certificate_file = \"/nowhere.pem\"", "max.root_certificate_file"),
        ("ok]\naccess_token_file = \"/nowhere\"", "ok.access_token_file"),
    ] {
        assert_eq!(fault(&format!("[platform_api.{line}\n")).key, format!("platform_api.{key}"), "{line}");
    }
    // In development the stand-ins speak plain http.
    assert_eq!(
        keys_of("dev = true\n[platform_api.vk]\nurl = \"http://127.0.0.1:1\"\npages = \"http://127.0.0.1:1/club\""),
        Vec::<String>::new()
    );
}
