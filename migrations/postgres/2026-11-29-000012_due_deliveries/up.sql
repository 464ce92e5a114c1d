-- What is due is found by its time: what waits for a later attempt, a dead endpoint's whole backlog, is not walked through.
CREATE INDEX deliveries_due_of_platform ON deliveries (platform_id, next_at, event_seq) WHERE state = 'pending';
