//! The settings of `[idp.oidc]` and `[idp.oidc.claims]`, in the order of the default file.

use super::super::catalogue::{Setting, optional, secret, set};

pub(super) const OIDC: &[Setting] = &[
    optional(
        "issuer",
        "\"https://idp.example.ru\"",
        "The provider's issuer, compared byte for byte with its discovery document, its tokens and its answers. An https address.
        Required, as is client_id, when idp.kind or idp.also names oidc.",
    ),
    optional("name", "\"Госуслуги\"", "What people call the provider. Default: the issuer's host."),
    optional(
        "client_id",
        "\"gosbadge\"",
        "The id registered for this service. Its only redirect address is {public_url}/oauth/callback/oidc.",
    ),
    set(
        "client_authentication",
        "\"private_key_jwt\"",
        "How this service proves itself: `private_key_jwt` (nothing secret ever leaves this machine), `client_secret_basic` or
        `client_secret_post` (a password, known to both).",
    ),
    secret("client_secret", "\"<secret>\"", "The password of the two client_secret methods."),
    optional(
        "private_key_file",
        "\"/etc/gosbadge/oidc.key\"",
        "PEM private key of private_key_jwt. Must be readable by this service alone.",
    ),
    set("private_key_algorithm", "\"ES256\"", "Algorithm of that key: ES256 (P-256), RS256 or PS256 (RSA from 2048 bits)."),
    optional("private_key_id", "\"key-1\"", "`kid` of that key at the provider. Needed where several keys are registered."),
    set(
        "assertion_audience",
        "\"issuer\"",
        "`aud` of the assertion: `issuer`, or `token_endpoint` for providers that insist on it. With `issuer` an assertion is of no use
        anywhere else, whatever a discovery document says.",
    ),
    set("scopes", "[\"openid\"]", "What is asked for; `openid` is needed. Add the scope that brings the organisations."),
    set(
        "authorize_parameters",
        "[]",
        "Further parameters of the authorization request, \"prompt=login\". Parameters this service sets itself are refused.",
    ),
    set(
        "algorithms",
        "[\"RS256\", \"ES256\"]",
        "Algorithms accepted of id tokens, of RS256, PS256, ES256, ES384, EdDSA. Name only what the provider uses: a token never chooses.",
    ),
    set(
        "required_acr",
        "[]",
        "Accepted `acr` values, asked for by acr_values; a sign-in with another or none ends with F21. Empty accepts every sign-in.",
    ),
    set("userinfo", "true", "Whether claims are read from the userinfo endpoint too. `false` if the id token has them all."),
    set("leeway", "\"30s\"", "Tolerated difference between our clock and the provider's, up to 2m. Larger values accept older tokens."),
    set("max_token_age", "\"10m\"", "Oldest id token accepted, by its iat, 10s to 1h: an old one was not made for this login."),
    set(
        "metadata_lifetime",
        "\"1h\"",
        "Age at which the discovery document is read again, 1m to 1d. While the provider is away an old one serves four times as long.",
    ),
    set(
        "keys_lifetime",
        "\"15m\"",
        "Age at which the key set is read again, 10s to 1d: a key the provider withdraws is trusted this long. New keys are seen at once.",
    ),
    set("connect_timeout", "\"5s\"", "Longest wait for a connection to the provider, 100ms to 1m."),
    set("timeout", "\"15s\"", "Longest wait for one step of a login with all its exchanges, 100ms to 5m. The person waits as long."),
    set("max_response_bytes", "1048576", "Longest answer read from the provider, 4096 to 16777216 bytes; a longer one fails the login."),
];

pub(super) const CLAIMS: &[Setting] = &[
    set("subject", "\"/sub\"", "The person's stable id: the pseudonym is made of it. Changing it makes everybody a stranger."),
    set("confirmed", "\"/identity_confirmed\"", "Whether the provider confirmed who the person is; everybody else ends with F02."),
    set("confirmed_values", "[\"true\"]", "Values of it that mean yes, as text; \"true\" accepts the boolean and the word."),
    set("organisations", "\"/organizations\"", "The list of the person's organisations, or the only one. The pointers below start in it."),
    set("id", "\"/id\"", "The organisation's id at the provider, unique among the person's."),
    set("ogrn", "\"/ogrn\"", "OGRN. Without it an organisation ends with F05."),
    set("full_name", "\"/full_name\"", "Full name: what attestations and pages call the authority."),
    set("short_name", "\"/short_name\"", "Short name, where the authority has one."),
    set("inn", "\"/inn\"", "INN. As text: a number loses its leading zero."),
    set("kpp", "\"/kpp\"", "KPP of the organisation itself, not of a branch."),
    set("okopf", "\"/okopf\"", "Legal form. Without it and agency_type nobody is a public body (F13)."),
    set("oktmo", "\"/oktmo\"", "Territory of the authority, OKTMO code."),
    set("agency_type", "\"/agency_type\"", "Kind of public body in ESIA's words, \"12.LCL\"."),
    set("agency_territory", "\"/agency_territory\"", "Subject of the federation, two digits, \"00\" for the federation."),
    set("type", "\"/type\"", "Kind of organisation; the words follow. A word in none of the lists is judged by its numbers."),
    set("type_agency", "[\"AGENCY\"]", "Words for a state or municipal body."),
    set("type_legal", "[\"LEGAL\"]", "Words for any other legal entity."),
    set("type_business", "[\"BUSINESS\"]", "Words for a sole trader, who ends with F23."),
    set("chief", "\"/chief\"", "Whether the person heads the organisation. May be a list of roles. Silence means no."),
    set("chief_values", "[\"true\"]", "Values that mean yes, such as [\"HEAD\"]."),
    set("admin", "\"/admin\"", "Whether the person administers the organisation's profile. Silence means no."),
    set("admin_values", "[\"true\"]", "Values that mean yes, it is the administrator."),
    set("active", "\"/active\"", "Whether the person is not blocked in the organisation. Silence means blocked (F09)."),
    set("active_values", "[\"true\"]", "Values that mean yes, not blocked."),
    set(
        "liquidated",
        "\"/liquidated\"",
        "Whether the organisation is liquidated. Silence fails the login (F17); `off` if the provider never says it.",
    ),
    set("liquidated_values", "[\"true\"]", "Values that mean yes, it is liquidated."),
    set("branch_id", "\"/branch/id\"", "Where the person belongs to a branch: its id."),
    set("branch_name", "\"/branch/name\"", "Its name: it alone tells the branch's badge from the head office's."),
];
