//! Certificates and keys replaced on disk while the service runs; PEM and DER.

use std::path::{Path, PathBuf};

use super::*;

/// Files of one adapter and the adapter on them.
struct OnDisk {
    dir: tempfile::TempDir,
    esia: EsiaProvider,
    now: Timestamp,
    server: TestServer,
}

impl OnDisk {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| KeySource::File(dir.path().join(name));
        write(dir.path(), "crt", &OURS.cert.to_pem().unwrap());
        write(dir.path(), "key", &OURS.key.private_key_to_pem_pkcs8().unwrap());
        write(dir.path(), "esia", &STRANGER.cert.to_pem().unwrap());
        let (access, id) = (jwt(&header("access"), &access_claims()), jwt(&header("id"), &id_claims()));
        let (server, _) = host(access, id, |_| None);
        let settings = EsiaSettings {
            certificate: at("crt"),
            private_key: at("key"),
            trusted_certificates: vec![at("esia")],
            ..settings(&server.url)
        };
        Self { esia: provider(settings), dir, now: NOW, server }
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        write(self.dir.path(), name, bytes);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn later(&mut self) {
        self.now = self.now.plus(Duration::from_secs(5));
    }

    /// Which key signs the next request.
    async fn signs_with(&self, key: &TestKey) -> bool {
        let url = self.esia.begin(&secrets(), self.now).await.unwrap();
        let secret = Url::parse(&url).unwrap().query_pairs().find(|(k, _)| k == "client_secret").unwrap().1.into_owned();
        let signature = Pkcs7::from_der(&URL_SAFE_NO_PAD.decode(secret).unwrap()).unwrap();
        let signers = signature.signers(&Stack::new().unwrap(), Pkcs7Flags::empty()).unwrap();
        signers.iter().all(|s| s.to_der().unwrap() == key.cert.to_der().unwrap())
    }

    async fn trusts_esia(&self) -> bool {
        self.esia.complete(callback(), self.now).await.is_ok()
    }

    async fn troubles(&self) -> Vec<String> {
        let all = self.esia.examine(self.now).await.troubles;
        all.into_iter().map(|e| e.detail).filter(|d| d.starts_with("idp.esia.")).collect()
    }
}

fn write(dir: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(dir.join(name), bytes).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "whether other tests share this process")]
#[actix_web::test]
async fn a_new_pair_is_taken_up_when_both_files_are_there() {
    crate::telemetry::init_for_tests();
    let mut t = OnDisk::start();
    assert!(t.signs_with(&OURS).await);
    t.write("crt", &STRANGER.cert.to_pem().unwrap());
    assert!(t.signs_with(&OURS).await, "looked at a moment ago");
    t.later();
    // One process per test with nextest; with threads, other tests of this file may add their own errors.
    let errors = crate::telemetry::error_count();
    assert!(t.signs_with(&OURS).await, "the certificate alone does not belong to the key");
    let told = crate::telemetry::error_count();
    assert!(told > errors, "said once");
    for _ in 0..3 {
        t.later();
        assert!(t.signs_with(&OURS).await);
    }
    if std::env::var_os("NEXTEST").is_some() {
        assert_eq!((told, crate::telemetry::error_count()), (errors + 1, told), "and not again");
    }
    assert_eq!(t.troubles().await, ["idp.esia.private_key_file: does not belong to idp.esia.certificate_file"]);
    t.write("key", &STRANGER.key.private_key_to_der().unwrap());
    t.later();
    assert!(t.signs_with(&STRANGER).await);
    assert!(t.troubles().await.is_empty());
}

#[actix_web::test]
async fn a_trusted_certificate_is_added_and_taken_away_again() {
    let mut t = OnDisk::start();
    assert!(!t.trusts_esia().await);
    t.write("esia", &[STRANGER.cert.to_pem().unwrap(), ESIA.cert.to_pem().unwrap()].concat());
    t.later();
    assert!(t.trusts_esia().await, "several in one PEM file");
    assert_eq!(t.esia.examine(t.now).await.certificates.len(), 3);
    t.write("esia", &STRANGER.cert.to_pem().unwrap());
    t.later();
    assert!(!t.trusts_esia().await);
    t.write("esia", &ESIA.cert.to_der().unwrap());
    t.later();
    assert!(t.trusts_esia().await, "as ESIA publishes them");
}

#[actix_web::test]
async fn what_does_not_load_leaves_the_last_good_in_use() {
    let mut t = OnDisk::start();
    t.write("esia", &ESIA.cert.to_der().unwrap());
    t.later();
    assert!(t.trusts_esia().await);
    let secret = OURS.key.private_key_to_pem_pkcs8().unwrap();
    let cut = [STRANGER.cert.to_pem().unwrap(), ESIA.cert.to_pem().unwrap()[..200].to_vec()].concat();
    for broken in
        [&b""[..], b"-----BEGIN CERTIFICATE-----", &cut, &secret, &rsa_key(1024).cert.to_pem().unwrap(), &vec![b'x'; (1 << 20) + 1]]
    {
        t.write("esia", broken);
        t.later();
        assert!(t.trusts_esia().await);
        let troubles = t.troubles().await;
        assert!(troubles.len() == 1 && troubles[0].starts_with("idp.esia.trusted_certificate_files: "), "{troubles:?}");
        assert!(!troubles[0].contains("BEGIN") && !troubles[0].contains(t.dir.path().to_str().unwrap()));
    }
    std::fs::remove_file(t.path("esia")).unwrap();
    std::fs::remove_file(t.path("key")).unwrap();
    t.later();
    assert!(t.trusts_esia().await && t.signs_with(&OURS).await);
    assert_eq!(t.troubles().await.len(), 2);
    std::fs::create_dir(t.path("key")).unwrap();
    t.later();
    assert!(t.signs_with(&OURS).await && t.troubles().await.iter().any(|e| e.starts_with("idp.esia.private_key_file: cannot be read")));
    drop(t.server);
}

#[actix_web::test]
async fn a_clock_set_back_does_not_put_the_look_off() {
    let mut t = OnDisk::start();
    assert!(t.signs_with(&OURS).await);
    t.write("crt", &STRANGER.cert.to_pem().unwrap());
    t.write("key", &STRANGER.key.private_key_to_pem_pkcs8().unwrap());
    t.now = NOW.minus(Duration::from_secs(3600));
    assert!(t.signs_with(&STRANGER).await);
}

#[test]
fn our_certificate_is_found_in_its_chain_and_an_encrypted_key_is_refused() {
    let chain = KeySource::Fixed([STRANGER.cert.to_pem().unwrap(), OURS.cert.to_pem().unwrap()].concat());
    assert!(made(EsiaSettings { certificate: chain, ..settings("https://esia.example.com") }).is_ok());
    let cipher = openssl::symm::Cipher::aes_128_cbc();
    let encrypted = KeySource::Fixed(OURS.key.private_key_to_pem_pkcs8_passphrase(cipher, b"secret").unwrap());
    let e = made(EsiaSettings { private_key: encrypted, ..settings("https://esia.example.com") });
    assert_eq!(e.err().unwrap().setting, "private_key_file");
    let missing = KeySource::File("/nonexistent/esia.crt".into());
    let e = made(EsiaSettings { certificate: missing, ..settings("https://esia.example.com") });
    assert_eq!(e.err().unwrap().setting, "certificate_file");
}
