//! Tables of the authorization server: what it gave out and to whom, all of it short-lived.

diesel::table! {
    client_assertions (digest) {
        digest -> Text,
        expires_at -> BigInt,
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
        issued_at -> Nullable<BigInt>,
        certificate -> Nullable<Text>,
    }
}

diesel::table! {
    idempotent_answers (digest) {
        digest -> Text,
        platform_id -> Text,
        request_digest -> Text,
        sealed -> Binary,
        expires_at -> BigInt,
    }
}
