//! gosbadge: signed, checkable badges for the official social-network pages of public bodies.
//!
//! A badge is a fact about three things: a legal entity, a community on a platform, and how it was confirmed that they
//! belong together. Every change of that fact is one row of an append-only ledger; attestations, status lists, deliveries
//! to platforms and pages are derived from it.
//!
//! # The house
//!
//! ```text
//! main -> cli -> { http, jobs } -> service -> { store, ports, verifier } -> domain
//!          \-> wire (composition root) -> adapters -> ports -> domain
//! sandbox (stand-in ESIA and platform, HTTP applications of their own) -> ports, verifier, domain
//! verifier (what a platform embeds; builds with --no-default-features) -> domain
//! ```
//!
//! | module | what lives there |
//! |---|---|
//! | [`domain`] | values, rules, state machines; no clock, no randomness, no I/O |
//! | [`verifier`] | offline check of an attestation: signature, claims, status list; of the transparency log's signatures and proofs |
//! | `ports` | traits for the outside: clock, entropy, signer, vault, client certificates, identity provider, event sink, witness, platform API |
//! | `store` | everything remembered; diesel over SQLite or PostgreSQL, one body per query, named transactions |
//! | `service` | use cases, a file per verb; decide with the domain, remember with the store, reach out through ports |
//! | `http` | actix handlers, the route table, error mapping, pages |
//! | `jobs` | background loops: follow ledger and keys, deliver, sweep, renew, turn keys, write the transparency log, watch the identity providers, the communities of badges and the sites they rest on |
//! | `adapters` | what stands behind the ports: ESIA, OpenID Connect, keys, seals, webhook delivery, official sites, witnesses, the APIs of VK, OK and MAX |
//! | `sandbox` | the stand-ins, with protocol code of their own, so that a shared misreading cannot cancel out |
//! | `cli` | a file per command; `cli::wire` alone names adapters |
//! | `config`, `telemetry` | settings with all errors at once; logs, one line per request |
//!
//! `tests/it/architecture.rs` reads the `use` lines and fails with the file that breaks an arrow. Beyond `std`, the domain
//! may use `serde`, `thiserror`, `url` and crates that only compute: `time`, `ulid`, `sha2`, `hmac`, `base64`, `flate2`.
//!
//! # Decisions
//!
//! 1. **Intent, signature, record** (`service::issue`). A prepared row is committed, the token is signed outside any
//!    transaction and checked with our own published key, then token, event and deliveries are committed together. The
//!    token leaves the process only after that. A crash leaves nothing, or a prepared row which the same application
//!    finishes with the same `jti` and index, or the sweeper closes.
//! 2. **The badge is issued when the platform redeems its code**, not when the person comes back from the identity
//!    provider. A head lured into confirming somebody else's community comes back to a platform session that never began
//!    there; the platform refuses, and no badge exists.
//!    A platform that starts in plain JSON (`service::start_application`) is held to the same: the person comes back with a code, and the
//!    platform redeems it at `/v1/applications/{id}/redeem`. The id, out of the platform's own session, binds the code as PKCE does; so
//!    the token endpoint, which has no such parameter, refuses these codes rather than grow a second dialect, and the other
//!    endpoint refuses pushed ones, whose verifier it does not ask for. What such a request was told is kept, sealed, by the
//!    transaction that did the work (`service::repeatable`): there is no moment at which it is done and its answer lost.
//!    An authority that starts by itself (`service::start_portal`) has no such session to come back to. In its place stands the last step,
//!    shown only to the browser whose sign-in counts (`service::confirm_application`): the names of body and community side by side, looked up
//!    anew, and a digest of what was shown comes back with the button, so that nothing else is confirmed. What anybody may start is kept small:
//!    counted in memory by network and in all (`service::start_limits`), and gone after three days unless somebody signs in.
//! 3. **Both databases through one code path.** SQLite: one writer with `BEGIN IMMEDIATE`, readers beside it. PostgreSQL:
//!    `READ COMMITTED`. Every change of state names the state and version it expects and must change exactly one row.
//! 4. **The ledger's counter row orders all writers**, so that sequence numbers appear in commit order without gaps, and a
//!    follower misses nothing.
//! 5. **Verification does not read the database** when it is given an attestation: signature, then a look into the
//!    in-memory view that follows the ledger. A view older than its bound answers 503, never a guess. The view keeps what it
//!    knows of an attestation at its place in its status list; lists are grouped by the month in which their attestations end
//!    and retire as a whole, so memory is bounded by the badges in force. What a list said at any second of the past is rebuilt
//!    from the events and held against the log (`service::recall_status_list`).
//! 6. **Several identity providers at once**, each with a callback address of its own, so that an answer of one can never pass
//!    for an answer of another. The service knows them by their port alone; ESIA and OpenID Connect are of equal rank.
//! 7. **One-time values are kept as labelled digests**: a code presented as a state is simply unknown.
//! 8. **Keys have a purpose**, published with them and enforced by the verifier: a thief of the busy status key cannot
//!    issue badges. The database says which sign (`service::keyrings`); every process follows it, takes up the published side and
//!    the private halves as one, and drops a stolen key whatever is wrong with the others. The next key of each purpose is always
//!    announced, so that a change finds it known everywhere.
//! 9. **Everything that happens is in a public log** (`domain::tlog`, `service::sequence_log`): leaves of codes and hashes,
//!    appended by whoever finds the log where its snapshot saw it, so that each event has one index whatever runs or dies
//!    meanwhile; a checkpoint is signed only if it is proven to extend the last one. The audit trusts nothing stored but the key.
//! 10. **A hosted community vouches for nothing by itself** (`service::federation`). It has a key of its own purpose, endorsed by a
//!     subordinate statement that permits nothing but being one; whether it is official is said by the trust mark alone, which is
//!     read from the database for each answer.
//! 11. **Locks are taken in one order**: badges by their ids, then applications, communities, status lists, and the ledger's row
//!     last.
//! 12. **A badge lives by itself** (`service::renew`, `service::sweep`): what needs nobody's presence is checked again and the next
//!     attestation issued; a community that changes hands has its old badge ended by the event that issues the new one. Nothing
//!     that fails for one badge may hold up another.
//! 13. **What a platform tells is acted on by policy** (`service::community_events`, `domain::community_event`), whichever door it came
//!     by. A suspension that followed from a new name, or from control nobody proved again, ends by itself or by the same body's new
//!     confirmation; a stronger reason that comes on top replaces it, so that one that passes never hides one that does not.
//! 14. **Control of a community is proven by an object on the application** (`domain::control`), modelled on ACME's challenges and bound to
//!     the organisation that was chosen; the attestation names the strongest that holds. What a platform says of a community is asked through
//!     its own API (`service::watch_communities`), and silence or an incredible answer is never taken for a loss. A person proves by something
//!     only those who run the community, or its site, can do now: a one-time text there (`service::prove_control`), or by two operators who
//!     agree (`service::decide_application`). What all the world can see, links both ways, ties nobody to a community; but where they
//!     are gone, what a proof rested on is (`service::watch_sites`), and control has to be proven again. Sites are read under
//!     the same guard as webhooks are sent (`adapters::public_address`), and only those the community itself names.
//! 15. **Each platform has a lane of its own** (`jobs::lanes`, `service::deliver`): a task that keeps so many of its deliveries on their way and
//!     settles what came back before it leases more. Nobody waits for another's endpoint, and a fast one costs few transactions. An endpoint
//!     is called with events only after it has given back what a verification event held (`service::verify_stream`).
//! 16. **No personal data** outside the sealed evidence record; the representative is a keyed pseudonym elsewhere.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod domain;
pub mod verifier;

#[cfg(feature = "server")]
pub mod adapters;
#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
pub mod ports;
#[cfg(feature = "server")]
pub mod sandbox;
#[cfg(feature = "server")]
pub mod service;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod telemetry;
