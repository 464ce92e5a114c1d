//! Pushed requests with something wrong in them: each gets its error and a text that names the parameter, starts no
//! application, and leaves the platform able to push a right one.

use serde_json::{Value, json};

use crate::harness::{Harness, VERIFIER};

const COMMUNITY: &str = "218000001";

type Form = Vec<(&'static str, String)>;

fn set(form: &Form, name: &'static str, value: &str) -> Form {
    let mut form = without(form, name);
    form.push((name, value.to_owned()));
    form
}

fn without(form: &Form, name: &str) -> Form {
    form.iter().filter(|(n, _)| *n != name).cloned().collect()
}

async fn assert_refused(h: &Harness, form: &Form, error: &str, says: &str, case: &str) {
    let answer = h.push_form(form).await;
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["cache-control"], "no-store", "{case}");
    let body: Value = answer.json().await.unwrap();
    assert_eq!((status, body["error"].as_str()), (400, Some(error)), "{case}: {body}");
    let text = body["error_description"].as_str().unwrap();
    assert!(text.contains(says), "{case}: {text:?} does not mention {says:?}");
    // RFC 6749 §5.2: printable ASCII without quotes and backslashes.
    assert!(text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\'), "{case}: {text:?}");
}

async fn assert_clean(h: &Harness) {
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM applications"), 0);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM pushed_requests"), 0);
    h.push(COMMUNITY, VERIFIER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_parameters() {
    let h = Harness::start().await;
    let good = h.push_parameters(COMMUNITY, VERIFIER);
    let challenge = gosbadge::domain::digest::pkce_s256(VERIFIER);
    let wrong: Vec<(&'static str, Option<String>)> = vec![
        ("response_type", None),
        ("response_type", Some(String::new())),
        ("response_type", Some("token".into())),
        ("response_type", Some("code token".into())),
        ("response_type", Some("CODE".into())),
        ("code_challenge", None),
        ("code_challenge", Some(String::new())),
        ("code_challenge", Some(challenge[1..].to_owned())),
        ("code_challenge", Some(format!("{challenge}="))),
        ("code_challenge", Some(format!("{challenge}A"))),
        ("code_challenge", Some(format!("+{}", &challenge[1..]))),
        ("code_challenge", Some(format!("/{}", &challenge[1..]))),
        ("code_challenge", Some("é".repeat(21) + "a")),
        ("code_challenge_method", None),
        ("code_challenge_method", Some("plain".into())),
        ("code_challenge_method", Some("s256".into())),
        ("code_challenge_method", Some("S512".into())),
        ("state", Some("x".repeat(1025))),
        ("state", Some("a\u{0}b".into())),
        ("state", Some("a\nb".into())),
        ("state", Some("состояние".into())),
        ("request", Some("eyJhbGciOiJub25lIn0.e30.".into())),
        ("request_uri", Some("urn:ietf:params:oauth:request_uri:x".into())),
        ("request_uri", Some("https://evil.example/request.jwt".into())),
    ];
    for (name, value) in wrong {
        let case = format!("{name}={value:?}");
        let form = value.map_or_else(|| without(&good, name), |v| set(&good, name, &v));
        assert_refused(&h, &form, "invalid_request", name, &case).await;
    }
    for (name, value) in &good {
        let mut twice = good.clone();
        twice.push((name, value.clone()));
        assert_refused(&h, &twice, "invalid_request", name, &format!("{name} twice")).await;
    }
    assert_clean(&h).await;
    h.stop().await;
}

/// Every way a lenient parser takes an address for the registered one. Ours compares text.
#[tokio::test(flavor = "multi_thread")]
async fn redirect_addresses() {
    let h = Harness::start().await;
    let good = h.push_parameters(COMMUNITY, VERIFIER);
    let registered = h.ready().platform.redirect_uri.clone();
    let authority = registered.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let port = authority.split(':').nth(1).unwrap();
    let path = "/gosbadge/callback";
    let tricks = [
        String::new(),
        format!("{registered}/"),
        format!("{registered}?x=1"),
        format!("{registered}?"),
        format!("{registered}#"),
        format!("{registered}#@evil.example"),
        format!("{registered}%00"),
        format!("{registered}\u{0}"),
        format!("{registered} "),
        format!(" {registered}"),
        format!("{registered}\n"),
        format!("{registered}/../callback"),
        format!("{registered}/..;/x"),
        format!("http://{authority}/./gosbadge/callback"),
        format!("http://{authority}//gosbadge/callback"),
        format!("http://{authority}/gosbadge%2fcallback"),
        format!("http://{authority}/gosbadge/callbac%6b"),
        format!("http://{authority}/gosbadge/CALLBACK"),
        format!("http://{authority}\\@evil.example{path}"),
        format!("http://evil.example\\@{authority}{path}"),
        format!("http://{authority}@evil.example{path}"),
        format!("http://user@{authority}{path}"),
        format!("http://{authority}.evil.example{path}"),
        format!("http://evil.example/?{registered}"),
        format!("https://{authority}{path}"),
        format!("HTTP://{authority}{path}"),
        format!("//{authority}{path}"),
        path.to_owned(),
        format!("http://localhost:{port}{path}"),
        format!("http://127.1:{port}{path}"),
        format!("http://2130706433:{port}{path}"),
        format!("http://127.0.0.1:0{port}{path}"),
        format!("http://127.0.0.1{path}"),
        format!("http://[::1]:{port}{path}"),
        format!("javascript:alert(1)//{registered}"),
        format!("{registered},https://evil.example/"),
        format!("{registered}\thttps://evil.example/"),
    ];
    for trick in tricks {
        assert_ne!(trick, registered);
        assert_refused(&h, &set(&good, "redirect_uri", &trick), "invalid_request", "redirect_uri", &trick).await;
    }
    assert_refused(&h, &without(&good, "redirect_uri"), "invalid_request", "redirect_uri", "missing").await;
    assert_clean(&h).await;
    h.stop().await;
}

/// The good element with one member of its community changed.
fn community(h: &Harness, member: &str, value: Value) -> Value {
    let mut details = h.details(COMMUNITY);
    details[0]["community"][member] = value;
    details
}

#[tokio::test(flavor = "multi_thread")]
async fn details_of_the_request() {
    let h = Harness::start().await;
    let good = h.push_parameters(COMMUNITY, VERIFIER);
    let one = h.details(COMMUNITY)[0].clone();
    let element = |member: &str, value: Value| {
        let mut e = one.clone();
        e[member] = value;
        json!([e])
    };
    let without_member = |member: &str| {
        let mut e = one.clone();
        e.as_object_mut().unwrap().remove(member);
        json!([e])
    };
    let wrong = [
        (json!([]), "exactly one"),
        (json!([one, one]), "exactly one"),
        (one.clone(), "array"),
        (json!(null), "array"),
        (json!(["official_community"]), "authorization_details"),
        (without_member("type"), "type"),
        (without_member("community"), "community"),
        (without_member("actions"), "actions"),
        (element("type", json!("payment_initiation")), "type"),
        (element("type", json!("Official_Community")), "type"),
        (element("actions", json!([])), "actions"),
        (element("actions", json!(["issue", "revoke"])), "actions"),
        (element("actions", json!(["issue", "issue"])), "actions"),
        (element("actions", json!(["revoke"])), "actions"),
        (element("actions", json!("issue")), "actions"),
        (community(&h, "platform", json!("vk")), "community.platform"),
        (community(&h, "platform", json!("")), "platform"),
        (community(&h, "platform", json!(7)), "platform"),
    ];
    for (details, says) in wrong {
        let form = set(&good, "authorization_details", &details.to_string());
        assert_refused(&h, &form, "invalid_authorization_details", says, &details.to_string()).await;
    }
    for text in ["[", "[{}", "{}{}", "\u{feff}[]", "not json"] {
        assert_refused(&h, &set(&good, "authorization_details", text), "invalid_authorization_details", "array", text).await;
    }
    let deep = "[".repeat(20_000);
    assert_refused(&h, &set(&good, "authorization_details", &deep), "invalid_authorization_details", "array", "deep").await;
    assert_refused(&h, &set(&good, "authorization_details", ""), "invalid_request", "authorization_details", "empty").await;
    assert_refused(&h, &without(&good, "authorization_details"), "invalid_request", "authorization_details", "missing").await;
    assert_clean(&h).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_community_in_the_details() {
    let h = Harness::start().await;
    let good = h.push_parameters(COMMUNITY, VERIFIER);
    let base = h.ready().platform_url.clone();
    let mut wrong: Vec<(Value, &str)> = Vec::new();
    for id in
        ["", "0", "0218000001", "-1", "+1", "1.0", "1e9", "club218000001", "２18", "218 ", " 218", "218\u{0}", "123456789012345678901"]
    {
        wrong.push((community(&h, "id", json!(id)), "community.id"));
    }
    for id in [json!(218_000_001), json!(null), json!(["218000001"]), json!({ "id": "218000001" })] {
        wrong.push((community(&h, "id", id), "community.id"));
    }
    for uri in [
        String::new(),
        "/club1".to_owned(),
        base.clone(),
        format!("{base}.evil.example/club1"),
        format!("{base}@evil.example/club1"),
        format!("{base}\\@evil.example/club1"),
        format!("{base}/../../club1"),
        format!("{base}/%2e%2e/club1"),
        format!("{base}/club1\n"),
        format!(" {base}/club1"),
        format!("{base}/club 1"),
        format!("{}/club1", base.replace("http:", "HTTP:")),
        format!("{}/club1", base.replace("http:", "https:")),
        "https://evil.example/club1".to_owned(),
        "javascript:alert(1)".to_owned(),
        format!("{base}/{}", "x".repeat(500)),
    ] {
        wrong.push((community(&h, "uri", json!(uri)), "community.uri"));
    }
    for name in ["", " ", "\u{a0}", "a\u{0}b", "a\nb", "a\u{7f}b", "a\u{85}b"] {
        wrong.push((community(&h, "name", json!(name)), "community.name"));
    }
    wrong.push((community(&h, "name", json!("ы".repeat(301))), "community.name"));
    for screen_name in ["", "a b", "дс12", "a/b", "a\u{0}", "<b>"] {
        wrong.push((community(&h, "screen_name", json!(screen_name)), "community.screen_name"));
    }
    wrong.push((community(&h, "screen_name", json!("x".repeat(65))), "community.screen_name"));
    for member in ["id", "uri", "name"] {
        let mut details = h.details(COMMUNITY);
        details[0]["community"].as_object_mut().unwrap().remove(member);
        wrong.push((details, member));
    }
    for (details, says) in wrong {
        let form = set(&good, "authorization_details", &details.to_string());
        assert_refused(&h, &form, "invalid_authorization_details", says, &details.to_string()).await;
    }
    assert_clean(&h).await;
    let longest = community(&h, "name", json!("ы".repeat(300)));
    assert_eq!(h.push_form(&set(&good, "authorization_details", &longest.to_string())).await.status(), 201);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_itself() {
    let h = Harness::start().await;
    let url = h.url("/oauth/par");
    let platform = &h.ready().platform;
    let post = || h.http.post(&url).basic_auth(&platform.client_id, Some(&platform.client_secret));
    let good: serde_json::Map<String, Value> =
        h.push_parameters(COMMUNITY, VERIFIER).into_iter().map(|(n, v)| (n.to_owned(), json!(v))).collect();

    let answer = post().json(&good).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let body: Value = answer.json().await.unwrap();
    assert!(body["error_description"].as_str().unwrap().contains("application/x-www-form-urlencoded"), "{body}");
    assert_eq!(post().send().await.unwrap().status(), 400);

    let typed = || post().header("content-type", "application/x-www-form-urlencoded");
    for bytes in [&b"\xff\xfe=1"[..], b"response_type=%ff%fe", b"=", b"&&&&"] {
        let answer = typed().body(bytes.to_vec()).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{bytes:?}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"], "invalid_request", "{bytes:?}");
    }

    let mut large = h.push_parameters(COMMUNITY, VERIFIER);
    large.push(("padding", "x".repeat(64 * 1024)));
    let answer = h.push_form(&large).await;
    assert_eq!(answer.status(), 413);
    let body: Value = answer.json().await.unwrap();
    assert!(body["error_description"].as_str().unwrap().contains("64 KiB"), "{body}");
    assert_clean(&h).await;
    h.stop().await;
}
