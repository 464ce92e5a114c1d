//! Every kind of fault, the precedence of sources, and the default file.

mod oidc;
mod platform_api;

use std::fs;
use std::time::Duration;

use tempfile::TempDir;

use super::*;

const KEY_A: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const KEY_B: &str = "HxAREhMUFRYXGBkaGxwdHgABAgMEBQYHCAkKCwwNDg8=";

/// Loads a file with this text and these variables.
fn load_both(toml: &str, env: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("gosbadge.toml");
    fs::write(&path, toml).unwrap();
    load(Some(&path), env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
}

fn sound(toml: &str, env: &[(&str, &str)]) -> Config {
    load_both(toml, env).unwrap_or_else(|errors| panic!("{errors}"))
}

fn faults(toml: &str, env: &[(&str, &str)]) -> Vec<ConfigError> {
    load_both(toml, env).err().map(|errors| errors.0).unwrap_or_default()
}

/// The one fault of a file.
fn fault(toml: &str) -> ConfigError {
    let mut all = faults(toml, &[]);
    assert_eq!(all.len(), 1, "{toml}: {all:?}");
    all.remove(0)
}

#[test]
fn nothing_given_is_sound_and_is_what_the_default_file_says() {
    let nothing = load(None, std::iter::empty()).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(nothing == sound(&Config::default_toml(), &[]));
    assert_eq!(nothing.public_url, "http://127.0.0.1:8080");
    assert_eq!(nothing.attestation.lifetime, Duration::from_secs(90 * 86_400));
    assert_eq!(nothing.database.url.expose(), "sqlite:./var/gosbadge.db");
    assert!(nothing.warnings.is_empty());
}

#[test]
fn the_default_file_is_sound_with_every_line_uncommented_too() {
    // Files and keys in the examples do not exist here; everything else must be accepted.
    let uncommented: String = Config::default_toml()
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|l| l.split_once(" = ").is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')))
                .unwrap_or(line)
        })
        .fold(String::new(), |all, line| all + line + "\n");
    for error in faults(&uncommented, &[]) {
        assert!(matches!(error.fault, Fault::Unreadable | Fault::Conflict) && error.key.contains("_file"), "{error}");
    }
    assert!(uncommented.contains("\nworkers = 2") && uncommented.contains("\nkek_file = "));
}

#[test]
fn every_setting_is_explained() {
    for section in settings_list::SECTIONS {
        for setting in section.settings {
            assert!(setting.about.len() > 20, "{}.{}", section.name, setting.name);
        }
    }
}

#[test]
fn variables_win_over_the_file_and_later_over_earlier() {
    let config = sound(
        "[http]\nworkers = 3\ntrusted_proxies = [\"10.0.0.0/8\"]\n[log]\nformat = \"json\"",
        &[
            ("GOSBADGE__HTTP__WORKERS", "4"),
            ("GOSBADGE__HTTP__TRUSTED_PROXIES", "192.0.2.7, fd00::/8"),
            ("GOSBADGE__DEV", "false"),
            ("GOSBADGE__DEV", "true"),
            ("GOSBADGE_TEST_DB", "sqlite"),
            ("PATH", "/bin"),
        ],
    );
    assert_eq!(config.http.workers, Some(4));
    assert_eq!(config.http.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(), ["192.0.2.7/32", "fd00::/8"]);
    assert_eq!(config.log.format, LogFormat::Json);
    assert!(config.dev);
}

#[test]
fn unknown_names_are_refused_with_the_nearest() {
    let near = |toml: &str| fault(toml).remedy;
    assert_eq!(near("public_ulr = \"x\""), "did you mean `public_url`?");
    assert_eq!(near("[oauth]\ncode_lifetme = \"60s\""), "did you mean `oauth.code_lifetime`?");
    assert_eq!(near("[oauht]\ncode_lifetime = \"60s\""), "did you mean `oauth`?");
    assert_eq!(near("[oauth]\nlist_size = 131072"), "did you mean `status.list_size`?");
    assert_eq!(near("[idp.esia]\nnonse = \"off\""), "did you mean `idp.esia.nonce`?");
    assert_eq!(near("[keys]\nkek_fil = \"x\""), "did you mean `keys.kek_file`?");
    assert!(near("zzz = 1").starts_with("remove it"));
    let all = faults("", &[("GOSBADGE__OAUTH__CODE_LIFETIM", "60s")]);
    assert_eq!((all[0].fault, all[0].origin.as_str()), (Fault::UnknownKey, "GOSBADGE__OAUTH__CODE_LIFETIM"));
    assert_eq!(all[0].remedy, "did you mean GOSBADGE__OAUTH__CODE_LIFETIME?");
}

#[test]
fn all_faults_are_told_at_once_with_their_sources() {
    let all = faults(
        "listen = 8080\nunknown_thing = 1\n[login]\nlifetime = \"2h\"",
        &[("GOSBADGE__JOBS__IN_PROCESS", "perhaps"), ("GOSBADGE__HTTP__WORKERS", "0")],
    );
    let told: Vec<(&str, Fault)> = all.iter().map(|e| (e.key.as_str(), e.fault)).collect();
    for expected in [
        ("listen", Fault::WrongType),
        ("unknown_thing", Fault::UnknownKey),
        ("login.lifetime", Fault::BadValue),
        ("jobs.in_process", Fault::WrongType),
        ("http.workers", Fault::BadValue),
    ] {
        assert!(told.contains(&expected), "{expected:?} in {told:?}");
    }
    assert_eq!(all.len(), 5);
    let text = ConfigErrors(all).to_string();
    assert_eq!(text.lines().count(), 5);
    assert!(text.contains("(in GOSBADGE__JOBS__IN_PROCESS)") && text.contains("gosbadge.toml)"), "{text}");
}

#[test]
fn a_file_that_is_not_there_or_not_toml_says_so_without_quoting_it() {
    let missing = load(Some(Path::new("/nonexistent/gosbadge.toml")), std::iter::empty()).err().unwrap();
    assert_eq!(missing.0[0].fault, Fault::Unreadable);
    let broken = fault("dev = true\n[keys]\nkek = \"c2VjcmV0\n");
    assert_eq!(broken.fault, Fault::Syntax);
    assert!(broken.problem.contains("line 3") && !broken.to_string().contains("c2VjcmV0"), "{broken}");
}

#[test]
fn values_out_of_their_bounds_are_refused() {
    for toml in [
        "public_url = \"http://badge.example.ru\"",
        "public_url = \"https://badge.example.ru/\"",
        "public_url = \"https://badge.example.ru/path\"",
        "public_url = \"https://user:pw@badge.example.ru\"",
        "public_url = \"ftp://localhost\"",
        "public_url = \"localhost:8080\"",
        "public_url = \"HTTP://LOCALHOST\"",
        "public_url = \"\"",
        "listen = \"8080\"",
        "data_dir = \" \"",
        "[attestation]\nlifetime = \"91d\"",
        "[oauth]\nrequest_uri_lifetime = \"601s\"",
        "[oauth]\ncode_lifetime = \"60\"",
        "[status]\nlist_size = 1025",
        "[status]\nlist_size = -4",
        "[database]\npool_size = 0",
        "[database]\nurl = \"mysql://localhost\"",
        "[database]\nurl = \"sqlite:\"",
        "[http]\ntrusted_proxies = [\"10.0.0.0/8\", \"proxy.local\"]",
        "[idp]\nkind = \"saml\"",
        "[idp]\nalso = [\"saml\"]",
        "[idp.esia]\ntoken_algorithm = \"none\"",
        "[idp.esia]\nscopes = [\"usr_org\"]",
        "[log]\nlevel = \"gosbadge=loud\"",
        "[keys]\nkek = \"c2hvcnQ=\"",
        "[keys]\nkek = \"!\"",
        "[keys]\nkek = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"",
    ] {
        let error = fault(toml);
        assert_eq!(error.fault, Fault::BadValue, "{error}");
        assert!(!error.remedy.is_empty() && !error.to_string().contains("pw@"), "{error}");
    }
    assert_eq!(fault("[idp]\nesia = 1").fault, Fault::WrongType);
    assert_eq!(fault("[http]\ntrusted_proxies = \"10.0.0.0/8\"").fault, Fault::WrongType);
    assert_eq!(fault("dev = \"true\"").fault, Fault::WrongType);
}

#[test]
fn settings_that_exclude_each_other_are_refused() {
    for (toml, key) in [
        ("listen = \"127.0.0.1:9000\"\n[admin]\nlisten = \"127.0.0.1:9000\"", "admin.listen"),
        ("[idp.esia]\nbase_url = \"http://127.0.0.1:9000\"", "idp.esia.base_url"),
        ("dev = true\n[idp.esia]\nbase_url = \"http://esia.example.ru\"", "idp.esia.base_url"),
        ("[idp.esia]\ngeneration = \"v1\"\norganisation_route = \"scope_org\"", "idp.esia.organisation_route"),
        ("[application]\nlifetime = \"20m\"\n[login]\nlifetime = \"30m\"", "login.lifetime"),
        ("[status]\nttl = \"1h\"\nexpires_after = \"5m\"", "status.ttl"),
        ("[federation]\nowner = \"https://owner.example.ru\"\ndelegation_file = \"Cargo.toml\"", "federation.owner_jwks_file"),
        ("[status]\nrefresh_interval = \"2s\"\nmax_view_age = \"2s\"", "status.refresh_interval"),
    ] {
        let error = fault(toml);
        assert_eq!((error.fault, error.key.as_str()), (Fault::Conflict, key), "{error}");
    }
    let files = "owner_jwks_file = \"Cargo.toml\"\ndelegation_file = \"Cargo.toml\"";
    for owner in ["owner.example.ru", "http://owner.example.ru", "https://owner.example.ru/?x", "https://a@owner.example.ru"] {
        let error = fault(&format!("[federation]\nowner = \"{owner}\"\n{files}"));
        assert_eq!((error.fault, error.key.as_str()), (Fault::BadValue, "federation.owner"), "{error}");
    }
    let delegated = sound(&format!("[federation]\nowner = \"https://owner.example.ru/min\"\n{files}"), &[]);
    assert_eq!(delegated.federation.delegation.unwrap().owner, "https://owner.example.ru/min");
    sound("listen = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"", &[]);
    sound("dev = true\n[idp.esia]\nbase_url = \"http://127.0.0.1:9000\"", &[]);
}

#[test]
fn a_public_service_must_bring_its_own_keys_and_registration() {
    let missing: Vec<String> = faults("public_url = \"https://badge.example.ru\"", &[]).into_iter().map(|e| e.key).collect();
    assert_eq!(
        missing,
        [
            "keys.kek",
            "keys.pseudonym_key",
            "idp.esia.client_id",
            "idp.esia.certificate_file",
            "idp.esia.private_key_file",
            "idp.esia.trusted_certificate_files"
        ]
    );
    let dev = faults("public_url = \"https://badge.example.ru\"\ndev = true", &[]);
    assert!(dev.iter().any(|e| e.key == "dev" && e.fault == Fault::Conflict));
    let wrong = faults("public_url = \"https://badge.example.ru\"\n[keys]\nkek = \"!\"", &[]);
    assert_eq!(wrong.iter().filter(|e| e.key == "keys.kek").count(), 1);
}

#[test]
fn secrets_come_by_value_or_by_file_but_not_by_both() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("kek");
    fs::write(&path, format!("{KEY_A}\n{KEY_B}\r\n")).unwrap();
    let file = path.to_str().unwrap();

    let config = sound("", &[("GOSBADGE__KEYS__KEK_FILE", file), ("GOSBADGE__KEYS__PSEUDONYM_KEY", KEY_B)]);
    assert_eq!(config.keys.kek.len(), 2);
    assert_eq!(config.keys.kek[0].expose()[..3], [0, 1, 2]);
    assert_eq!(config.keys.pseudonym_key.unwrap().expose()[0], 31);

    let both = faults(&format!("[keys]\nkek = \"{KEY_A}\""), &[("GOSBADGE__KEYS__KEK_FILE", file)]);
    assert_eq!((both.len(), both[0].fault, both[0].key.as_str()), (1, Fault::Conflict, "keys.kek_file"));
    let absent = faults("", &[("GOSBADGE__DATABASE__URL_FILE", "/nonexistent/url")]);
    assert_eq!((absent[0].fault, absent[0].key.as_str()), (Fault::Unreadable, "database.url_file"));
    let two = faults("", &[("GOSBADGE__KEYS__PSEUDONYM_KEY_FILE", file)]);
    assert!(two[0].problem.contains("several"), "{}", two[0]);
    let twice = fault(&format!("[keys]\nkek = \"{KEY_A} {KEY_A}\""));
    assert!(twice.problem.contains("twice") && !twice.to_string().contains(KEY_A), "{twice}");
}

#[test]
fn a_secret_everybody_can_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("url");
    fs::write(&path, "postgres://gosbadge:pw@db/gosbadge\n").unwrap();
    let warnings = |mode| {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let config = sound("", &[("GOSBADGE__DATABASE__URL_FILE", path.to_str().unwrap())]);
        assert_eq!(config.database.url.expose(), "postgres://gosbadge:pw@db/gosbadge");
        config.warnings
    };
    assert!(warnings(0o600).is_empty());
    let told = warnings(0o644);
    assert!(told.len() == 1 && told[0].contains("chmod o-r") && !told[0].contains("pw"), "{told:?}");
}

#[test]
fn a_wrong_secret_is_not_shown() {
    for toml in ["[database]\nurl = \"mysql://root:hunter2@db\"", "[database]\nurl = 42", "[keys]\nkek = \"hunter2\""] {
        assert!(!fault(toml).to_string().contains("hunter2"), "{toml}");
    }
}
