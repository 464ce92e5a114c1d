//! What goes out to platforms: their streams.

#![expect(missing_docs, reason = "columns are documented in the migrations")]

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
