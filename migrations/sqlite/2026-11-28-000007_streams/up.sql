-- How each platform hears of events. Columns next_* hold an endpoint that has been named and has not answered its verification
-- event yet; the live one, if any, stays in use until it has. Without events a stream carries all types.
CREATE TABLE streams (
    platform_id        TEXT   NOT NULL PRIMARY KEY REFERENCES platforms (id),
    state              TEXT   NOT NULL,
    method             TEXT   NOT NULL,
    endpoint_url       TEXT,
    authorization_sealed BLOB,
    events             TEXT,
    -- Each change of the endpoint, live or next, raises it: what was measured of another endpoint changes nothing.
    generation         BIGINT NOT NULL,
    next_method        TEXT,
    next_url           TEXT,
    next_authorization BLOB,
    -- When the verification event is sent (again); none once the endpoint was refused.
    challenge_at       BIGINT,
    challenge_digest   TEXT,
    challenge_attempts BIGINT NOT NULL,
    challenge_note     TEXT,
    live_since         BIGINT,
    last_success_at    BIGINT,
    last_failure_at    BIGINT,
    failures           BIGINT NOT NULL,
    last_note          TEXT,
    -- Liveness: when to send the next verification event, when one was sent, when one was last acknowledged.
    probe_at           BIGINT,
    probed_at          BIGINT,
    probe_answered_at  BIGINT,
    probe_failures     BIGINT NOT NULL,
    probe_note         TEXT,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    updated_by         TEXT   NOT NULL
);

-- Endpoints known so far go on working.
INSERT INTO streams (platform_id, state, method, endpoint_url, generation, challenge_attempts, live_since, failures, probe_at,
    probe_failures, created_at, updated_at, updated_by)
SELECT id, 'enabled', 'push_webhook', webhook_url, 1, 0, updated_at, 0, updated_at, 0, created_at, updated_at, 'migrate'
FROM platforms WHERE webhook_url IS NOT NULL;
ALTER TABLE platforms DROP COLUMN webhook_url;

-- What waits, in ledger order per platform; the first that waits of a badge; lists for platforms and operators.
CREATE INDEX deliveries_waiting ON deliveries (platform_id, event_seq) WHERE state = 'pending';
CREATE INDEX deliveries_waiting_of_badge ON deliveries (platform_id, badge_id, version) WHERE state = 'pending';
CREATE INDEX deliveries_of_platform ON deliveries (platform_id, id);
CREATE INDEX deliveries_in_state ON deliveries (platform_id, state, id);
CREATE INDEX deliveries_of_event ON deliveries (platform_id, event_seq);
-- Planners prefer it to the order by event, and sort everything that waits each time.
DROP INDEX deliveries_due;
