DROP INDEX attestations_live_by_key;
DROP INDEX attestations_by_key;
DROP INDEX signing_keys_one_next;
ALTER TABLE signing_keys DROP COLUMN updated_by;
ALTER TABLE signing_keys DROP COLUMN compromised_at;
ALTER TABLE signing_keys DROP COLUMN withdrawn_at;
ALTER TABLE signing_keys DROP COLUMN retired_at;
ALTER TABLE signing_keys DROP COLUMN activated_at;
ALTER TABLE signing_keys DROP COLUMN due_at;
