CREATE INDEX deliveries_due ON deliveries (state, next_at);
DROP INDEX deliveries_of_event;
DROP INDEX deliveries_in_state;
DROP INDEX deliveries_of_platform;
DROP INDEX deliveries_waiting_of_badge;
DROP INDEX deliveries_waiting;
ALTER TABLE platforms ADD COLUMN webhook_url TEXT;
UPDATE platforms SET webhook_url =
    (SELECT endpoint_url FROM streams WHERE streams.platform_id = platforms.id AND streams.method = 'push_webhook');
DROP TABLE streams;
