//! The tables as diesel sees them; both migration sets have this shape (`tests/it/migrations.rs` checks it).

#![expect(missing_docs, reason = "columns are documented in the migrations")]

mod oauth;
mod partners;
mod record;

pub use self::oauth::*;
pub use self::partners::*;
pub use self::record::*;

diesel::table! {
    authorities (id) {
        id -> Text,
        ogrn -> Text,
        inn -> Nullable<Text>,
        kpp -> Nullable<Text>,
        oktmo -> Nullable<Text>,
        okopf -> Nullable<Text>,
        full_name -> Text,
        short_name -> Text,
        kind -> Text,
        region -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        updated_by -> Text,
    }
}

diesel::table! {
    communities (id) {
        id -> Text,
        platform_id -> Text,
        number -> Text,
        uri -> Text,
        name -> Text,
        screen_name -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        updated_by -> Text,
        seen_name -> Nullable<Text>,
        seen_screen_name -> Nullable<Text>,
    }
}

diesel::table! {
    applications (id) {
        id -> Text,
        platform_id -> Text,
        community_number -> Text,
        community_uri -> Text,
        community_name -> Text,
        community_screen_name -> Nullable<Text>,
        details -> Text,
        redirect_uri -> Text,
        platform_state -> Nullable<Text>,
        code_challenge -> Text,
        state -> Text,
        refusal_code -> Nullable<Text>,
        idp -> Nullable<Text>,
        representative -> Nullable<Text>,
        mandate -> Nullable<Text>,
        identity_at -> Nullable<BigInt>,
        authority_id -> Nullable<Text>,
        branch_name -> Nullable<Text>,
        branch_kpp -> Nullable<Text>,
        badge_id -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        updated_at -> BigInt,
        updated_by -> Text,
        start -> Text,
        link_digest -> Nullable<Text>,
    }
}

diesel::table! {
    logins (id) {
        id -> Text,
        application_id -> Text,
        idp -> Text,
        state_digest -> Text,
        browser_digest -> Text,
        sealed -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
    }
}

diesel::table! {
    evidence (id) {
        id -> Text,
        application_id -> Text,
        login_id -> Text,
        sealed -> Binary,
        created_at -> BigInt,
        delete_after -> BigInt,
    }
}

diesel::table! {
    badges (id) {
        id -> Text,
        community_id -> Text,
        authority_id -> Text,
        branch_name -> Nullable<Text>,
        branch_kpp -> Nullable<Text>,
        application_id -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        version -> BigInt,
        issued_at -> Nullable<BigInt>,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        updated_by -> Text,
        renew_at -> Nullable<BigInt>,
        renewal_obstacle -> Nullable<Text>,
        reprove_since -> Nullable<BigInt>,
        reprove_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    revocations (id) {
        id -> Text,
        scope -> Text,
        reason -> Text,
        note -> Nullable<Binary>,
        state -> Text,
        affected -> BigInt,
        revoked -> BigInt,
        prepared_by -> Text,
        approved_by -> Nullable<Text>,
        created_at -> BigInt,
        approved_at -> Nullable<BigInt>,
        updated_at -> BigInt,
        updated_by -> Text,
    }
}

diesel::table! {
    status_lists (id) {
        id -> BigInt,
        size -> BigInt,
        next_idx -> BigInt,
        created_at -> BigInt,
        month -> Nullable<BigInt>,
        ends_before -> BigInt,
        retired_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    attestations (id) {
        id -> Text,
        badge_id -> Text,
        application_id -> Text,
        list_id -> BigInt,
        idx -> BigInt,
        state -> Text,
        status -> BigInt,
        claims -> Text,
        token -> Nullable<Text>,
        kid -> Nullable<Text>,
        issued_at -> BigInt,
        expires_at -> BigInt,
        created_at -> BigInt,
        updated_by -> Text,
    }
}

diesel::joinable!(attestations -> badges (badge_id));

diesel::allow_tables_to_appear_in_same_query! {
    authorities, communities, applications, logins, evidence, badges, revocations, status_lists, attestations, client_assertions, pushed_requests, authorization_codes, access_tokens, idempotent_answers, platforms, control_proofs, proof_decisions, platform_passes, community_looks, site_looks, platform_secrets, deliveries, inbound_webhooks, callback_servers, ledger, events, log_state, log_leaves, log_nodes, log_checkpoints, log_cosignatures, signing_keys, operators, audit, streams,
}
