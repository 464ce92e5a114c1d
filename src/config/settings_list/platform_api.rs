//! The settings of `[platform_api]` and its interfaces.

use crate::config::catalogue::{Setting, optional, secret, set};

pub(super) const ALL: &[Setting] = &[
    set("connect_timeout", "\"3s\"", "Longest wait for a connection to a platform's interface, 100ms to 60s."),
    set("timeout", "\"10s\"", "Longest wait for one answer of it, 100ms to 60s. Somebody may be waiting in a browser."),
    set(
        "look_again",
        "\"24h\"",
        "How often the communities of badges in force are looked at again, where their platform's interface is configured; 0s: never, up to 30d.
        A community that is gone at two looks, 15 minutes apart, has its badge suspended. A platform that does not answer changes nothing.
        The links between a site and its community are looked at as often, where a badge rests on them; 0s ends that too.",
    ),
    set(
        "grace",
        "\"7d\"",
        "How long such a badge stays suspended, 1h to 90d. A community that comes back before gets it back; after it the badge is revoked for good.",
    ),
    set("max_response_bytes", "4194304", "Longest answer read, 4096 to 16777216 bytes; VK's for 500 communities may take a megabyte."),
];

pub(super) const VK: &[Setting] = &[
    set("platform", "\"vk\"", "Short name under which VK is registered here (`gosbadge platform add`)."),
    set("url", "\"https://api.vk.com\"", "Where VK's API is, without a slash at the end."),
    set("pages", "\"https://vk.com/club\"", "What addresses of communities begin with; their number follows."),
    set("requests_per_second", "3", "VK permits 3 to a service token and 20 to a community's. More is refused by VK and slows everything."),
    secret(
        "token",
        "\"vk1.a.TOKEN\"",
        "Service token of an application registered at VK. Without it VK is not asked, and nobody can prove control of a community by a text in it.",
    ),
];

pub(super) const OK: &[Setting] = &[
    set("platform", "\"ok\"", "Short name under which Одноклассники are registered here."),
    set("url", "\"https://api.ok.ru/fb.do\"", "Where their REST API is."),
    set("pages", "\"https://ok.ru/group/\"", "What addresses of groups begin with; their number follows."),
    set("requests_per_second", "3", "Their limit is not published; more than it permits is refused and slows everything."),
    optional(
        "application_key",
        "\"CPUBLICKEY\"",
        "Public key of an application registered there with the rights VALUABLE_ACCESS and GROUP_CONTENT.",
    ),
    secret("application_secret", "\"SECRETKEY\"", "Its secret key. Without it Одноклассники are not asked."),
    secret(
        "access_token",
        "\"tkn1TOKEN\"",
        "A permanent token, where the application works with one. A newly issued one ends the one before.",
    ),
];

pub(super) const MAX: &[Setting] = &[
    set("platform", "\"max\"", "Short name under which MAX is registered here."),
    set("url", "\"https://platform-api2.max.ru\"", "Where MAX's API is, without a slash at the end."),
    set("pages", "\"https://max.ru/-\"", "What the address of a page begins with that has no name of its own; its number follows."),
    set("requests_per_second", "20", "MAX permits 30; more is refused and slows everything."),
    secret("token", "\"BOT_TOKEN\"", "Token of the bot that administrators add to their page. Without it MAX is not asked."),
    optional(
        "root_certificate_file",
        "\"/etc/gosbadge/russian-trusted-root.pem\"",
        "Root certificates, PEM, trusted for MAX alone besides the system's: its certificate comes from the Ministry's authority, which systems do
        not carry.",
    ),
];
