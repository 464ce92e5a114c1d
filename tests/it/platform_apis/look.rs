//! Looking at a community of the stand-in platform: its administrator edits the description, the service reads it back by whatever
//! link people paste, and `gosbadge platform look` shows it to an operator.

use gosbadge::ports::platform_api::Visibility;
use gosbadge::service::Error;
use gosbadge::service::look_at_community::look_at_community;
use serde_json::{Value, json};

use crate::harness::{Harness, Person};

const TOKEN: (&str, &str) = ("GOSBADGE__PLATFORM_API__VK__TOKEN", "token-of-the-test");

const COMMUNITY: &str = "218000001";

#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_writes_is_read_back() {
    let h = Harness::start_with(&[TOKEN]).await;
    let person = Person::new();
    assert_eq!(h.describe(COMMUNITY, "Детский сад.\r\nКод: gosbadge-abc & <b>").await, 303);
    let base = &h.ready().platform_url;
    for text in
        [format!("{base}/club218000001"), format!("{base}/ds12_romashka?z=1"), "@DS12_Romashka".to_owned(), " 218000001 ".to_owned()]
    {
        let seen = look_at_community(h.app(), "demo", &text).await.unwrap();
        assert_eq!((seen.id.as_str(), seen.description.as_str()), ("218000001", "Детский сад.\nКод: gosbadge-abc & <b>"), "{text}");
        assert_eq!((seen.uri, seen.visibility), (format!("{base}/club218000001"), Visibility::Open));
        h.clock.advance(std::time::Duration::from_secs(1));
    }
    // Visitors see the same, as text.
    let visitor = person.get(&format!("{base}/club218000001"), None).await.body;
    assert!(visitor.contains("gosbadge-abc") && !visitor.contains("<b>\n</p>") && visitor.contains("&#60;b&#62;"), "{visitor}");
    // Nobody but its administrator may write, and not without end.
    let foreign = Person::new().post(&format!("{base}/club218000001/describe"), &[("csrf", "x"), ("about", "чужое")]).await;
    assert_eq!(foreign.status, 403);
    assert_eq!(h.describe(COMMUNITY, &"я".repeat(4001)).await, 400);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_that_cannot_be_looked_at_is_told_apart() {
    let h = Harness::start_with(&[TOKEN]).await;
    let look = async |platform: &str, text: &str| look_at_community(h.app(), platform, text).await.err();
    assert!(matches!(look("demo", "218000077").await, Some(Error::NotFound("community"))));
    assert!(matches!(look("demo", "@nobody_here").await, Some(Error::NotFound("community"))));
    assert!(matches!(look("nowhere", "1").await, Some(Error::NotFound("platform"))));
    assert!(matches!(look("demo", "https://example.ru/club1").await, Some(Error::InvalidRequest(_))));
    h.second_platform(None).await;
    assert!(matches!(look("other", "1").await, Some(Error::Conflict(why)) if why.contains("[platform_api]")));
    // The fourth question within a second is for later.
    assert!(look("demo", "218000001").await.is_none());
    assert!(matches!(look("demo", "218000001").await, Some(Error::Unavailable(_))));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_looks_from_a_shell() {
    let h = Harness::start_with(&[TOKEN]).await;
    assert_eq!(h.describe(COMMUNITY, "Строка\nдругая").await, 303);
    let run = async |token: &str, args: &[&str]| {
        let mut command = h.command(args);
        let url = &h.ready().platform_url;
        command.env("GOSBADGE__PLATFORM_API__VK__PLATFORM", "demo").env("GOSBADGE__PLATFORM_API__VK__URL", url);
        command.env("GOSBADGE__PLATFORM_API__VK__PAGES", format!("{url}/club")).env(TOKEN.0, token);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    };
    let out = run(TOKEN.1, &["platform", "look", "demo", "218000001", "--json"]).await;
    let seen: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&seen["id"], &seen["visibility"], &seen["description"]), (&json!("218000001"), &json!("open"), &json!("Строка\nдругая")));
    let text = String::from_utf8(run(TOKEN.1, &["platform", "look", "demo", "@ds12_romashka"]).await.stdout).unwrap();
    assert!(
        text.contains("name         Детский сад № 12 «Ромашка» | Примерный\n") && text.contains("description  Строка другая\n"),
        "{text}"
    );
    // The doctor asks the same interface, and says which setting is wrong.
    let findings = async |token: &str| {
        let all: Value = serde_json::from_slice(&run(token, &["doctor", "--json"]).await.stdout).unwrap();
        let ours = all["findings"].as_array().unwrap().iter().filter(|f| f["what"] == "platform API").cloned();
        ours.map(|f| (f["level"].as_str().unwrap().to_owned(), f["detail"].as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(findings(TOKEN.1).await, [("good".to_owned(), "demo: answers us".to_owned())]);
    let wrong = findings("stolen-token").await;
    assert!(wrong.len() == 1 && wrong[0].0 == "bad" && wrong[0].1.contains("platform_api.vk.token"), "{wrong:?}");
    let refused = run("stolen-token", &["platform", "look", "demo", "218000001"]).await;
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(1) && said.contains("replace platform_api.vk.token") && !said.contains("stolen"), "{said}");
    h.stop().await;
}
