DROP TABLE platform_passes;
DROP TABLE proof_decisions;
DROP INDEX control_proofs_waiting;
ALTER TABLE control_proofs DROP COLUMN looked_at;
ALTER TABLE control_proofs DROP COLUMN sealed;
ALTER TABLE control_proofs DROP COLUMN page;
