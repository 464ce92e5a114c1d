//! Tables about what happened: events, the transparency log, keys, operators and their trail.

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
