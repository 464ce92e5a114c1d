//! An issuer with keys made on the spot, signing with a library that is not ours.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gosbadge::domain::status::ListValue;
use gosbadge::domain::status_list::StatusBits;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use serde_json::{Value, json};

pub struct TestKey {
    pub kid: String,
    key: EncodingKey,
    jwk: Value,
}

impl TestKey {
    pub fn generate(purpose: &str) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let pem = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap().private_key_to_pem_pkcs8().unwrap();
        let key = EncodingKey::from_ec_pem(&pem).unwrap();
        let public = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        let kid = public.thumbprint(ThumbprintHash::SHA256).unwrap();
        let mut jwk = serde_json::to_value(&public).unwrap();
        jwk["kid"] = json!(kid);
        jwk["use"] = json!("sig");
        jwk["purpose"] = json!(purpose);
        Self { kid, key, jwk }
    }

    /// The public half.
    pub fn jwk(&self) -> &Value {
        &self.jwk
    }

    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

pub struct TestIssuer {
    pub iss: String,
    pub now: i64,
    pub badge: TestKey,
    pub status: TestKey,
}

impl TestIssuer {
    /// `now` is the wall clock's: other people's verifiers read it by themselves.
    pub fn new(iss: &str) -> Self {
        let now = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap();
        Self { iss: iss.to_owned(), now, badge: TestKey::generate("badge"), status: TestKey::generate("status") }
    }

    pub fn key_set(&self) -> String {
        json!({"keys":[self.badge.jwk, self.status.jwk]}).to_string()
    }

    pub fn attestation(&self, exp: i64) -> String {
        let iss = &self.iss;
        let claims = json!({
            "iss": iss,
            "sub": format!("{iss}/c/01KAR4T7Q2M9XVB3H5NDW8YJZE"),
            "sub_id": {"format":"aliases","identifiers":[
                {"format":"iss_sub","iss":"https://vk.com","sub":"218000001"},
                {"format":"uri","uri":"https://vk.com/club218000001"}]},
            "trust_mark_type": format!("{iss}/tm/official-community/v1"),
            "jti": "att_01KAR4TB3K6S0P7F2QG8RNV4XW",
            "iat": self.now - 5, "exp": exp,
            "logo_uri": format!("{iss}/badge/v1.svg"),
            "ref": format!("{iss}/c/01KAR4T7Q2M9XVB3H5NDW8YJZE"),
            "organization_name": "МБДОУ «Детский сад № 12»", "organization_type": "public",
            "community": {"platform":"vk","id":"218000001","uri":"https://vk.com/club218000001","name":"Детский сад № 12"},
            "legal_entity": {
                "legal_person_name": "Муниципальное бюджетное дошкольное образовательное учреждение «Детский сад № 12»",
                "legal_person_id": "NTRRU-1029900000019", "identifier": {"ogrn":"1029900000019","inn":"9900000017"},
                "registration_country": "RU", "authority_kind": "kindergarten"},
            "assurance": {"framework": format!("{iss}/assurance/v1"), "level": "high",
                "entity": {"method":"idp_org_login","idp":"esia","at":"2026-11-20"},
                "representation": {"method":"idp_org_member","at":"2026-11-20"},
                "control": {"method":"platform_push","at":"2026-11-20"}},
            "status": {"status_list": {"idx": 7, "uri": format!("{iss}/status/1")}},
        });
        self.badge.sign("trust-mark+jwt", &claims)
    }

    /// A list of 16 entries in which entry 7 has `value`.
    pub fn status_list(&self, value: ListValue) -> String {
        let mut bits = StatusBits::new(16);
        bits.set(7, value).unwrap();
        let claims = json!({"sub": format!("{}/status/1", self.iss), "iat": self.now - 5, "exp": self.now + 3600, "ttl": 60,
            "status_list": {"bits": 2, "lst": bits.to_lst()}});
        self.status.sign("statuslist+jwt", &claims)
    }
}

/// The token with one bit of its signature turned.
pub fn tampered(token: &str) -> String {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[10] ^= 1;
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes))
}
