//! The tables as diesel sees them; both migration sets have this shape (`tests/it/migrations.rs` checks it).

#![expect(missing_docs, reason = "columns are documented in the migrations")]

mod outgoing;

pub use outgoing::streams;

diesel::table! {
    platforms (id) {
        id -> Text,
        name -> Text,
        base_url -> Text,
        client_id -> Text,
        auth_method -> Text,
        redirect_uris -> Text,
        community_prefixes -> Text,
        jwks -> Nullable<Text>,
        state -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        updated_by -> Text,
    }
}

diesel::table! {
    platform_secrets (id) {
        id -> Text,
        platform_id -> Text,
        purpose -> Text,
        digest -> Nullable<Text>,
        sealed -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    client_assertions (digest) {
        digest -> Text,
        expires_at -> BigInt,
    }
}

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
    }
}

diesel::table! {
    pushed_requests (digest) {
        digest -> Text,
        platform_id -> Text,
        application_id -> Text,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
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

diesel::table! {
    ledger (id) {
        id -> BigInt,
        seq -> BigInt,
    }
}

diesel::table! {
    events (seq) {
        seq -> BigInt,
        id -> Text,
        badge_id -> Text,
        version -> BigInt,
        kind -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        actor_kind -> Text,
        actor -> Nullable<Text>,
        attestation_id -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Text,
        event_seq -> BigInt,
        platform_id -> Text,
        badge_id -> Text,
        version -> BigInt,
        state -> Text,
        attempts -> BigInt,
        next_at -> BigInt,
        lease_token -> Nullable<Text>,
        lease_until -> BigInt,
        last_note -> Nullable<Text>,
        created_at -> BigInt,
        delivered_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    authorization_codes (digest) {
        digest -> Text,
        application_id -> Text,
        platform_id -> Text,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        token_digest -> Nullable<Text>,
    }
}

diesel::table! {
    access_tokens (digest) {
        digest -> Text,
        application_id -> Text,
        platform_id -> Text,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    inbound_webhooks (platform_id, webhook_id) {
        platform_id -> Text,
        webhook_id -> Text,
        kind -> Text,
        body_digest -> Text,
        response -> Text,
        received_at -> BigInt,
    }
}

diesel::table! {
    operators (id) {
        id -> Text,
        name -> Text,
        role -> Text,
        token_digest -> Text,
        state -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        updated_by -> Text,
    }
}

diesel::table! {
    audit (id) {
        id -> Text,
        at -> BigInt,
        actor_kind -> Text,
        actor -> Nullable<Text>,
        role -> Nullable<Text>,
        action -> Text,
        target -> Text,
        outcome -> Text,
        reason -> Nullable<Text>,
        note -> Nullable<Binary>,
        remote -> Nullable<Text>,
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        purpose -> Text,
        state -> Text,
        public_jwk -> Text,
        sealed -> Binary,
        created_at -> BigInt,
        due_at -> Nullable<BigInt>,
        activated_at -> Nullable<BigInt>,
        retired_at -> Nullable<BigInt>,
        withdrawn_at -> Nullable<BigInt>,
        compromised_at -> Nullable<BigInt>,
        updated_by -> Text,
    }
}

diesel::table! {
    log_state (id) {
        id -> BigInt,
        origin -> Text,
        size -> BigInt,
        seq -> BigInt,
        checkpoint_size -> BigInt,
        updated_by -> Text,
    }
}

diesel::table! {
    log_leaves (idx) {
        idx -> BigInt,
        kind -> Text,
        subject -> Text,
        number -> BigInt,
        hash -> Binary,
        entry -> Binary,
    }
}

diesel::table! {
    log_nodes (level, idx) {
        level -> BigInt,
        idx -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    log_checkpoints (size) {
        size -> BigInt,
        root -> Binary,
        note -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    log_cosignatures (size, witness) {
        size -> BigInt,
        witness -> Text,
        line -> Text,
        at -> BigInt,
    }
}

diesel::joinable!(attestations -> badges (badge_id));

diesel::allow_tables_to_appear_in_same_query! {
    platforms, platform_secrets, client_assertions, authorities, communities, applications, pushed_requests, logins,
    evidence, badges, revocations, status_lists, attestations, ledger, events, deliveries, authorization_codes,
    access_tokens, inbound_webhooks, operators, audit, signing_keys, log_state, log_leaves, log_nodes, log_checkpoints,
    log_cosignatures, streams,
}
