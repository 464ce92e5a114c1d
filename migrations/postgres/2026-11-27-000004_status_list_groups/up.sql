-- Status lists by the month in which their attestations end, so that a whole list can be retired when all in it have ended.

-- month: first instant of the calendar month (UTC) in which every attestation of the list ends; NULL for lists of before,
-- which hold attestations of any end and get no new ones.
ALTER TABLE status_lists ADD COLUMN month BIGINT;

-- ends_before: every attestation of the list ends before this instant.
ALTER TABLE status_lists ADD COLUMN ends_before BIGINT NOT NULL DEFAULT 0;
UPDATE status_lists SET ends_before = COALESCE(
    (SELECT MAX(attestations.expires_at) + 1 FROM attestations WHERE attestations.list_id = status_lists.id), created_at
);

-- retired_at: since when the list is served no more; NULL while it is in force.
ALTER TABLE status_lists ADD COLUMN retired_at BIGINT;

-- All that the view in memory reads of an attestation, and whose badges stand in a list: without the rows themselves, which
-- hold claims and token and are fifty times as large.
CREATE INDEX attestations_in_lists ON attestations (list_id, idx, id, badge_id, state, status);

-- The same of a badge.
CREATE INDEX badges_in_view ON badges (id, state, reason, version);

-- Events that can change what a list says: few, and what a past version of a list is rebuilt from.
CREATE INDEX events_marking ON events (badge_id, seq)
    WHERE kind NOT IN ('issued', 'renewed', 'expired', 'abandoned') OR reason = 'key_compromise';
