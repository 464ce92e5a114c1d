DROP TABLE revocations;
ALTER TABLE badges DROP COLUMN renewal_obstacle;
ALTER TABLE badges DROP COLUMN renew_at;
DROP INDEX badges_one_prepared;
DROP INDEX badges_one_current;
CREATE UNIQUE INDEX badges_one_current ON badges (community_id) WHERE state IN ('prepared', 'active', 'suspended');
