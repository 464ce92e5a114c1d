//! Tables about control of a community.

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
