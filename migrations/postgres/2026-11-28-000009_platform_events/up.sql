-- What platforms say of communities between two confirmations: what the community is called now, where that differs from what
-- was confirmed, and by when control of it has to be proven again.
ALTER TABLE communities ADD COLUMN seen_name TEXT;
ALTER TABLE communities ADD COLUMN seen_screen_name TEXT;
ALTER TABLE badges ADD COLUMN reprove_since BIGINT;
ALTER TABLE badges ADD COLUMN reprove_by BIGINT;
CREATE INDEX badges_to_reprove ON badges (reprove_by) WHERE reprove_by IS NOT NULL;

-- An update says something about a badge and nothing about its places in status lists.
DROP INDEX events_marking;
CREATE INDEX events_marking ON events (badge_id, seq)
    WHERE kind NOT IN ('issued', 'renewed', 'expired', 'abandoned', 'updated') OR reason = 'key_compromise';

-- Servers of a platform's callback API: one for all communities (community_number is empty) or one for each. Several live at
-- once while a secret is exchanged.
CREATE TABLE callback_servers (
    id               TEXT   NOT NULL PRIMARY KEY,
    platform_id      TEXT   NOT NULL REFERENCES platforms (id),
    community_number TEXT   NOT NULL,
    confirmation     TEXT   NOT NULL,
    sealed           BYTEA  NOT NULL,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT
);
CREATE INDEX callback_servers_by_community ON callback_servers (platform_id, community_number);
