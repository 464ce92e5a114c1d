//! Keys, tokens and a verifier for the tests of this layer. The keys are the published examples of RFC 7515 A.3, RFC 7517 A.2
//! and RFC 6979 A.2.5: nobody can mistake them for secrets.

mod attacks;
mod cache;
mod claim_set;
mod key_set;
mod status;
mod vectors;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use super::*;

const ISS: &str = "https://badge.example.ru";
const NOW: Timestamp = Timestamp::from_secs(1_795_453_977);

/// `d`, `x`, `y` of a P-256 key.
struct Key(&'static str, &'static str, &'static str);

const BADGE: Key = Key(
    "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
);
const STATUS: Key = Key(
    "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
    "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
);
const STRANGER: Key = Key(
    "ya-p2EW6dRZrXCFXZ7HWk05Qw9s26JsSe4piKxIPZyE",
    "YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y",
    "eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk",
);

impl Key {
    fn kid(&self) -> String {
        let text = format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, self.1, self.2);
        let digest = crypto::aws_lc::DEFAULT_PROVIDER.key_utils.compute_digest;
        B64.encode(digest(text.as_bytes(), jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap())
    }

    fn jwk(&self, purpose: &str) -> Value {
        json!({"kty":"EC","crv":"P-256","x":self.1,"y":self.2,"kid":self.kid(),"alg":"ES256","use":"sig","purpose":purpose})
    }

    /// The uncompressed point.
    fn point(&self) -> Vec<u8> {
        [vec![4], B64.decode(self.1).unwrap(), B64.decode(self.2).unwrap()].concat()
    }

    /// PKCS#8 (RFC 5915, RFC 5208), put together by hand: everything but the numbers is fixed for P-256.
    fn private(&self) -> EncodingKey {
        let head = hex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420");
        EncodingKey::from_ec_der(&[head, B64.decode(self.0).unwrap(), hex("a144034200"), self.point()].concat())
    }

    /// SubjectPublicKeyInfo, the DER form of the public key.
    fn spki(&self) -> Vec<u8> {
        [hex("3059301306072a8648ce3d020106082a8648ce3d030107034200"), self.point()].concat()
    }

    /// `header.payload.signature`, the two texts as they are.
    fn sign_text(&self, header: &str, payload: &str) -> String {
        let message = format!("{}.{}", B64.encode(header), B64.encode(payload));
        let signature = crypto::sign(message.as_bytes(), &self.private(), Algorithm::ES256).unwrap();
        format!("{message}.{signature}")
    }

    fn sign(&self, typ: &str, payload: &Value) -> String {
        self.sign_text(&json!({"typ":typ,"alg":"ES256","kid":self.kid()}).to_string(), &payload.to_string())
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn key_set() -> Value {
    json!({"keys":[BADGE.jwk("badge"), STATUS.jwk("status")]})
}

fn verifier() -> Verifier {
    Verifier::new(ISS, key_set().to_string().as_bytes()).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": ISS,
        "sub": format!("{ISS}/c/01KAR4T7Q2M9XVB3H5NDW8YJZE"),
        "sub_id": {"format":"aliases","identifiers":[
            {"format":"iss_sub","iss":"https://vk.com","sub":"218000001"},
            {"format":"uri","uri":"https://vk.com/club218000001"}]},
        "trust_mark_type": format!("{ISS}/tm/official-community/v1"),
        "jti": "att_01KAR4TB3K6S0P7F2QG8RNV4XW",
        "iat": NOW.secs(),
        "exp": NOW.secs() + 90 * 86400,
        "logo_uri": format!("{ISS}/badge/v1.svg"),
        "ref": format!("{ISS}/c/01KAR4T7Q2M9XVB3H5NDW8YJZE"),
        "organization_name": "МБДОУ «Детский сад № 12»",
        "organization_type": "public",
        "community": {"platform":"vk","id":"218000001","uri":"https://vk.com/club218000001","name":"Детский сад № 12 «Ромашка»"},
        "legal_entity": {
            "legal_person_name": "Муниципальное бюджетное дошкольное образовательное учреждение «Детский сад № 12»",
            "legal_person_id": "NTRRU-1029900000019",
            "identifier": {"ogrn":"1029900000019","inn":"9900000017"},
            "registration_country": "RU",
            "authority_kind": "kindergarten"},
        "assurance": {
            "framework": format!("{ISS}/assurance/v1"), "level": "high",
            "entity": {"method":"idp_org_login","idp":"esia","at":"2026-11-20"},
            "representation": {"method":"idp_org_member","at":"2026-11-20"},
            "control": {"method":"platform_push","at":"2026-11-20"}},
        "status": {"status_list": {"idx": 7, "uri": format!("{ISS}/status/1")}},
    })
}

/// An attestation after `edit` of its claims, signed with the badge key.
fn attestation(edit: impl FnOnce(&mut Value)) -> String {
    let mut claims = claims();
    edit(&mut claims);
    BADGE.sign(attestation::TYP, &claims)
}

fn list_claims(entries: &[(u32, ListValue)]) -> Value {
    let mut bits = list_format::StatusBits::new(16);
    for (idx, value) in entries {
        bits.set(*idx, *value).unwrap();
    }
    json!({"iss":ISS,"sub":format!("{ISS}/status/1"),"iat":NOW.secs(),"exp":NOW.secs() + 86400,"ttl":60,
           "status_list":{"bits":2,"lst":bits.to_lst()}})
}

/// A status list token after `edit`, signed with the status key.
fn list_token(entries: &[(u32, ListValue)], edit: impl FnOnce(&mut Value)) -> String {
    let mut claims = list_claims(entries);
    edit(&mut claims);
    STATUS.sign(list_format::TYP, &claims)
}

fn list(entries: &[(u32, ListValue)]) -> StatusList {
    verifier().status_list(&list_token(entries, |_| ()), &format!("{ISS}/status/1"), NOW).unwrap()
}

fn refusal(token: &str) -> (VerifyStatus, &'static str) {
    let rejection = verifier().attestation(token, NOW).unwrap_err();
    assert!(rejection.detail.len() > 10, "{rejection}");
    let verdict = verifier().verify(token, &list(&[]), None, NOW);
    assert_eq!((verdict.status, verdict.code), (rejection.status, Some(rejection.code)));
    (rejection.status, rejection.code)
}
