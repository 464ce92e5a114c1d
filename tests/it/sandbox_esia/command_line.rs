//! Signatures of the `openssl` command line, the third reader of the protocol: what our adapter signs it verifies, and what it
//! signs, in every form clients in the field use, the stand-in takes over HTTP. A flipped bit is refused everywhere.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use gosbadge::adapters::esia::{Generation, OrganisationRoute};
use gosbadge::ports::identity_provider::LoginSecrets;
use gosbadge::ports::{Clock, IdentityProvider};
use gosbadge::sandbox::esia::{TokenAlg, gost_available};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use super::adapter::provider;
use super::stand::{Form, Identity, REDIRECT, STATE, Stand, returned};

const FIRST: [&str; 4] = ["scope", "timestamp", "client_id", "state"];
const SECOND: [&str; 7] = ["client_id", "scope", "scope_org", "timestamp", "state", "redirect_uri", "code"];

/// The tool in a directory with `key`, `crt`, `pub` and `msg` in it.
struct Tool(TempDir);

impl Tool {
    fn of(identity: &Identity) -> Self {
        let tool = Self(TempDir::new().unwrap());
        tool.write("key", &identity.key.private_key_to_pem_pkcs8().unwrap());
        tool.write("crt", &identity.certificate.to_pem().unwrap());
        tool.write("pub", &identity.certificate.public_key().unwrap().public_key_to_pem().unwrap());
        tool
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.at(name), bytes).unwrap();
    }

    fn run(&self, arguments: &str) -> std::process::Output {
        let dir: &Path = self.0.path();
        Command::new("openssl").args(arguments.split_ascii_whitespace()).current_dir(dir).output().unwrap()
    }

    fn sign(&self, arguments: &str, text: &str) -> Vec<u8> {
        self.write("msg", text.as_bytes());
        let done = self.run(arguments);
        assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
        std::fs::read(self.at("sig")).unwrap()
    }

    fn verifies(&self, arguments: &str, text: &str, signature: &[u8]) -> bool {
        self.write("msg", text.as_bytes());
        self.write("sig", signature);
        self.run(arguments).status.success()
    }
}

/// The last byte of each form is one of the signature's own.
fn flipped(signature: &[u8]) -> Vec<u8> {
    let mut wrong = signature.to_vec();
    *wrong.last_mut().unwrap() ^= 1;
    wrong
}

/// The four alphabets of the field.
fn spellings(signature: &[u8]) -> [String; 4] {
    [URL_SAFE_NO_PAD, URL_SAFE, STANDARD, STANDARD_NO_PAD].map(|alphabet| alphabet.encode(signature))
}

/// Asks and redeems with what `sign` signs, in every alphabet; refuses the same with a flipped bit.
async fn accepted_and_refused(stand: &Stand, paths: [&str; 2], order: &[&str], hash: Option<&str>, sign: impl Fn(&str) -> Vec<u8>) {
    let hashed = |form: Form| match hash {
        Some(hash) => form.with("client_certificate_hash", hash),
        None => form,
    };
    let ask = hashed(stand.ask());
    let signature = sign(&ask.concat(order));
    let wrong = ask.clone().with("client_secret", &URL_SAFE_NO_PAD.encode(flipped(&signature)));
    let refusal = returned(&stand.authorize(paths[0], &wrong, "employee").await);
    assert!(refusal["error_description"].starts_with("ESIA-007053") && refusal["state"] == STATE, "{refusal:?}");
    for (spelling, secret) in spellings(&signature).iter().enumerate() {
        let mut back = returned(&stand.authorize(paths[0], &ask.clone().with("client_secret", secret), "employee").await);
        let code = back.remove("code").unwrap_or_else(|| panic!("{back:?}"));
        let redeem = hashed(stand.redeem(&code));
        let signature = sign(&redeem.concat(order));
        let wrong = redeem.clone().with("client_secret", &URL_SAFE_NO_PAD.encode(flipped(&signature)));
        let answer = stand.post(paths[1], &wrong).await;
        assert_eq!(answer.status(), 400);
        let body: Value = answer.json().await.unwrap();
        assert!(body["error_description"].as_str().unwrap().starts_with("ESIA-007053"), "{body}");
        // The refusal has not used the code up.
        assert_eq!(stand.post(paths[1], &redeem.with("client_secret", &spellings(&signature)[spelling])).await.status(), 200);
    }
}

async fn pkcs7_in_every_form(stand: Stand, digest: &str) {
    let tool = Tool::of(&stand.identity);
    for command in ["smime", "cms"] {
        for content in ["", "-nodetach"] {
            for attributes in ["", "-noattr"] {
                let arguments = format!(
                    "{command} -sign -binary -outform DER -signer crt -inkey key -md {digest} -in msg -out sig {content} {attributes}"
                );
                accepted_and_refused(&stand, ["/aas/oauth2/ac", "/aas/oauth2/te"], &FIRST, None, |text| tool.sign(&arguments, text)).await;
            }
        }
    }
}

#[tokio::test]
async fn rsa_signatures_of_the_command_line_are_taken() {
    pkcs7_in_every_form(Stand::start(), "sha256").await;
}

#[tokio::test]
async fn gost_signatures_of_the_command_line_are_taken() {
    if gost_available() {
        pkcs7_in_every_form(Stand::with(Identity::gost(), TokenAlg::Rs256, |_| {}), "md_gost12_256").await;
    }
}

#[tokio::test]
async fn raw_signatures_of_the_command_line_are_taken() {
    if !gost_available() {
        return;
    }
    let stand = Stand::with(Identity::gost(), TokenAlg::Gost3410_2012_256, |_| {});
    let tool = Tool::of(&stand.identity);
    let hash = stand.identity.certificate_hash();
    let paths = ["/aas/oauth2/v2/ac", "/aas/oauth2/v3/te"];
    let sign = |text: &str| tool.sign("dgst -md_gost12_256 -sign key -out sig msg", text);
    accepted_and_refused(&stand, paths, &SECOND, Some(&hash), sign).await;
}

/// The adapter's next authorization request: its parameters and the signature in them.
async fn request(stand: &Stand, generation: Generation) -> (Form, Vec<u8>) {
    let secrets =
        LoginSecrets { state: STATE.to_owned(), nonce: "n".repeat(43), pkce_verifier: "v".repeat(43), redirect_uri: REDIRECT.to_owned() };
    let adapter = provider(stand, generation, OrganisationRoute::ClientCredentials);
    let url = adapter.begin(&secrets, stand.clock.now()).await.unwrap();
    let form = Form(Url::parse(&url).unwrap().query_pairs().into_owned().collect());
    let signature = URL_SAFE_NO_PAD.decode(form.concat(&["client_secret"])).unwrap();
    (form, signature)
}

#[tokio::test]
async fn the_command_line_verifies_what_the_adapter_signs() {
    let mut stands = vec![Stand::start()];
    if gost_available() {
        stands.push(Stand::with(Identity::gost(), TokenAlg::Rs256, |_| {}));
    }
    for stand in stands {
        let tool = Tool::of(&stand.identity);
        let (form, signature) = request(&stand, Generation::V1).await;
        let text = form.concat(&FIRST);
        for command in ["smime", "cms"] {
            let arguments = format!("{command} -verify -inform DER -noverify -nointern -binary -in sig -content msg -certfile crt");
            assert!(tool.verifies(&arguments, &text, &signature), "{command}");
            assert!(!tool.verifies(&arguments, &text, &flipped(&signature)), "{command}");
            assert!(!tool.verifies(&arguments, &format!("{text} "), &signature), "{command}");
            let alone = format!("{command} -verify -inform DER -noverify -nointern -binary -in sig -certfile crt");
            assert!(!tool.verifies(&alone, &text, &signature), "{command}: the content does not travel along");
        }
    }
}

#[tokio::test]
async fn the_command_line_verifies_the_adapters_raw_signatures() {
    if !gost_available() {
        return;
    }
    let stand = Stand::with(Identity::gost(), TokenAlg::Gost3410_2012_256, |_| {});
    let tool = Tool::of(&stand.identity);
    let (form, signature) = request(&stand, Generation::V2).await;
    let text = form.concat(&SECOND);
    let arguments = "dgst -md_gost12_256 -verify pub -signature sig msg";
    assert_eq!(signature.len(), 64);
    assert!(tool.verifies(arguments, &text, &signature));
    assert!(!tool.verifies(arguments, &text, &flipped(&signature)));
    assert!(!tool.verifies(arguments, &form.concat(&FIRST), &signature), "the first generation's order is another string");
}
