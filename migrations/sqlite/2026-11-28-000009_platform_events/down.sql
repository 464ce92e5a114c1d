DROP TABLE callback_servers;
DROP INDEX events_marking;
CREATE INDEX events_marking ON events (badge_id, seq)
    WHERE kind NOT IN ('issued', 'renewed', 'expired', 'abandoned') OR reason = 'key_compromise';
DROP INDEX badges_to_reprove;
ALTER TABLE badges DROP COLUMN reprove_by;
ALTER TABLE badges DROP COLUMN reprove_since;
ALTER TABLE communities DROP COLUMN seen_screen_name;
ALTER TABLE communities DROP COLUMN seen_name;
