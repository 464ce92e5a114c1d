//! `idp.kind`, `idp.also` and `[idp.oidc]`: what each kind needs, and values that would undo a check.

use super::*;

const REGISTERED: &str = "[idp.oidc]\nissuer = \"https://idp.example\"\nclient_id = \"us\"\nclient_authentication = \"client_secret_post\"\nclient_secret = \"hunter2\"\n";

fn keys_of(toml: &str) -> Vec<String> {
    faults(toml, &[]).into_iter().map(|e| e.key).collect()
}

#[test]
fn each_kind_demands_its_own_and_nothing_of_the_other() {
    let needed = ["idp.oidc.issuer", "idp.oidc.client_id", "idp.oidc.private_key_file"];
    assert_eq!(keys_of("[idp]\nkind = \"oidc\""), needed);
    assert_eq!(keys_of("[idp]\nalso = [\"oidc\"]"), needed);
    let by_secret =
        "[idp]\nkind = \"oidc\"\n[idp.oidc]\nissuer = \"https://i\"\nclient_id = \"us\"\nclient_authentication = \"client_secret_basic\"";
    assert_eq!(keys_of(by_secret), ["idp.oidc.client_secret"]);

    let public = format!("public_url = \"https://badge.example.ru\"\n[keys]\nkek = \"{KEY_A}\"\npseudonym_key = \"{KEY_B}\"\n");
    let config = sound(&format!("{public}[idp]\nkind = \"oidc\"\n{REGISTERED}"), &[]);
    assert!(config.idp.kind == IdpKind::Oidc && !config.idp.uses(IdpKind::Esia));
    let both = keys_of(&format!("{public}[idp]\nkind = \"oidc\"\nalso = [\"esia\"]\n{REGISTERED}"));
    assert!(both.len() == 4 && both.iter().all(|k| k.starts_with("idp.esia.")), "{both:?}");
    assert!(sound(REGISTERED, &[("GOSBADGE__IDP__ALSO", "oidc")]).idp.kinds().eq([IdpKind::Esia, IdpKind::Oidc]));
}

#[test]
fn a_kind_stands_once() {
    for also in ["[\"esia\"]", "[\"oidc\", \"oidc\"]"] {
        assert_eq!(fault(&format!("[idp]\nalso = {also}\n{REGISTERED}")).key, "idp.also");
    }
}

#[test]
fn values_that_would_undo_a_check_are_refused() {
    for (line, key) in [
        ("algorithms = [\"HS256\"]", "algorithms"),
        ("algorithms = [\"none\"]", "algorithms"),
        ("algorithms = [\"rs256\"]", "algorithms"),
        ("algorithms = []", "algorithms"),
        ("scopes = [\"profile\"]", "scopes"),
        ("issuer = \"http://idp.example\"", "issuer"),
        ("client_authentication = \"none\"", "client_authentication"),
        ("client_authentication = \"tls_client_auth\"", "client_authentication"),
        ("leeway = \"10m\"", "leeway"),
        ("max_token_age = \"1d\"", "max_token_age"),
        ("authorize_parameters = [\"prompt\"]", "authorize_parameters"),
        ("[idp.oidc.claims]\nsubject = \"sub\"", "claims.subject"),
        ("[idp.oidc.claims]\nsubject = \"off\"", "claims.subject"),
        ("[idp.oidc.claims]\nconfirmed = \"off\"", "claims.confirmed"),
        ("[idp.oidc.claims]\nactive = \"off\"", "claims.active"),
        ("[idp.oidc.claims]\ninn = \"/a~2b\"", "claims.inn"),
        ("[idp.oidc.claims]\nchief = \"off\"\nadmin = \"off\"", "claims.admin"),
        ("[idp.oidc.claims]\nliquidated_values = []", "claims.liquidated_values"),
        ("[idp.oidc.claims]\ntype_business = [\"LEGAL\"]", "claims.type_business"),
    ] {
        assert_eq!(fault(&format!("[idp.oidc]\n{line}")).key, format!("idp.oidc.{key}"), "{line}");
    }
    let config =
        sound("[idp.oidc.claims]\nliquidated = \"off\"\ninn = \"/a~1b\"", &[("GOSBADGE__IDP__OIDC__CLAIMS__CHIEF_VALUES", "HEAD CHIEF")]);
    let c = &config.idp.oidc.claims;
    assert_eq!((c.liquidated.pointer.as_deref(), c.inn.as_deref(), c.chief.accepted.len()), (None, Some("/a~1b"), 2));
}

#[test]
fn what_weakens_a_sign_in_is_told() {
    let told = |toml: &str| sound(toml, &[]).warnings.join("\n");
    for (toml, word) in [
        ("[idp.esia]\nclient_id = \"TESTIS\"".to_owned(), Some("idp.esia: pkce")),
        ("[idp.esia]\nclient_id = \"TESTIS\"\nnonce = \"send\"".to_owned(), Some("idp.esia: pkce")),
        ("[idp.esia]\nclient_id = \"TESTIS\"\nnonce = \"require\"".to_owned(), None),
        ("[idp.esia]\nclient_id = \"TESTIS\"\npkce = \"S256\"".to_owned(), None),
        (format!("[idp]\nkind = \"oidc\"\n{REGISTERED}"), Some("idp.oidc.required_acr")),
        (format!("[idp]\nkind = \"oidc\"\n{REGISTERED}required_acr = [\"high\"]"), None),
        (REGISTERED.to_owned(), None),
    ] {
        let warnings = told(&toml);
        assert!(word.map_or(warnings.is_empty(), |w| warnings.contains(w)), "{toml}: {warnings}");
    }
}
