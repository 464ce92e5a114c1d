-- The first house: platforms, applications, logins, authorities, communities, badges, attestations, status lists,
-- the ledger of events, deliveries to platforms, operators, the audit trail, and signing keys.
-- Ids and enums are TEXT, instants are milliseconds since 1970 in 64-bit integers, JSON is TEXT.

CREATE TABLE platforms (
    id                 TEXT   NOT NULL PRIMARY KEY,
    name               TEXT   NOT NULL,
    base_url           TEXT   NOT NULL,
    client_id          TEXT   NOT NULL UNIQUE,
    auth_method        TEXT   NOT NULL,
    redirect_uris      TEXT   NOT NULL,
    community_prefixes TEXT   NOT NULL,
    jwks               TEXT,
    webhook_url        TEXT,
    state              TEXT   NOT NULL,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    updated_by         TEXT   NOT NULL
);

CREATE TABLE platform_secrets (
    id          TEXT   NOT NULL PRIMARY KEY,
    platform_id TEXT   NOT NULL REFERENCES platforms (id),
    purpose     TEXT   NOT NULL,
    digest      TEXT,
    sealed      BLOB,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT
);
CREATE INDEX platform_secrets_by_platform ON platform_secrets (platform_id, purpose);

CREATE TABLE client_assertions (
    digest     TEXT   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX client_assertions_by_expiry ON client_assertions (expires_at);

CREATE TABLE authorities (
    id         TEXT   NOT NULL PRIMARY KEY,
    ogrn       TEXT   NOT NULL UNIQUE,
    inn        TEXT,
    kpp        TEXT,
    oktmo      TEXT,
    okopf      TEXT,
    full_name  TEXT   NOT NULL,
    short_name TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    region     TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT   NOT NULL
);

CREATE TABLE communities (
    id          TEXT   NOT NULL PRIMARY KEY,
    platform_id TEXT   NOT NULL REFERENCES platforms (id),
    number      TEXT   NOT NULL,
    uri         TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    screen_name TEXT,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    updated_by  TEXT   NOT NULL,
    UNIQUE (platform_id, number)
);
CREATE INDEX communities_by_uri ON communities (uri);
CREATE INDEX communities_by_screen_name ON communities (platform_id, lower(screen_name));

CREATE TABLE applications (
    id                    TEXT   NOT NULL PRIMARY KEY,
    platform_id           TEXT   NOT NULL REFERENCES platforms (id),
    community_number      TEXT   NOT NULL,
    community_uri         TEXT   NOT NULL,
    community_name        TEXT   NOT NULL,
    community_screen_name TEXT,
    details               TEXT   NOT NULL,
    redirect_uri          TEXT   NOT NULL,
    platform_state        TEXT,
    code_challenge        TEXT   NOT NULL,
    state                 TEXT   NOT NULL,
    refusal_code          TEXT,
    idp                   TEXT,
    representative        TEXT,
    mandate               TEXT,
    identity_at           BIGINT,
    authority_id          TEXT REFERENCES authorities (id),
    branch_name           TEXT,
    branch_kpp            TEXT,
    badge_id              TEXT,
    created_at            BIGINT NOT NULL,
    expires_at            BIGINT NOT NULL,
    updated_at            BIGINT NOT NULL,
    updated_by            TEXT   NOT NULL
);
CREATE INDEX applications_by_expiry ON applications (state, expires_at);
CREATE INDEX applications_by_community ON applications (platform_id, community_number);

CREATE TABLE pushed_requests (
    digest         TEXT   NOT NULL PRIMARY KEY,
    platform_id    TEXT   NOT NULL REFERENCES platforms (id),
    application_id TEXT   NOT NULL REFERENCES applications (id),
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT
);
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);

CREATE TABLE logins (
    id             TEXT   NOT NULL PRIMARY KEY,
    application_id TEXT   NOT NULL REFERENCES applications (id),
    idp            TEXT   NOT NULL,
    state_digest   TEXT   NOT NULL UNIQUE,
    browser_digest TEXT   NOT NULL,
    sealed         BLOB   NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT,
    outcome        TEXT
);
CREATE INDEX logins_by_expiry ON logins (expires_at);
CREATE INDEX logins_by_application ON logins (application_id);

CREATE TABLE evidence (
    id             TEXT   NOT NULL PRIMARY KEY,
    application_id TEXT   NOT NULL REFERENCES applications (id),
    login_id       TEXT   NOT NULL,
    sealed         BLOB   NOT NULL,
    created_at     BIGINT NOT NULL,
    delete_after   BIGINT NOT NULL
);
CREATE INDEX evidence_by_application ON evidence (application_id);
CREATE INDEX evidence_by_deletion ON evidence (delete_after);

CREATE TABLE badges (
    id             TEXT   NOT NULL PRIMARY KEY,
    community_id   TEXT   NOT NULL REFERENCES communities (id),
    authority_id   TEXT   NOT NULL REFERENCES authorities (id),
    branch_name    TEXT,
    branch_kpp     TEXT,
    application_id TEXT   NOT NULL REFERENCES applications (id),
    state          TEXT   NOT NULL,
    reason         TEXT,
    version        BIGINT NOT NULL,
    issued_at      BIGINT,
    expires_at     BIGINT NOT NULL,
    ended_at       BIGINT,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    updated_by     TEXT   NOT NULL
);
-- One current badge for each community; everything else is history.
CREATE UNIQUE INDEX badges_one_current ON badges (community_id) WHERE state IN ('prepared', 'active', 'suspended');
CREATE INDEX badges_by_authority ON badges (authority_id);
CREATE INDEX badges_by_community ON badges (community_id);
CREATE INDEX badges_by_state ON badges (state, expires_at);

CREATE TABLE status_lists (
    id         BIGINT NOT NULL PRIMARY KEY,
    size       BIGINT NOT NULL,
    next_idx   BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE attestations (
    id             TEXT   NOT NULL PRIMARY KEY,
    badge_id       TEXT   NOT NULL REFERENCES badges (id),
    application_id TEXT   NOT NULL REFERENCES applications (id),
    list_id        BIGINT NOT NULL REFERENCES status_lists (id),
    idx            BIGINT NOT NULL,
    state          TEXT   NOT NULL,
    status         BIGINT NOT NULL,
    claims         TEXT   NOT NULL,
    token          TEXT,
    kid            TEXT,
    issued_at      BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_by     TEXT   NOT NULL,
    UNIQUE (list_id, idx)
);
CREATE INDEX attestations_by_badge ON attestations (badge_id);
CREATE INDEX attestations_by_application ON attestations (application_id);
-- The few that are being issued now, or were when a process died; looked for at every refresh of the status view.
CREATE INDEX attestations_unfinished ON attestations (created_at) WHERE state = 'prepared';

-- One row whose update orders all writers of events: sequence numbers appear in commit order and without gaps,
-- so that a reader who follows them can miss nothing.
CREATE TABLE ledger (
    id  BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
INSERT INTO ledger (id, seq) VALUES (1, 0);

CREATE TABLE events (
    seq            BIGINT NOT NULL PRIMARY KEY,
    id             TEXT   NOT NULL UNIQUE,
    badge_id       TEXT   NOT NULL REFERENCES badges (id),
    version        BIGINT NOT NULL,
    kind           TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    reason         TEXT,
    actor_kind     TEXT   NOT NULL,
    actor          TEXT,
    attestation_id TEXT,
    at             BIGINT NOT NULL,
    UNIQUE (badge_id, version)
);

CREATE TABLE deliveries (
    id           TEXT   NOT NULL PRIMARY KEY,
    event_seq    BIGINT NOT NULL REFERENCES events (seq),
    platform_id  TEXT   NOT NULL REFERENCES platforms (id),
    badge_id     TEXT   NOT NULL REFERENCES badges (id),
    version      BIGINT NOT NULL,
    state        TEXT   NOT NULL,
    attempts     BIGINT NOT NULL,
    next_at      BIGINT NOT NULL,
    lease_token  TEXT,
    lease_until  BIGINT NOT NULL,
    last_note    TEXT,
    created_at   BIGINT NOT NULL,
    delivered_at BIGINT,
    UNIQUE (platform_id, badge_id, version)
);
CREATE INDEX deliveries_due ON deliveries (state, next_at);

CREATE TABLE authorization_codes (
    digest         TEXT   NOT NULL PRIMARY KEY,
    application_id TEXT   NOT NULL REFERENCES applications (id),
    platform_id    TEXT   NOT NULL REFERENCES platforms (id),
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT,
    token_digest   TEXT
);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);

CREATE TABLE access_tokens (
    digest         TEXT   NOT NULL PRIMARY KEY,
    application_id TEXT   NOT NULL REFERENCES applications (id),
    platform_id    TEXT   NOT NULL REFERENCES platforms (id),
    expires_at     BIGINT NOT NULL,
    revoked_at     BIGINT
);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

CREATE TABLE inbound_webhooks (
    platform_id TEXT   NOT NULL REFERENCES platforms (id),
    webhook_id  TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    body_digest TEXT   NOT NULL,
    response    TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (platform_id, webhook_id)
);
CREATE INDEX inbound_webhooks_by_age ON inbound_webhooks (received_at);

CREATE TABLE operators (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL UNIQUE,
    role         TEXT   NOT NULL,
    token_digest TEXT   NOT NULL UNIQUE,
    state        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    updated_by   TEXT   NOT NULL
);

CREATE TABLE audit (
    id         TEXT   NOT NULL PRIMARY KEY,
    at         BIGINT NOT NULL,
    actor_kind TEXT   NOT NULL,
    actor      TEXT,
    role       TEXT,
    action     TEXT   NOT NULL,
    target     TEXT   NOT NULL,
    outcome    TEXT   NOT NULL,
    reason     TEXT,
    note       BLOB,
    remote     TEXT,
    request_id TEXT
);
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_target ON audit (target);

CREATE TABLE signing_keys (
    kid        TEXT   NOT NULL PRIMARY KEY,
    purpose    TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    public_jwk TEXT   NOT NULL,
    sealed     BLOB   NOT NULL,
    created_at BIGINT NOT NULL
);
-- One key of each purpose signs at a time; two processes that start at once cannot both make the first one.
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (purpose) WHERE state = 'active';
