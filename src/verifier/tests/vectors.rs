//! The signed examples of `tests/vectors`, the same ones that `tests/interop/verifier` puts to other people's libraries.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vectors {
    counts: Counts,
    key_sets: HashMap<String, String>,
    status_lists: HashMap<String, List>,
    vectors: Vec<Vector>,
}

#[derive(Deserialize, Default, PartialEq, Debug)]
struct Counts {
    valid: usize,
    invalid: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum List {
    Token(String),
    File(String),
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    why: String,
    now: i64,
    issuer: String,
    jwks: String,
    token: String,
    status_lists: HashMap<String, String>,
    community: Option<CommunityRef>,
    expect: Expected,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Expected {
    verdict: String,
    status: String,
    reason: Option<String>,
}

fn file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn vectors() -> Vectors {
    serde_json::from_str(&file("vectors.json")).unwrap()
}

impl Vectors {
    /// What stands at `uri` in the world of one vector.
    fn fetch(&self, vector: &Vector, uri: &str) -> Option<String> {
        Some(match &self.status_lists[vector.status_lists.get(uri)?] {
            List::Token(token) => token.clone(),
            List::File(name) => file(name),
        })
    }

    /// As a platform does it.
    fn judge(&self, vector: &Vector) -> Expected {
        let no = |status: VerifyStatus, code: &str| Expected {
            verdict: "invalid".into(),
            status: status.to_string(),
            reason: Some(code.to_owned()),
        };
        let Ok(verifier) = Verifier::new(&vector.issuer, self.key_sets[&vector.jwks].as_bytes()) else {
            return no(VerifyStatus::Unknown, "key-set");
        };
        let (now, community, mut lists) = (Timestamp::from_secs(vector.now), vector.community.as_ref(), ListCache::new());
        let mut verdict = verifier.verify_cached(&vector.token, &lists, community, now);
        if verdict.code == Some(STATUS_NOT_READ) {
            let uri = verdict.list_uri().unwrap().to_owned();
            verdict = match self.fetch(vector, &uri).map(|token| verifier.status_list(&token, &uri, now)) {
                None => verdict,
                Some(Err(rejection)) => verdict.without_list(rejection),
                Some(Ok(list)) => {
                    lists.put(list, now);
                    verifier.verify_cached(&vector.token, &lists, community, now)
                }
            };
        }
        match verdict.code {
            None => Expected { verdict: "valid".into(), status: verdict.status.to_string(), reason: None },
            Some(code) => no(verdict.status, code),
        }
    }
}

#[test]
fn every_vector_is_judged_as_it_says() {
    let all = vectors();
    let (mut counts, mut wrong) = (Counts::default(), Vec::new());
    for vector in &all.vectors {
        let got = all.judge(vector);
        if got.verdict == "valid" {
            counts.valid += 1
        } else {
            counts.invalid += 1
        }
        if got != vector.expect {
            wrong.push(format!("{} ({}): {got:?} instead of {:?}", vector.name, vector.why, vector.expect));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.vectors.len(), wrong.join("\n"));
    assert_eq!(counts, all.counts);
    assert!(counts.valid >= 15 && counts.invalid >= 80, "{counts:?}");
}

#[test]
fn vectors_say_what_they_are_about() {
    let all = vectors();
    let mut names = std::collections::HashSet::new();
    for vector in &all.vectors {
        assert!(names.insert(&vector.name), "{} twice", vector.name);
        assert!(vector.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{}", vector.name);
        assert!(vector.why.len() > 5, "{}", vector.name);
        assert_eq!(vector.expect.verdict == "valid", vector.expect.reason.is_none(), "{}", vector.name);
        assert!(VerifyStatus::ALL.iter().any(|s| s.as_str() == vector.expect.status), "{}", vector.name);
    }
}

#[test]
fn ten_thousand_places_of_a_large_list() {
    #[derive(Deserialize)]
    struct Places {
        uri: String,
        token: String,
        places: Vec<u32>,
        values: String,
    }
    let (all, places): (_, Places) = (vectors(), serde_json::from_str(&file("large/places.json")).unwrap());
    let verifier = Verifier::new(ISS, all.key_sets["issuer"].as_bytes()).unwrap();
    let now = Timestamp::from_secs(all.vectors[0].now);
    let list = verifier.status_list(&places.token, &places.uri, now).unwrap();
    assert_eq!((places.places.len(), places.values.len()), (10_000, 10_000));
    for (idx, value) in places.places.iter().zip(places.values.bytes()) {
        assert_eq!(list.get(*idx), Some(ListValue::from_bits(value - b'0')), "{idx}");
    }
}
