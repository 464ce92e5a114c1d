//! ESIA's error codes: ours for the person, words for the operator, and whether trying again helps. How an answer is
//! matched to a row is in `errors`.

use crate::domain::refusal::RefusalCode::{self, F01, F02, F03, F17, F18, F19, F20, F21};
use crate::ports::identity_provider::TryAgain::{self, AfterFix, Later, No, Now};

/// One code of ESIA's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorRow {
    /// As ESIA writes it: `ESIA-007015`; one is known by its word alone, `OAuthErrorEnum.noGrants`.
    pub code: &'static str,
    /// What the person is told.
    pub refusal: RefusalCode,
    /// What the operator is told: what it means and what to do.
    pub advice: &'static str,
    /// Whether trying again helps.
    pub try_again: TryAgain,
}

/// Every code known, sorted by code. The meanings are those of the methodical recommendations as published clients quote them.
pub const fn error_table() -> &'static [ErrorRow] {
    TABLE
}

const fn row(code: &'static str, refusal: RefusalCode, try_again: TryAgain, advice: &'static str) -> ErrorRow {
    ErrorRow { code, refusal, advice, try_again }
}

/// The consent errors differ in what is wrong and agree in what to do.
macro_rules! consent {
    ($what:literal) => {
        concat!($what, "; this service sends no permissions, so correct the consent set for the system on the technological portal")
    };
}

const TABLE: &[ErrorRow] = &[
    row(
        "ESIA-005029",
        F17,
        AfterFix,
        "the token lacks the scope for this read; have the scope granted to the system on the technological portal",
    ),
    row(
        "ESIA-007002",
        F17,
        AfterFix,
        "certificate and mnemonic do not belong together, or no certificate is registered; compare idp.esia.client_id and \
         certificate_file with the technological portal",
    ),
    row(
        "ESIA-007003",
        F17,
        AfterFix,
        "a parameter is missing, wrong or repeated; compare generation, pkce and nonce with the registration",
    ),
    row("ESIA-007004", F01, Now, "the person or ESIA declined; the person may begin again and consent"),
    row(
        "ESIA-007005",
        F17,
        AfterFix,
        "the system may not use this method, or mnemonic or certificate are wrong; compare idp.esia.client_id, certificate_file and \
         generation with the technological portal",
    ),
    row(
        "ESIA-007006",
        F17,
        AfterFix,
        "a requested scope does not exist or is not granted to the system; compare idp.esia.scopes and organisation_route with the \
         registration",
    ),
    row("ESIA-007007", F18, Later, "unexpected error at ESIA; nothing to do but wait, and tell ESIA's support if it stays"),
    row("ESIA-007008", F18, Later, "ESIA is overloaded or in maintenance; nothing to do but wait"),
    row("ESIA-007009", F17, AfterFix, "ESIA does not give tokens by this method; check idp.esia.generation and organisation_route"),
    row(
        "ESIA-007011",
        F19,
        Now,
        "the code is used, expired, revoked, or of another redirect address or client; the person begins again. If it happens every \
         time, check public_url and this machine's clock",
    ),
    row("ESIA-007012", F17, AfterFix, "the kind of code is not supported; check idp.esia.generation"),
    row("ESIA-007013", F17, AfterFix, "no scope was sent; check idp.esia.scopes"),
    row(
        "ESIA-007014",
        F17,
        AfterFix,
        "a mandatory parameter is missing; check idp.esia.generation and whether pkce is demanded of the system",
    ),
    row("ESIA-007015", F17, AfterFix, "the request's time is off; set this machine's clock and keep it with NTP"),
    row(
        "ESIA-007019",
        F17,
        AfterFix,
        "the system has no permission for what it asks; have the scopes of idp.esia.scopes granted on the technological portal",
    ),
    row(
        "ESIA-007023",
        F20,
        AfterFix,
        "our redirect address is not registered for the system; register public_url's host and callback address",
    ),
    row("ESIA-007038", F17, AfterFix, "the parameters could not be read; check that no proxy changes requests to ESIA"),
    row(
        "ESIA-007039",
        F17,
        AfterFix,
        "a PKCE verifier came without a challenge in the first request; idp.esia.pkce was changed meanwhile, or is not supported: try off",
    ),
    row(
        "ESIA-007040",
        F19,
        Now,
        "the PKCE verifier does not match: the code belongs to another login, or ESIA means another method by the name in idp.esia.pkce",
    ),
    row("ESIA-007046", F21, AfterFix, "a second factor is required and not available to the person, who has to set one up at Gosuslugi"),
    row(
        "ESIA-007053",
        F17,
        AfterFix,
        "the request's signature is wrong, or the certificate does not match or is inactive; check certificate_file, private_key_file and \
         generation, and the certificate's state on the technological portal",
    ),
    row("ESIA-007055", F02, AfterFix, "the person's account is not confirmed; the person confirms it at Gosuslugi"),
    row(
        "ESIA-007060",
        F17,
        AfterFix,
        "wrong value of roles, which this service does not send; ask ESIA's support what the system is set to",
    ),
    row(
        "ESIA-007061",
        F17,
        AfterFix,
        "wrong value of obj_type, which this service does not send; ask ESIA's support what the system is set to",
    ),
    row(
        "ESIA-007062",
        F17,
        AfterFix,
        "wrong type or role of user; check on the technological portal which kinds of user the system admits",
    ),
    row("ESIA-007194", F03, No, "the person does not work in the organisation the scopes are about"),
    row("ESIA-008010", F17, AfterFix, "ESIA could not authenticate the system; check client_id, certificate_file and private_key_file"),
    row("ESIA-036700", F17, AfterFix, consent!("the type of consent is not named")),
    row("ESIA-036701", F17, AfterFix, consent!("the type of consent does not exist")),
    row("ESIA-036702", F17, AfterFix, consent!("a scope the type of consent demands is missing")),
    row("ESIA-036703", F17, AfterFix, consent!("the scopes go beyond those the type of consent permits")),
    row("ESIA-036704", F17, AfterFix, consent!("the type of consent permits no scopes")),
    row("ESIA-036705", F17, AfterFix, consent!("the consent names no action")),
    row("ESIA-036706", F17, AfterFix, consent!("an action of the consent does not exist")),
    row("ESIA-036707", F17, AfterFix, consent!("the consent names no purpose")),
    row("ESIA-036716", F17, AfterFix, consent!("the consent's end is wrong")),
    row("ESIA-036726", F17, AfterFix, consent!("the consent's purpose does not exist")),
    row("ESIA-036727", F17, AfterFix, consent!("the consent must name one purpose")),
    row(
        "OAuthErrorEnum.noGrants",
        F17,
        AfterFix,
        "the system has no permission for a scope it asks (seen with ESIA-007019); have the scopes of idp.esia.scopes granted on the \
         technological portal",
    ),
];
