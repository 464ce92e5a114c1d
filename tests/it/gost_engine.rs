//! The GOST engine is found without the operator's hands, and a missing one is told in one line.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use gosbadge::sandbox::esia::gost_available;
use serde_json::Value;
use tempfile::TempDir;

/// The program with `OPENSSL_CONF` as given, temporary files in `dir`.
fn gosbadge(dir: &TempDir, openssl_conf: Option<&Path>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gosbadge"));
    command.current_dir(dir.path()).env("TMPDIR", dir.path()).env_remove("OPENSSL_CONF");
    if let Some(file) = openssl_conf {
        command.env("OPENSSL_CONF", file);
    }
    command
}

/// The first line of a program that then goes on; it is stopped.
fn first_line(mut command: Command) -> Value {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"))
}

/// An OpenSSL configuration without the engine.
fn without_engine(dir: &TempDir) -> std::path::PathBuf {
    let file = dir.path().join("empty.cnf");
    std::fs::write(&file, "").unwrap();
    file
}

fn sandbox(mut command: Command) -> Command {
    command.args(["sandbox", "esia", "--listen", "127.0.0.1:0", "--json"]);
    command
}

#[test]
fn the_stand_in_loads_the_engine_by_itself_and_leaves_nothing_behind() {
    if !gost_available() {
        return;
    }
    let dir = TempDir::new().unwrap();
    assert_eq!(first_line(sandbox(gosbadge(&dir, None)))["generations"], serde_json::json!(["v1", "v2"]));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "the temporary configuration is gone");
}

#[test]
fn the_stand_in_goes_on_without_the_engine() {
    let dir = TempDir::new().unwrap();
    let file = without_engine(&dir);
    assert_eq!(first_line(sandbox(gosbadge(&dir, Some(&file))))["generations"], serde_json::json!(["v1"]));
}

#[test]
fn a_development_set_up_loads_the_engine_by_itself() {
    if !gost_available() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let mut command = gosbadge(&dir, None);
    command.args(["serve", "--dev", "--json", "--port", "0", "--esia", "v2-gost", "--data-dir", "var"]);
    assert_eq!(first_line(command)["esia"]["generation"], "v2");
    assert!(dir.path().join("var/openssl-gost.cnf").exists());
}

#[test]
fn a_missing_engine_is_told_with_the_package_to_install() {
    let dir = TempDir::new().unwrap();
    let file = without_engine(&dir);
    let run = |arguments: &[&str]| {
        let done = gosbadge(&dir, Some(&file)).args(arguments).output().unwrap();
        (done.status.code(), String::from_utf8(done.stderr).unwrap(), String::from_utf8(done.stdout).unwrap())
    };
    let (code, told, _) = run(&["serve", "--dev", "--port", "0", "--esia", "v1-gost"]);
    assert!(code == Some(1) && told.lines().count() == 1 && told.contains("libengine-gost-openssl"), "{told}");
    // The default generation is v2.
    let (code, told, _) = run(&["serve"]);
    assert!(code == Some(1) && told.lines().count() == 1 && told.contains("libengine-gost-openssl"), "{told}");
    let (code, _, told) = run(&["doctor"]);
    assert!(code == Some(1) && told.contains("BAD   GOST engine") && told.contains("libengine-gost-openssl"), "{told}");
}

#[test]
fn the_doctor_reads_every_certificate_of_every_file() {
    let dir = TempDir::new().unwrap();
    let openssl = |arguments: &str| {
        assert!(
            Command::new("openssl").args(arguments.split(' ')).current_dir(dir.path()).output().unwrap().status.success(),
            "{arguments}"
        );
    };
    for (name, days) in [("ours", "400"), ("old", "5"), ("new", "90")] {
        openssl(&format!("req -x509 -newkey rsa:2048 -nodes -days {days} -subj /CN={name} -keyout {name}.key -out {name}.crt"));
    }
    openssl("x509 -in new.crt -outform DER -out new.cer");
    let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    std::fs::write(dir.path().join("both.pem"), [read("old.crt"), read("new.crt")].concat()).unwrap();
    let esia = |key: &str| format!("GOSBADGE__IDP__ESIA__{key}");
    let done = gosbadge(&dir, None)
        .env(esia("GENERATION"), "v1")
        .env(esia("CLIENT_ID"), "TESTIS")
        .env(esia("BASE_URL"), "https://127.0.0.1:1")
        .env(esia("CERTIFICATE_FILE"), "ours.crt")
        .env(esia("PRIVATE_KEY_FILE"), "ours.key")
        .env(esia("TRUSTED_CERTIFICATE_FILES"), "both.pem new.cer")
        .arg("doctor")
        .output()
        .unwrap();
    let told = String::from_utf8(done.stdout).unwrap();
    let lines = |words: &str| told.lines().filter(|l| l.contains(words)).count();
    assert_eq!((lines("good for 399 more days"), lines("expires in 4 days"), lines("good for 89 more days")), (1, 1, 2), "{told}");
    assert!(lines("BAD   ESIA") == 1 && told.contains("no connection to ESIA"), "{told}");
}
