-- Keyrings: the instants of each key's way from announced to withdrawn, and who moved it last. A key that signs no more
-- keeps its public half; its sealed private half is emptied.

-- When a key that is announced takes over; empty while nobody asked for it.
ALTER TABLE signing_keys ADD COLUMN due_at BIGINT;
ALTER TABLE signing_keys ADD COLUMN activated_at BIGINT;
ALTER TABLE signing_keys ADD COLUMN retired_at BIGINT;
ALTER TABLE signing_keys ADD COLUMN withdrawn_at BIGINT;
ALTER TABLE signing_keys ADD COLUMN compromised_at BIGINT;
ALTER TABLE signing_keys ADD COLUMN updated_by TEXT NOT NULL DEFAULT 'make_key';
UPDATE signing_keys SET activated_at = created_at WHERE state = 'active';

-- One announced key of each purpose.
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (purpose) WHERE state = 'next';

-- What a key signed, and until when that holds.
CREATE INDEX attestations_by_key ON attestations (kid, expires_at);

-- What has to be replaced when a key is called compromised; what was replaced is not in it.
CREATE INDEX attestations_live_by_key ON attestations (kid, badge_id) WHERE state = 'active';
