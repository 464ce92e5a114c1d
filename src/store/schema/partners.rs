//! Tables about platforms: who they are, what they are told and tell.

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
        certificate -> Nullable<Text>,
        communities -> Nullable<Text>,
    }
}

diesel::table! {
    control_proofs (id) {
        id -> Text,
        application_id -> Text,
        kind -> Text,
        status -> Text,
        token -> Nullable<Text>,
        error -> Nullable<Text>,
        authority_id -> Nullable<Text>,
        login_id -> Nullable<Text>,
        created_at -> BigInt,
        validated_at -> Nullable<BigInt>,
        expires_at -> BigInt,
        updated_at -> BigInt,
        updated_by -> Text,
        page -> Nullable<Text>,
        sealed -> Nullable<Binary>,
        looked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    proof_decisions (id) {
        id -> Text,
        proof_id -> Text,
        operator_id -> Text,
        decision -> Text,
        note -> Nullable<Binary>,
        decided_at -> BigInt,
    }
}

diesel::table! {
    community_looks (badge_id) {
        badge_id -> Text,
        next_at -> BigInt,
        lost_since -> Nullable<BigInt>,
        suspended_version -> Nullable<BigInt>,
    }
}

diesel::table! {
    site_looks (badge_id) {
        badge_id -> Text,
        page -> Text,
        next_at -> BigInt,
        missed_since -> Nullable<BigInt>,
    }
}

diesel::table! {
    platform_passes (state_digest) {
        state_digest -> Text,
        proof_id -> Text,
        application_id -> Text,
        platform_id -> Text,
        browser_digest -> Text,
        sealed -> Binary,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
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
    streams (platform_id) {
        platform_id -> Text,
        state -> Text,
        method -> Text,
        endpoint_url -> Nullable<Text>,
        authorization_sealed -> Nullable<Binary>,
        events -> Nullable<Text>,
        generation -> BigInt,
        next_method -> Nullable<Text>,
        next_url -> Nullable<Text>,
        next_authorization -> Nullable<Binary>,
        challenge_at -> Nullable<BigInt>,
        challenge_digest -> Nullable<Text>,
        challenge_attempts -> BigInt,
        challenge_note -> Nullable<Text>,
        live_since -> Nullable<BigInt>,
        last_success_at -> Nullable<BigInt>,
        last_failure_at -> Nullable<BigInt>,
        failures -> BigInt,
        last_note -> Nullable<Text>,
        probe_at -> Nullable<BigInt>,
        probed_at -> Nullable<BigInt>,
        probe_answered_at -> Nullable<BigInt>,
        probe_failures -> BigInt,
        probe_note -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        updated_by -> Text,
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
    callback_servers (id) {
        id -> Text,
        platform_id -> Text,
        community_number -> Text,
        confirmation -> Text,
        sealed -> Binary,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}
