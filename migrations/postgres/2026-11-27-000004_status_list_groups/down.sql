DROP INDEX events_marking;
DROP INDEX badges_in_view;
DROP INDEX attestations_in_lists;
ALTER TABLE status_lists DROP COLUMN retired_at;
ALTER TABLE status_lists DROP COLUMN ends_before;
ALTER TABLE status_lists DROP COLUMN month;
