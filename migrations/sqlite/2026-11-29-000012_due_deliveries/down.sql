-- What stands behind something else has a time no earlier program waits for.
UPDATE deliveries SET next_at = created_at WHERE state = 'pending' AND next_at >= 253402300799000;
DROP INDEX deliveries_due_of_platform;
