-- Proofs of control of a community, each an attempt within one application. A proof is bound to its application (and by it to the
-- community), and from the choice of an organisation on to that organisation and the sign-in that chose it.
-- `token` is the one-time text to be placed, forgotten once it has served; `error` says why the last look found nothing.
CREATE TABLE control_proofs (
    id             TEXT   NOT NULL PRIMARY KEY,
    application_id TEXT   NOT NULL REFERENCES applications (id),
    kind           TEXT   NOT NULL,
    status         TEXT   NOT NULL,
    token          TEXT,
    error          TEXT,
    authority_id   TEXT REFERENCES authorities (id),
    login_id       TEXT,
    created_at     BIGINT NOT NULL,
    validated_at   BIGINT,
    expires_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    updated_by     TEXT   NOT NULL
);
-- One attempt of a kind at a time; what became of earlier ones stays.
CREATE UNIQUE INDEX control_proofs_one_open ON control_proofs (application_id, kind) WHERE status <> 'invalid';
CREATE INDEX control_proofs_by_application ON control_proofs (application_id);

-- When the community of a badge in force is looked at next, since when it was found gone, and the version the badge got when it was
-- suspended for that.
CREATE TABLE community_looks (
    badge_id          TEXT   NOT NULL PRIMARY KEY REFERENCES badges (id),
    next_at           BIGINT NOT NULL,
    lost_since        BIGINT,
    suspended_version BIGINT
);
CREATE INDEX community_looks_by_time ON community_looks (next_at);

-- Every application so far was pushed by an authenticated platform, which was its word for the person's control.
INSERT INTO control_proofs
    (id, application_id, kind, status, token, error, authority_id, login_id, created_at, validated_at, expires_at, updated_at, updated_by)
SELECT
    'prf_' || substr(id, 5), id, 'platform_push', 'valid', NULL, NULL, authority_id, NULL,
    created_at, created_at, expires_at, created_at, 'migration'
FROM applications;
