//! Every page, in both languages and every state, with plain, long and hostile names, must keep the promises that hold for
//! all pages: one h1, no script, no inline style, no dead link, everything labelled.

mod contrast;
mod samples;

use std::collections::HashSet;

use scraper::{ElementRef, Html, Selector};

use self::samples::{Names, all};
use crate::domain::lang::Lang;

fn select<'a>(doc: &'a Html, css: &str) -> Vec<ElementRef<'a>> {
    let selector = Selector::parse(css).unwrap();
    doc.select(&selector).collect()
}

fn text(e: ElementRef<'_>) -> String {
    e.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs `check` on every sample.
fn every_page(mut check: impl FnMut(&str, &str, &Html, Lang)) {
    for lang in [Lang::Ru, Lang::En] {
        for (kind, names) in [("plain", Names::plain()), ("long", Names::long()), ("hostile", Names::hostile())] {
            let pages = all(lang, &names);
            assert_eq!(pages.len(), 86, "a page was added or lost: count it here");
            for (name, html) in pages {
                check(&format!("{name} {kind} {lang}"), &html, &Html::parse_document(&html), lang);
            }
        }
    }
}

#[test]
fn structure_is_whole() {
    every_page(|name, html, doc, lang| {
        assert!(html.starts_with("<!doctype html>"), "{name}");
        assert_eq!(select(doc, "html").first().and_then(|e| e.attr("lang")), Some(lang.as_str()), "{name}");
        for (css, count) in [("h1", 1), ("main#content", 1), ("body > header", 1), ("body > footer", 1), ("a.skip[href='#content']", 1)] {
            assert_eq!(select(doc, css).len(), count, "{name}: {css}");
        }
        assert!(text(select(doc, "title")[0]).len() > 12, "{name}");
        let mut level = 1;
        for h in select(doc, "h1, h2, h3, h4, h5, h6") {
            let this: u8 = h.value().name()[1..].parse().unwrap();
            assert!(this <= level + 1 && !text(h).is_empty(), "{name}: heading {}", text(h));
            level = this;
        }
        let ids: Vec<_> = select(doc, "[id]").into_iter().filter_map(|e| e.attr("id")).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "{name}: {ids:?}");
    });
}

#[test]
fn nothing_runs_and_nothing_is_styled_inline() {
    every_page(|name, html, doc, _| {
        assert!(select(doc, "script, style, iframe, object, [style]").is_empty(), "{name}");
        assert!(select(doc, "img").iter().all(|i| i.attr("src").is_some_and(|s| s.starts_with("/assets/"))), "{name}");
        for e in select(doc, "*") {
            assert!(e.value().attrs().all(|(k, _)| !k.starts_with("on")), "{name}: {:?}", e.value());
            for link in ["href", "src", "action", "formaction"].into_iter().filter_map(|a| e.attr(a)) {
                let within = link.strip_prefix('#').is_some_and(|id| select(doc, "[id]").iter().any(|t| t.attr("id") == Some(id)));
                assert!(link.starts_with('/') || link.starts_with("https://") || within, "{name}: {link:?}");
                assert!(!link.starts_with("//"), "{name}: {link:?}");
            }
        }
        assert!(!html.contains("{%") && !html.contains("{{ f") && !html.contains("None"), "{name}");
    });
}

#[test]
fn outside_texts_stay_texts() {
    let wanted = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}&amp;";
    for lang in [Lang::Ru, Lang::En] {
        for (name, html) in all(lang, &Names::hostile()) {
            if ["docs", "front", "guide", "session", "signed", "used", "apply-none"].iter().any(|free| name.starts_with(free))
                || name == "check-t-unclear"
            {
                continue;
            }
            let doc = Html::parse_document(&html);
            let shown = select(&doc, "body")[0].text().any(|t| t.contains(wanted));
            let kept = select(&doc, "input").iter().any(|i| i.attr("value") == Some(wanted));
            assert!(shown || kept, "{name}: the name must be shown as it is");
        }
    }
}

#[test]
fn controls_are_labelled() {
    every_page(|name, _, doc, _| {
        let labelled: HashSet<_> = select(doc, "label[for]").into_iter().filter_map(|l| l.attr("for")).collect();
        let ids: HashSet<_> = select(doc, "[id]").into_iter().filter_map(|e| e.attr("id")).collect();
        for e in select(doc, "input:not([type=hidden]), textarea, select") {
            let inside = e.ancestors().filter_map(ElementRef::wrap).any(|a| a.value().name() == "label");
            assert!(inside || e.attr("id").is_some_and(|id| labelled.contains(id)), "{name}: {:?}", e.value());
        }
        for e in select(doc, "[aria-describedby]") {
            assert!(e.attr("aria-describedby").is_some_and(|all| all.split(' ').all(|id| ids.contains(id))), "{name}");
        }
        for e in select(doc, "a, button, legend, label, dt, dd") {
            assert!(!text(e).is_empty(), "{name}: empty {:?}", e.value());
        }
        assert!(select(doc, "img").iter().all(|i| i.attr("alt").is_some()), "{name}");
        assert!(select(doc, "svg").iter().all(|s| s.attr("aria-hidden") == Some("true")), "{name}");
        assert!(select(doc, "nav").iter().all(|n| !text(*n).is_empty()), "{name}: an empty landmark");
        assert!(select(doc, ".buttons").iter().all(|b| !text(*b).is_empty()), "{name}: an empty row of buttons");
    });
}

#[test]
fn the_choice_is_the_persons() {
    for lang in [Lang::Ru, Lang::En] {
        for (name, html) in all(lang, &Names::plain()).into_iter().filter(|(n, _)| n.starts_with("choice")) {
            let doc = Html::parse_document(&html);
            let radios = select(&doc, "input[type=radio][name=organisation]").len();
            let checked = select(&doc, "input[checked]").len();
            assert_eq!(checked, usize::from(radios == 1), "{name}");
            assert_eq!(select(&doc, "input[type=hidden][name=csrf]").len(), 1, "{name}");
            assert_eq!(select(&doc, "fieldset[aria-describedby=choose-error]").len(), usize::from(name == "choice-error"), "{name}");
            let buttons: Vec<_> = select(&doc, "button").into_iter().map(|b| b.attr("formaction")).collect();
            assert_eq!(buttons, [None, Some("/login/decline")], "{name}: Enter must confirm, not decline");
        }
    }
}

#[test]
fn verdicts_differ_in_words_and_picture() {
    for lang in [Lang::Ru, Lang::En] {
        let pages: Vec<_> = all(lang, &Names::plain()).into_iter().filter(|(n, _)| n.starts_with("check")).collect();
        let mut seen = HashSet::new();
        for (name, html) in &pages {
            let doc = Html::parse_document(html);
            let (h1, icon) = (text(select(&doc, "h1")[0]), select(&doc, ".plaque svg")[0].html());
            assert!(seen.insert(h1) && seen.insert(icon), "{name} looks or reads like another verdict");
        }
        assert_eq!(pages.len(), 7);
    }
}

#[test]
fn the_switch_and_the_links_keep_the_language() {
    let pages = all(Lang::En, &Names::plain());
    let (_, html) = pages.iter().find(|(n, _)| n == "check-t-official").unwrap();
    let doc = Html::parse_document(html);
    assert_eq!(select(&doc, "nav a[lang=ru]")[0].attr("href"), Some("/check?link=x&lang=ru"));
    assert_eq!(select(&doc, "a.more")[0].attr("href"), Some("/c/01JD0000000000000000000000?lang=en"));
    assert_eq!(select(&doc, "form input[name=lang]")[0].attr("value"), Some("en"));
}

#[test]
fn history_begins_with_the_newest() {
    for (name, html) in all(Lang::Ru, &Names::plain()).into_iter().filter(|(n, _)| n.starts_with("badge")) {
        let doc = Html::parse_document(&html);
        let days: Vec<_> = select(&doc, ".history time").into_iter().filter_map(|t| t.attr("datetime")).collect();
        assert_eq!(days, ["2026-11-18", "2026-05-01", "2026-02-03"], "{name}");
    }
}
