//! The board of faults as whoever runs the stand-in meets it: over HTTP, in JSON and on the page.

use std::time::Instant;

use gosbadge::sandbox::esia::personas;
use reqwest::Response;
use serde_json::{Value, json};

use super::stand::{SCOPE, STATE, Stand, returned};

/// Every code of the public list, the one of the REST interface and the one without a number among them.
const CODES: [&str; 39] = [
    "005029", "007002", "007003", "007004", "007005", "007006", "007007", "007008", "007009", "007011", "007012", "007013", "007014",
    "007015", "007019", "007023", "007038", "007039", "007040", "007046", "007053", "007055", "007060", "007061", "007062", "007194",
    "008010", "036700", "036701", "036702", "036703", "036704", "036705", "036706", "036707", "036716", "036726", "036727", "noGrants",
];

impl Stand {
    async fn put(&self, faults: &Value) -> Response {
        self.http.put(format!("{}/sandbox/faults", self.base)).json(faults).send().await.expect("an answer")
    }

    async fn set(&self, faults: Value) {
        let answer = self.put(&faults).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.expect("text"));
    }

    async fn board(&self) -> Value {
        self.http.get(format!("{}/sandbox/faults", self.base)).send().await.expect("an answer").json().await.expect("JSON")
    }

    async fn page(&self, fields: &[(&str, &str)]) -> Response {
        self.http.post(format!("{}/sandbox", self.base)).form(fields).send().await.expect("an answer")
    }
}

#[tokio::test]
async fn every_code_of_the_list_is_answered_in_every_shape() {
    let stand = Stand::start();
    let ask = stand.ask().signed(&stand.identity);
    for code in CODES {
        let said = if code == "noGrants" { "OAuthErrorEnum.noGrants".to_owned() } else { format!("ESIA-{code}: ") };
        stand.set(json!({"where": "any", "kind": "error", "code": code})).await;
        let back = returned(&stand.authorize("/aas/oauth2/ac", &ask, "employee").await);
        assert!(back["error_description"].starts_with(&said) && !back["error"].is_empty(), "{back:?}");
        assert_eq!(back["state"], STATE);
        let answer = stand.post("/aas/oauth2/te", &stand.redeem("x").signed(&stand.identity)).await;
        assert_eq!(answer.status(), 400);
        let body: Value = answer.json().await.expect("JSON");
        assert!(body["error_description"].as_str().is_some_and(|text| text.starts_with(&said)), "{body}");
        assert_eq!(body["error"], back["error"]);
        let answer = stand.rest("/rs/prns/2000000004/roles", "x").await;
        assert!([403, 500, 503].contains(&answer.status().as_u16()));
        let body: Value = answer.json().await.expect("JSON");
        assert!(body["code"].as_str().is_some_and(|text| said.starts_with(text)), "{body}");
    }
    let answer = stand.put(&json!({"where": "any", "kind": "error", "code": "099999"})).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.expect("text").contains("036727"), "the known codes are named");
}

#[tokio::test]
async fn a_client_that_is_not_known_is_not_sent_anywhere_by_a_fault_either() {
    let stand = Stand::start();
    stand.set(json!({"where": "ac", "kind": "error", "code": "007008"})).await;
    let form = stand.ask().with("redirect_uri", "https://evil.example/").signed(&stand.identity);
    let answer = stand.authorize("/aas/oauth2/ac", &form, "employee").await;
    assert_eq!((answer.status().as_u16(), answer.headers().get("location")), (400, None));
}

#[tokio::test]
async fn a_fault_ends_after_its_times_and_waits_for_its_person() {
    let stand = Stand::start();
    stand.set(json!({"where": "ac", "kind": "error", "code": "007055", "persona": "employee", "times": 1})).await;
    let ask = stand.ask().signed(&stand.identity);
    assert!(returned(&stand.authorize("/aas/oauth2/ac", &ask, "city-admin").await).contains_key("code"));
    // By hand: the page comes first, then the person.
    let request = stand.http.get(format!("{}/aas/oauth2/ac", stand.base)).query(&ask.0).send().await.expect("an answer");
    let page = request.headers()["location"].to_str().expect("text").to_owned();
    let id = page.split_once("request=").expect("an id").1;
    let login = stand.http.post(format!("{}/login", stand.base)).form(&[("request", id), ("persona", "employee")]);
    assert!(returned(&login.send().await.expect("an answer"))["error_description"].starts_with("ESIA-007055"));
    assert_eq!(stand.board().await["faults"][0]["struck"], 1);
    assert!(returned(&stand.authorize("/aas/oauth2/ac", &ask, "employee").await).contains_key("code"));
}

#[tokio::test]
async fn faults_are_added_listed_and_taken_off() {
    let stand = Stand::start();
    stand.set(json!([{"where": "te", "kind": "truncated"}, {"where": "roles", "kind": "not_json"}])).await;
    let url = format!("{}/sandbox/faults", stand.base);
    let added = stand.http.post(&url).json(&json!({"where": "ac", "kind": "status"})).send().await.expect("an answer");
    let board: Value = added.json().await.expect("JSON");
    assert_eq!(board["faults"].as_array().map(Vec::len), Some(3));
    assert_eq!(board["faults"][2]["status"], 503);
    let id = &board["faults"][0]["id"];
    for expected in [204, 404] {
        assert_eq!(stand.http.delete(format!("{url}/{id}")).send().await.expect("an answer").status(), expected);
    }
    for (bad, said) in [
        (json!({"where": "te"}), "kind"),
        (json!({"where": "te", "kind": "truncated", "persona": "nobody"}), "nobody"),
        (json!({"where": "te", "kind": "forge", "token": "id", "instead": "other_persona", "of": "nobody"}), "nobody"),
        (json!("x"), "x"),
    ] {
        let answer = stand.put(&bad).await;
        assert_eq!(answer.status(), 400);
        assert!(answer.text().await.expect("text").contains(said), "{bad}");
    }
    assert_eq!(stand.board().await["faults"].as_array().map(Vec::len), Some(2), "a mistake changes nothing");
    assert_eq!(stand.http.delete(&url).send().await.expect("an answer").status(), 204);
    assert_eq!(stand.board().await["faults"], json!([]));
}

#[tokio::test]
async fn the_page_does_what_the_interface_does() {
    let stand = Stand::start();
    let show = async || stand.http.get(format!("{}/sandbox", stand.base)).send().await.expect("an answer").text().await.expect("text");
    let text = show().await;
    assert!(text.contains("Неисправностей нет") && !text.contains("<script") && text.contains("Это не Госуслуги"), "{text}");
    let fields = [("kind", "error"), ("code", "007046"), ("where", "ac"), ("persona", "employee"), ("times", "2")];
    assert_eq!(stand.page(&fields).await.status(), 303);
    assert_eq!(stand.page(&[("fault", r#"{"where":"te","kind":"drip","seconds":1}"#)]).await.status(), 303);
    let board = stand.board().await;
    assert_eq!(board["faults"][0]["times"], 2);
    assert!(show().await.contains("drip"));
    let answer = stand.page(&[("fault", r#"{"where":"te","kind":"<b>"}"#)]).await.text().await.expect("text");
    assert!(answer.contains("Не включено") && !answer.contains("<b>\""), "{answer}");
    assert_eq!(stand.page(&[("remove", &board["faults"][0]["id"].to_string())]).await.status(), 303);
    assert_eq!(stand.board().await["faults"].as_array().map(Vec::len), Some(1));
    assert_eq!(stand.page(&[("clear", "all")]).await.status(), 303);
    assert_eq!(stand.board().await["faults"], json!([]));
}

#[tokio::test]
async fn only_this_machine_sets_faults() {
    let stand = Stand::start();
    let url = format!("{}/sandbox/faults", stand.base);
    for header in ["x-forwarded-for", "forwarded"] {
        let answer = stand.http.put(&url).header(header, "192.0.2.1").body("[]").send().await.expect("an answer");
        assert_eq!(answer.status(), 403);
        let answer = stand.http.get(format!("{}/sandbox", stand.base)).header(header, "192.0.2.1").send().await.expect("an answer");
        assert_eq!(answer.status(), 403);
    }
    let other_site = stand.http.post(format!("{}/sandbox", stand.base)).header("sec-fetch-site", "cross-site").form(&[("clear", "all")]);
    assert_eq!(other_site.send().await.expect("an answer").status(), 403);
    // A page needs no leave to post text that happens to be JSON.
    let foreign = stand.http.post(&url).header("sec-fetch-site", "cross-site").body(r#"{"where":"any","kind":"huge"}"#);
    assert_eq!(foreign.send().await.expect("an answer").status(), 403);
    assert_eq!(stand.board().await["faults"], json!([]));
}

#[tokio::test]
async fn the_new_certificate_is_shown_when_it_is_published() {
    let stand = Stand::start();
    let shown = async || {
        let answer = stand.http.get(format!("{}/public/esia.pem", stand.base)).send().await.expect("an answer");
        answer.text().await.expect("text").matches("BEGIN CERTIFICATE").count()
    };
    let before = shown().await;
    stand.set(json!({"where": "any", "kind": "rotated_certificate"})).await;
    assert_eq!(shown().await, before);
    stand.set(json!({"where": "any", "kind": "rotated_certificate", "published": true})).await;
    assert_eq!(shown().await, before * 2);
    // Whoever trusts both goes on: the stand-in itself takes the tokens of the new key.
    let tokens = stand.tokens_for(SCOPE, "employee").await;
    let token = tokens["access_token"].as_str().expect("a token");
    assert_eq!(stand.rest("/rs/prns/2000000004/roles", token).await.status(), 200);
}

#[tokio::test]
async fn the_date_is_the_stand_ins_own() {
    let stand = Stand::start();
    let date = async |path: &str| {
        let answer = stand.http.get(format!("{}{path}", stand.base)).send().await.expect("an answer");
        answer.headers()["date"].to_str().expect("text").to_owned()
    };
    stand.clock.advance(86_400);
    for path in ["/", "/rs/prns/1", "/nowhere", "/aas/oauth2/ac"] {
        assert_eq!(date(path).await, "Sat, 21 Nov 2026 12:00:00 GMT", "{path}");
    }
    stand.set(json!({"where": "any", "kind": "clock_skew", "seconds": -3600})).await;
    for path in ["/", "/rs/prns/1", "/nowhere", "/aas/oauth2/ac"] {
        assert_eq!(date(path).await, "Sat, 21 Nov 2026 11:00:00 GMT", "{path}");
    }
}

/// However broken the connection, the next request is answered: nothing is left behind.
#[tokio::test]
async fn broken_connections_leave_nothing_behind() {
    let stand = Stand::start();
    let sockets = || std::fs::read_dir("/proc/self/fd").expect("descriptors").count();
    let path = "/rs/prns/2000000004";
    stand.rest(path, "x").await;
    let before = sockets();
    let begun = Instant::now();
    for kind in ["disconnect", "truncated", "huge", "gzip_bomb"] {
        stand.set(json!({"where": "person", "kind": kind})).await;
        for _ in 0..20 {
            let http = reqwest::Client::builder().no_proxy().build().expect("a client");
            if let Ok(mut answer) = http.get(format!("{}{path}", stand.base)).send().await {
                // The beginning is enough; the client hangs up.
                let _ = answer.chunk().await;
            }
        }
    }
    stand.set(json!([])).await;
    assert_eq!(stand.rest(path, "x").await.status(), 401);
    while sockets() > before + 8 {
        assert!(begun.elapsed().as_secs() < 30, "{before} descriptors before, {} after", sockets());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_persona_may_bring_its_own_fault() {
    let stand = Stand::start();
    let spoilt = personas().into_iter().find(|persona| persona.id == "maintenance").expect("there");
    assert_eq!(spoilt.faults.len(), 1);
    let code = stand.code_for(stand.ask(), "maintenance").await;
    stand.set(json!([])).await;
    let answer = stand.post("/aas/oauth2/te", &stand.redeem(&code).signed(&stand.identity)).await;
    assert_eq!(answer.status(), 503);
    assert!(answer.headers()["content-type"].to_str().expect("text").starts_with("text/html"));
}
