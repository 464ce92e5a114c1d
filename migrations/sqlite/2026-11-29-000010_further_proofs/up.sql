-- Proofs that a person gives. `page` is the page of the official site they named; `sealed` what they wrote to operators, sealed and
-- forgotten with the application's evidence; `looked_at` when the proof was last looked at.
ALTER TABLE control_proofs ADD COLUMN page TEXT;
ALTER TABLE control_proofs ADD COLUMN sealed BLOB;
ALTER TABLE control_proofs ADD COLUMN looked_at BIGINT;
CREATE INDEX control_proofs_waiting ON control_proofs (kind, status, application_id);

-- What operators decided about a proof: one says what they found, another agrees. Notes are sealed.
CREATE TABLE proof_decisions (
    id          TEXT   NOT NULL PRIMARY KEY,
    proof_id    TEXT   NOT NULL REFERENCES control_proofs (id),
    operator_id TEXT   NOT NULL,
    decision    TEXT   NOT NULL,
    note        BLOB,
    decided_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX proof_decisions_one_each ON proof_decisions (proof_id, operator_id);

-- Passes through a platform's own sign-in, each of one browser and for one proof, used once. What has to be remembered is sealed.
CREATE TABLE platform_passes (
    state_digest   TEXT   NOT NULL PRIMARY KEY,
    proof_id       TEXT   NOT NULL REFERENCES control_proofs (id),
    application_id TEXT   NOT NULL REFERENCES applications (id),
    platform_id    TEXT   NOT NULL,
    browser_digest TEXT   NOT NULL,
    sealed         BLOB   NOT NULL,
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT
);
CREATE INDEX platform_passes_by_expiry ON platform_passes (expires_at);
