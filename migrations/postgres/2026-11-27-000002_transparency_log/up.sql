-- The transparency log: leaves in order, the hashes of full tiles, signed checkpoints and what witnesses signed on them.
-- Nothing here is ever changed or deleted but the one row of log_state.

-- Where the log stands. One row; whoever appends or records a checkpoint names the values it expects.
-- origin: name of the log, fixed at its first checkpoint. size: leaves. seq: newest event that has its leaf.
-- checkpoint_size: leaves of the newest checkpoint, -1 before the first.
CREATE TABLE log_state (
    id              BIGINT NOT NULL PRIMARY KEY,
    origin          TEXT   NOT NULL,
    size            BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    checkpoint_size BIGINT NOT NULL,
    updated_by      TEXT   NOT NULL
);
INSERT INTO log_state (id, origin, size, seq, checkpoint_size, updated_by) VALUES (1, '', 0, 0, -1, 'migration');

-- kind: event or status-list. subject: badge, or number of the list. number: seq of the event, or version of the list.
CREATE TABLE log_leaves (
    idx     BIGINT NOT NULL PRIMARY KEY,
    kind    TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    number  BIGINT NOT NULL,
    hash    BYTEA  NOT NULL,
    entry   BYTEA  NOT NULL,
    UNIQUE (kind, subject, number)
);

-- Roots of full tiles: level 1 and above; level 0 are the leaves' own hashes.
CREATE TABLE log_nodes (
    level BIGINT NOT NULL,
    idx   BIGINT NOT NULL,
    hash  BYTEA  NOT NULL,
    PRIMARY KEY (level, idx)
);

CREATE TABLE log_checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    root BYTEA  NOT NULL,
    note TEXT   NOT NULL,
    at   BIGINT NOT NULL
);

CREATE TABLE log_cosignatures (
    size    BIGINT NOT NULL REFERENCES log_checkpoints (size),
    witness TEXT   NOT NULL,
    line    TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (size, witness)
);
CREATE INDEX log_cosignatures_by_witness ON log_cosignatures (witness, size);

-- What a version of a status list is made of: the few places that do not say VALID.
CREATE INDEX attestations_marked ON attestations (list_id, idx) WHERE status <> 0;
