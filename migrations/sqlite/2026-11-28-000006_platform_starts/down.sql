ALTER TABLE platforms DROP COLUMN communities;
ALTER TABLE platforms DROP COLUMN certificate;
ALTER TABLE access_tokens DROP COLUMN certificate;
ALTER TABLE access_tokens DROP COLUMN issued_at;
DROP TABLE idempotent_answers;
DROP INDEX applications_by_link;
ALTER TABLE applications DROP COLUMN link_digest;
ALTER TABLE applications DROP COLUMN start;
