//! The settings themselves, in the order of the default file. How they are read and checked is in `validate.rs`.

mod oidc;
mod platform_api;

use super::catalogue::{Section, Setting, optional, secret, set};

pub(super) const SECTIONS: &[Section] = &[
    Section { name: "", about: "", settings: TOP },
    Section {
        name: "admin",
        about: "The listener for operators: the administration API. Never shared with the public one.",
        settings: ADMIN,
    },
    Section { name: "log", about: "Log lines go to standard error.", settings: LOG },
    Section { name: "database", about: "Where everything is kept.", settings: DATABASE },
    Section {
        name: "keys",
        about: "Keys that protect what is kept. Losing them loses the data they protect; back them up apart from the database.",
        settings: KEYS,
    },
    Section { name: "idp", about: "The identity provider representatives sign in at.", settings: IDP },
    Section { name: "idp.esia", about: "ESIA (Gosuslugi). The values come from the system's registration at ESIA.", settings: ESIA },
    Section {
        name: "idp.oidc",
        about: "An OpenID Connect provider, such as a gateway in front of ESIA. Everything else about it is discovered.",
        settings: oidc::OIDC,
    },
    Section {
        name: "idp.oidc.claims",
        about: "Where the facts stand in the claims of the id token and userinfo: JSON pointers (RFC 6901). The defaults fit the sample in
        the README. \"off\" where the provider never says it.",
        settings: oidc::CLAIMS,
    },
    Section { name: "login", about: "The sign-in of a representative.", settings: LOGIN },
    Section { name: "application", about: "One attempt to get a badge.", settings: APPLICATION },
    Section { name: "oauth", about: "How platforms start and finish an application.", settings: OAUTH },
    Section { name: "attestation", about: "The signed proof of a badge.", settings: ATTESTATION },
    Section { name: "status", about: "Status lists: what tells platforms that a badge was revoked.", settings: STATUS },
    Section {
        name: "federation",
        about: "OpenID Federation: what this service says of itself, and whose badges it issues where they are not its own.",
        settings: FEDERATION,
    },
    Section {
        name: "transparency",
        about: "The public, append-only log of every event and status list, and its witnesses.",
        settings: TRANSPARENCY,
    },
    Section { name: "webhooks", about: "Delivery of events to platforms.", settings: WEBHOOKS },
    Section {
        name: "platform_api",
        about: "The platforms' own interfaces, through which communities are looked at. Each is used only where its token is given.",
        settings: platform_api::ALL,
    },
    Section { name: "platform_api.vk", about: "VK.", settings: platform_api::VK },
    Section { name: "platform_api.ok", about: "Одноклассники.", settings: platform_api::OK },
    Section { name: "platform_api.max", about: "MAX.", settings: platform_api::MAX },
    super::platform_oauth::SECTION,
    super::site::SECTION,
    super::platform_events::SECTION,
    Section { name: "jobs", about: "Background work.", settings: JOBS },
    Section { name: "evidence", about: "The encrypted record of who confirmed a badge.", settings: EVIDENCE },
    Section { name: "http", about: "The HTTP servers.", settings: HTTP },
];

const TOP: &[Setting] = &[
    set(
        "public_url",
        "\"http://127.0.0.1:8080\"",
        "The address the world knows this service by; `iss` of every attestation. Changing it makes all issued attestations foreign.
        An https origin without path and trailing slash; http only for loopback addresses.",
    ),
    set("listen", "\"127.0.0.1:8080\"", "Where the public server listens. TLS is the reverse proxy's work."),
    set("data_dir", "\"./var\"", "Directory for the SQLite database and, for local use, generated keys."),
    set(
        "dev",
        "false",
        "Development: permits http and loopback addresses for the identity provider and webhooks. Only with a loopback public_url.",
    ),
];

const ADMIN: &[Setting] = &[set(
    "listen",
    "\"127.0.0.1:8081\"",
    "Keep it on loopback or a management network; anything else is warned about. Must differ from the public `listen`.",
)];

const LOG: &[Setting] = &[
    set("format", "\"human\"", "`human` for terminals and journals, `json` (one object per line) for collectors."),
    set(
        "level",
        "\"info\"",
        "A level (error, warn, info, debug, trace) or a filter such as \"info,gosbadge::store=debug\". One line per request is at info.",
    ),
];

const DATABASE: &[Setting] = &[
    secret(
        "url",
        "\"sqlite:./var/gosbadge.db\"",
        "`sqlite:PATH` for one host, `postgres://USER:PASSWORD@HOST/NAME` for several. Default: sqlite:{data_dir}/gosbadge.db.
        A secret, because it may hold a password.",
    ),
    set("pool_size", "8", "Connections per process, 1 to 256. On SQLite these are readers; there is one writer beside them."),
];

const KEYS: &[Setting] = &[
    secret(
        "kek",
        "\"<base64 of 32 bytes>\"",
        "Key-encryption key: seals private signing keys, evidence and webhook secrets. Make one with `openssl rand -base64 32`.
        Several, separated by spaces or line ends, newest first: the first seals, all open. Remove an old one only when nothing it sealed is left.
        Required unless public_url is a loopback address.",
    ),
    secret(
        "pseudonym_key",
        "\"<base64 of 32 bytes>\"",
        "Turns a representative's ESIA id into a pseudonym. Changing it makes everybody a stranger.
        Required unless public_url is a loopback address.",
    ),
    set(
        "publish_before",
        "\"24h\"",
        "How long a new signing key is published before it signs, up to 30d. Whoever keeps our key set longer than this meets signatures of a key
        they do not know after a rotation. Each next key is announced at once, so the wait is felt only after a second rotation within it.",
    ),
];

const IDP: &[Setting] = &[
    set("kind", "\"esia\"", "Who people are sent to: `esia` (its own protocol) or `oidc` (any OpenID Connect provider)."),
    set(
        "also",
        "[]",
        "Other kinds that people may use instead and whose answers are taken, each at a callback address of its own: for the time of moving
        from one to the other. Whoever signs in there is another person to this service, since the ids differ.",
    ),
];

const ESIA: &[Setting] = &[
    set("base_url", "\"https://esia.gosuslugi.ru\"", "Origin of ESIA. The test stand is https://esia-portal1.test.gosuslugi.ru."),
    optional(
        "client_id",
        "\"MNEMONIC\"",
        "Mnemonic of the registered system. Required unless public_url is a loopback address, as are the three files below.",
    ),
    set("generation", "\"v2\"", "Protocol: `v2` (raw GOST signature, what ESIA accepts today) or `v1` (PKCS#7)."),
    optional(
        "certificate_file",
        "\"/etc/gosbadge/esia.crt\"",
        "Certificate registered with the system, PEM or DER. This file and the two settings below may be replaced while the service
        runs: a change is taken up within seconds. What does not load or fit together is logged and not used; the last good stays.",
    ),
    optional(
        "private_key_file",
        "\"/etc/gosbadge/esia.key\"",
        "Private key of that certificate, PEM or DER, not encrypted. Must be readable by this service alone.",
    ),
    optional(
        "trusted_certificate_files",
        "[\"/etc/gosbadge/esia-signing.crt\"]",
        "Certificates that sign ESIA's tokens, DER (.cer, as ESIA publishes them) or PEM; a PEM file may hold several. ESIA changes them about
        once a year: put the new one beside the old before the day.",
    ),
    set(
        "token_algorithm",
        "\"RS256\"",
        "The algorithm set for the system at ESIA's portal, RS256 or GOST3410_2012_256. Tokens signed otherwise are refused.",
    ),
    set(
        "issuer",
        "\"http://esia.gosuslugi.ru/\"",
        "`iss` of ESIA's tokens, compared byte for byte (http and a trailing slash in production).",
    ),
    set(
        "scopes",
        "[\"openid\", \"usr_org\"]",
        "What the representative is asked to share. `openid` is needed; `usr_org` names the organisations.",
    ),
    set(
        "organisation_route",
        "\"client_credentials\"",
        "Where an organisation's data come from: `client_credentials` (a system token per organisation), `scope_org` (asked for in the
        first request; generation v2 only), or `roles` (the person's list alone: without legal form and kind of body the policy
        can admit nobody, so choose it only to try the login).",
    ),
    set(
        "pkce",
        "\"off\"",
        "`S256` or `GOST3411` sends a PKCE challenge. ESIA has error codes for PKCE and publishes no method names: `GOST3411` (Streebog-256 of
        the verifier) is what one published client sends, unconfirmed, and nobody was seen to send `S256`. Leave off unless the registration
        says otherwise, or try it on the test stand.",
    ),
    set(
        "nonce",
        "\"off\"",
        "`send` sends a nonce; `require` also refuses an id_token that does not return it. ESIA has dropped nonces before.",
    ),
    set("connect_timeout", "\"5s\"", "Longest wait for a connection to ESIA, 100ms to 1m."),
    set(
        "timeout",
        "\"10s\"",
        "Longest time for one step of a login at ESIA, all its requests and their repetitions together, 100ms to 5m: the person waits at most
        this long. Reads and the system's own tokens are tried up to three times within it, the redemption of a code only where no
        connection came about.",
    ),
    set("leeway", "\"60s\"", "Tolerated difference between our clock and ESIA's when tokens are checked, up to 5m. Larger values accept older tokens; a larger
        difference is an alarm. Requests are stamped by ESIA's clock, as its answers tell it."),
    set("max_response_bytes", "1048576", "Longest answer read from ESIA, 4096 to 16777216 bytes; a longer one fails the login."),
];

const LOGIN: &[Setting] = &[set(
    "lifetime",
    "\"15m\"",
    "Time from the redirect to the identity provider until the person must be back, 1m to 1h. Not above application.lifetime.",
)];

const APPLICATION: &[Setting] = &[
    set("lifetime", "\"24h\"", "Time to finish an application, 15m to 30d. Personal data of an unfinished one is deleted then."),
    set(
        "portal_lifetime",
        "\"14d\"",
        "Time to finish an application that an authority started itself at /apply, 1h to 90d: proving control of a page can need a colleague and some
        days. One that nobody signed in for ends after 3d.",
    ),
    set(
        "portal_sign_in_lifetime",
        "\"24h\"",
        "How old the sign-in may be with which such an application is confirmed, 15m to 30d. After it the person signs in again, and what the sign-in
        told about the person is deleted; proofs of control stay. Shorter is safer on shared computers.",
    ),
    set(
        "handover",
        "\"supersede\"",
        "What happens when another body confirms a community that has a badge: `supersede` ends that badge and issues the new one, since whoever
        administers the page now is what people must know; `refuse` (B01) leaves it until an operator revokes it. A suspended badge never passes.",
    ),
];

const OAUTH: &[Setting] = &[
    set("request_uri_lifetime", "\"600s\"", "Life of a pushed authorization request, 5s to 600s (RFC 9126 section 2.2)."),
    set("code_lifetime", "\"60s\"", "Life of an authorization code, 5s to 10m (RFC 6749 section 4.1.2)."),
    set("access_token_lifetime", "\"600s\"", "Life of a platform's access token, 30s to 24h."),
    set(
        "mtls",
        "false",
        "Whether platforms may authenticate with client certificates (RFC 8705). The proxies of http.trusted_proxies hand them over in `Client-Cert` and
        `Client-Cert-Chain` (RFC 9440), and must drop what callers put there themselves: whoever gets such a header through is that platform.",
    ),
    optional(
        "mtls_ca_files",
        "[\"/etc/gosbadge/platform-ca.pem\"]",
        "Authorities, PEM, whose word for a name in a platform's certificate is believed; checked here, whatever the proxy checks. Without them
        only certificates registered one by one are taken.",
    ),
    optional(
        "mtls_url",
        "\"https://mtls.badge.example.ru\"",
        "Origin of a second public name of this service where the proxy asks for certificates; told to platforms in the metadata. Without it the proxy
        has to ask everybody at public_url, and browsers may show people a window about it.",
    ),
];

const ATTESTATION: &[Setting] = &[
    set(
        "lifetime",
        "\"90d\"",
        "Life of an attestation, 1h to 90d. A platform that never asks for status trusts a revoked one this long.",
    ),
    set(
        "renew_before",
        "\"14d\"",
        "How long before its end an attestation is renewed by itself, up to 45d and never more than a third of `lifetime`. Shorter leaves
        platforms less time to fetch the new one; 0s turns renewal off, and every badge ends with its first attestation.",
    ),
    set(
        "confirmation_lifetime",
        "\"365d\"",
        "How old a confirmation may be that a renewal still rests on, 1d to 1100d. After it somebody of the body has to sign in again, or the badge ends:
        heads change, and nobody tells us. Shorter is truer and more work for every school.",
    ),
];

const STATUS: &[Setting] = &[
    set("ttl", "\"60s\"", "How long platforms may keep a status list before asking again, 1s to 1d: a revocation reaches them this late."),
    set("expires_after", "\"24h\"", "How long a status list holds if this service is away, 1m to 30d. Not below `ttl`."),
    set(
        "list_size",
        "131072",
        "Entries per list, a multiple of 4 from 1024 to 1048576. Attestations that end in the same month share lists. Small lists let an observer tell who asks about whom. Applies to lists begun later.",
    ),
    set("refresh_interval", "\"500ms\"", "How often the view in memory follows the database, 10ms to 1m. Below max_view_age."),
    set(
        "max_view_age",
        "\"10s\"",
        "Older than this, the view answers no more questions (503): an outage must not read as \"not revoked\". 1s to 10m.",
    ),
];

const FEDERATION: &[Setting] = &[
    set("organization_name", "\"gosbadge\"", "Who runs this service, as its entity configuration says it to everybody."),
    set("contacts", "[]", "How to reach them, such as [\"badge@example.ru\"]. Published: addresses of an office, not of a person."),
    optional(
        "owner",
        "\"https://owner.example.ru\"",
        "Entity identifier of the owner of this kind of badge, where it is not this service: a ministry, say. The three settings go together.
        With them every new attestation carries the owner's delegation and ends with it at the latest.",
    ),
    optional("owner_jwks_file", "\"/etc/gosbadge/owner.jwks\"", "The owner's public keys, a JWK set. Published in the entity configuration."),
    optional(
        "delegation_file",
        "\"/etc/gosbadge/delegation.jwt\"",
        "The owner's signed word (trust-mark-delegation+jwt) that {public_url} may issue {public_url}/tm/official-community/v1. Read at start
        only, and refused there when it does not hold. Its end is an alarm 30 and 7 days before; after it nothing is issued.",
    ),
];

const TRANSPARENCY: &[Setting] = &[
    set(
        "interval",
        "\"1s\"",
        "Pause between looks for events that wait for their place in the log, 10ms to 1h. A fresh badge has no proof beside it for this long;
        every round that finds something signs one checkpoint.",
    ),
    set(
        "witnesses",
        "[]",
        "Witnesses asked to sign each checkpoint, as \"https://ADDRESS#KEY\"; the key is the line the witness publishes, NAME+HASH+BASE64.
        Give each the key at `{public_url}/log/key` first. Without witnesses nobody outside can rule out that different people are shown different logs.",
    ),
];

const WEBHOOKS: &[Setting] = &[
    set("timeout", "\"15s\"", "Longest wait for one delivery, 1s to 60s."),
    set(
        "concurrency",
        "16",
        "Deliveries at the same time per platform and process, 1 to 1024. Each platform has a lane of its own: a slow endpoint fills only its own.",
    ),
    set(
        "retry_schedule",
        "[\"5s\", \"5m\", \"30m\", \"90m\", \"3h\", \"5h\", \"4h\", \"6h\", \"4h\"]",
        "Waits before the second, third, … attempt, 1 to 30 of them, 10ms to 24h each, spread by a fifth either way. After the last one a delivery
        is given up: it is listed, and goes out again only when somebody asks for it. The default takes a little over a day.",
    ),
    set(
        "probe_interval",
        "\"1h\"",
        "How often a live endpoint is sent a verification event to see that somebody is there, 1m to 24h.",
    ),
    set(
        "alarm_after",
        "\"6h\"",
        "A live endpoint that acknowledges nothing for this long is an error in the log, 1m to 30d. Keep it above probe_interval.",
    ),
];

const JOBS: &[Setting] = &[
    set(
        "in_process",
        "true",
        "Whether `gosbadge serve` works off jobs too. If false, run `gosbadge worker` (PostgreSQL), or nothing is delivered.",
    ),
    set("poll_interval", "\"1s\"", "How often an idle worker looks for jobs of others, 10ms to 1m."),
];

const EVIDENCE: &[Setting] = &[set(
    "retention",
    "\"1095d\"",
    "How long the record outlives its badge before it is deleted, 1d to 3650d. Personal data: no longer than your purpose needs.",
)];

const HTTP: &[Setting] = &[
    set(
        "trusted_proxies",
        "[]",
        "Addresses or CIDR ranges whose X-Forwarded-For is believed. Empty: nobody's. A range that is too wide lets callers choose their address
        in the audit trail.",
    ),
    optional("workers", "2", "Server threads, 1 to 1024. Default: one per processor."),
    set("client_timeout", "\"5s\"", "Longest wait for the whole head of a request, 100ms to 1m; slower clients are cut off."),
    set(
        "body_timeout",
        "\"10s\"",
        "Longest wait for the whole body of a request, 100ms to 1m; slower ones are answered 408. Short, and people on slow lines fail; long, and
        callers who trickle their bodies hold connections.",
    ),
    set("keep_alive", "\"75s\"", "How long an idle connection stays open, 1s to 10m. Longer than the proxy's own, or it meets closed connections."),
];
