-- How an application was started: par (a pushed request), rest (plain JSON) or portal (the authority itself).
-- Without a pushed request the person is let in by a one-time link, of which only the digest is kept.
ALTER TABLE applications ADD COLUMN start TEXT NOT NULL DEFAULT 'par';
ALTER TABLE applications ADD COLUMN link_digest TEXT;
CREATE UNIQUE INDEX applications_by_link ON applications (link_digest);

-- Answers given to requests with an Idempotency-Key, sealed: the same request gets the same answer.
CREATE TABLE idempotent_answers (
    digest         TEXT   NOT NULL PRIMARY KEY,
    platform_id    TEXT   NOT NULL REFERENCES platforms (id),
    request_digest TEXT   NOT NULL,
    sealed         BYTEA  NOT NULL,
    expires_at     BIGINT NOT NULL
);
CREATE INDEX idempotent_answers_by_expiry ON idempotent_answers (expires_at);

-- When an access token was given, and the certificate it is bound to (RFC 8705 x5t#S256).
ALTER TABLE access_tokens ADD COLUMN issued_at BIGINT;
ALTER TABLE access_tokens ADD COLUMN certificate TEXT;

-- The certificates a platform authenticates with, and the community numbers it may speak for; none: any.
ALTER TABLE platforms ADD COLUMN certificate TEXT;
ALTER TABLE platforms ADD COLUMN communities TEXT;
