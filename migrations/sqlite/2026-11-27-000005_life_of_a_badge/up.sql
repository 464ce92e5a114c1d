-- A badge may be prepared while another of the same community is in force: recording the new one ends the old one.
DROP INDEX badges_one_current;
CREATE UNIQUE INDEX badges_one_current ON badges (community_id) WHERE state IN ('active', 'suspended');
CREATE UNIQUE INDEX badges_one_prepared ON badges (community_id) WHERE state = 'prepared';

-- Renewal: when to look again at a badge that could not be renewed, and why it could not.
ALTER TABLE badges ADD COLUMN renew_at BIGINT;
ALTER TABLE badges ADD COLUMN renewal_obstacle TEXT;

-- Many badges ended by one decision, which two people took. Which badges is worked out from the scope when it is carried out.
CREATE TABLE revocations (
    id          TEXT   NOT NULL PRIMARY KEY,
    scope       TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    note        BLOB,
    state       TEXT   NOT NULL,
    affected    BIGINT NOT NULL,
    revoked     BIGINT NOT NULL,
    prepared_by TEXT   NOT NULL,
    approved_by TEXT,
    created_at  BIGINT NOT NULL,
    approved_at BIGINT,
    updated_at  BIGINT NOT NULL,
    updated_by  TEXT   NOT NULL
);
CREATE INDEX revocations_by_state ON revocations (state);
