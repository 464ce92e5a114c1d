//! An official site and a community that name each other: which addresses a text names, which of them a page lies under, which hosts
//! are nobody's official site. Pure text work; what stands at an address is not known here.

use url::Url;

use super::community::CommunityNumber;
use super::community_link::{self, Locator};

/// Hosts that lend pages to everybody: the bare name is no body's own site. What they give to one customer each, as a name under
/// theirs, is.
const EVERYBODY_S: [&str; 17] = [
    "narod.ru",
    "ucoz.ru",
    "ucoz.net",
    "ucoz.com",
    "nethouse.ru",
    "tilda.ws",
    "wixsite.com",
    "taplink.cc",
    "taplink.ws",
    "linktr.ee",
    "github.io",
    "sites.google.com",
    "docs.google.com",
    "disk.yandex.ru",
    "telegra.ph",
    "gosuslugi.ru",
    "webnode.ru",
];

/// Social networks and messengers, with everything under their names.
const NETWORKS: [&str; 11] = [
    "vk.com",
    "vk.ru",
    "vkontakte.ru",
    "ok.ru",
    "odnoklassniki.ru",
    "max.ru",
    "t.me",
    "telegram.org",
    "youtube.com",
    "rutube.ru",
    "dzen.ru",
];

/// Whether no body can call this host its official site: it is a social network's, one of the platform's own (`prefixes` of its
/// communities' addresses), or one that lends pages to everybody.
pub fn is_nobody_s_own(host: &str, prefixes: &[String]) -> bool {
    let host = host.trim_end_matches('.');
    let bare = host.strip_prefix("www.").unwrap_or(host);
    let under = |name: &str| bare == name || bare.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    let platform_s = || prefixes.iter().filter_map(|p| Url::parse(p).ok()).any(|p| p.host_str().is_some_and(under));
    EVERYBODY_S.contains(&bare) || NETWORKS.into_iter().any(under) || platform_s()
}

/// The addresses a community names in a text of its own: whole ones, and names of hosts as people write them.
pub fn named_in(text: &str) -> Vec<Url> {
    let edges = |c: char| !c.is_alphanumeric() && c != '/';
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"' | '(' | ')' | '«' | '»' | '|'));
    words.map(|w| w.trim_matches(edges)).filter(|w| w.contains('.') || w.contains("://")).filter_map(address).collect()
}

fn address(word: &str) -> Option<Url> {
    let full = if word.contains("://") { word.to_owned() } else { format!("https://{word}") };
    // An address with somebody's name before the host means that host, whatever it looks like: it is no way to name a site.
    Url::parse(&full).ok().filter(|u| matches!(u.scheme(), "http" | "https") && u.username().is_empty() && u.host_str().is_some())
}

/// Whether `page` lies under the address `named`: on the same host, and below its path where it names one. Several bodies may share
/// a host, each with a part of its own.
pub fn lies_under(page: &Url, named: &Url) -> bool {
    let host = |u: &Url| u.host_str().map(|h| h.trim_end_matches('.').trim_start_matches("www.").to_owned());
    let part = named.path().trim_end_matches('/');
    let below = page.path().strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    // Platforms show http where people typed nothing; the page itself is read over https alone.
    let same_port = named.port() == page.port();
    host(page) == host(named) && same_port && (below || leads_in(named))
}

/// The address of a front page, `/`, `/index.html`: it means the whole site.
fn leads_in(named: &Url) -> bool {
    let path = named.path().trim_start_matches('/');
    path.is_empty() || matches!(path, "index.html" | "index.htm" | "index.php" | "main")
}

/// Whether a link leads to the community: by its number, or by the vanity name it has now.
pub fn leads_to(href: &str, number: &CommunityNumber, screen_name: Option<&str>, prefixes: &[String]) -> bool {
    // A link of a page to itself or within its site never does; `@name` is no link.
    if !href.contains("://") && !href.starts_with("//") {
        return false;
    }
    match community_link::locate(href.trim_start_matches("//"), prefixes) {
        Some(Locator::Number(n)) => n == *number,
        Some(Locator::Name(name)) => screen_name.is_some_and(|s| s.eq_ignore_ascii_case(&name)),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn sites_are_found_as_people_write_them() {
        let found = |text: &str| named_in(text).iter().map(|u| u.host_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(found("https://ds12.example.ru"), ["ds12.example.ru"]);
        assert_eq!(found("Наш сайт: ds12.example.ru, телефон 8-800"), ["ds12.example.ru"]);
        assert_eq!(found("Сайт (школа12.рф). Почта: a@b.ru"), ["xn--12-6kc3bfr2e.xn--p1ai"]);
        assert_eq!(found("http://WWW.DS12.example.ru/about; «mo.example.ru»"), ["www.ds12.example.ru", "mo.example.ru"]);
        assert!(found("без сайта. совсем").is_empty() && found("javascript://x.ru ftp://y.ru").is_empty());
        assert!(found("https://ds12.example.ru@evil.example/").is_empty());
    }

    #[test]
    fn a_page_has_to_lie_under_what_the_community_names() {
        for (page, named) in [
            ("https://ds12.example.ru/", "https://ds12.example.ru"),
            ("https://ds12.example.ru/contacts", "http://ds12.example.ru/"),
            ("https://www.ds12.example.ru/", "https://ds12.example.ru/index.html"),
            ("https://edu.example.ru/school12/about", "https://edu.example.ru/school12/"),
            ("https://edu.example.ru/school12", "https://edu.example.ru/school12"),
        ] {
            assert!(lies_under(&url(page), &url(named)), "{page} {named}");
        }
        for (page, named) in [
            ("https://evil.example/", "https://ds12.example.ru/"),
            ("https://ds12.example.ru.evil.example/", "https://ds12.example.ru/"),
            ("https://sub.ds12.example.ru/", "https://ds12.example.ru/"),
            ("https://edu.example.ru/school13/", "https://edu.example.ru/school12/"),
            ("https://edu.example.ru/school123/", "https://edu.example.ru/school12"),
            ("https://edu.example.ru/", "https://edu.example.ru/school12/"),
            ("https://ds12.example.ru:8443/", "https://ds12.example.ru/"),
        ] {
            assert!(!lies_under(&url(page), &url(named)), "{page} {named}");
        }
    }

    #[test]
    fn nobody_owns_a_social_network_or_bare_hosting() {
        let prefixes = ["https://social.example/".to_owned()];
        for host in ["vk.com", "m.vk.com", "www.ok.ru", "social.example", "pages.social.example", "narod.ru", "sites.google.com", "t.me."] {
            assert!(is_nobody_s_own(host, &prefixes), "{host}");
        }
        for host in ["ds12.example.ru", "school12.narod.ru", "school12.gosuslugi.ru", "notvk.com", "mysocial.example"] {
            assert!(!is_nobody_s_own(host, &prefixes), "{host}");
        }
    }

    #[test]
    fn links_are_understood_by_number_or_by_the_name_of_today() {
        let (number, prefixes) = ("218000001".parse().unwrap(), ["https://vk.com/".to_owned()]);
        let leads = |href: &str| leads_to(href, &number, Some("ds12_romashka"), &prefixes);
        for good in
            ["https://vk.com/club218000001", "//vk.com/public218000001", "http://m.vk.com/DS12_romashka", "https://vk.ru/ds12_romashka"]
        {
            assert!(leads(good), "{good}");
        }
        for bad in
            ["https://vk.com/club218000002", "https://vk.com/ds12", "/club218000001", "@ds12_romashka", "club218000001", "https://vk.com/"]
        {
            assert!(!leads(bad), "{bad}");
        }
        assert!(!leads_to("https://vk.com/ds12_romashka", &number, None, &prefixes), "the name has moved on");
    }
}
