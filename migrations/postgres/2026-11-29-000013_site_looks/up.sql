-- Badges that rest on links between a site and their community: the page that is looked at again, when next, and since when an answer
-- has said that a link is missing.
CREATE TABLE site_looks (
    badge_id     TEXT   NOT NULL PRIMARY KEY REFERENCES badges (id),
    page         TEXT   NOT NULL,
    next_at      BIGINT NOT NULL,
    missed_since BIGINT
);
CREATE INDEX site_looks_by_time ON site_looks (next_at);
CREATE INDEX site_looks_by_page ON site_looks (page);

-- Badges of before, by the confirmation that counts: the newest. No page was asked later than when its proof was found to hold.
INSERT INTO site_looks (badge_id, page, next_at, missed_since)
SELECT b.id, p.page, p.validated_at + 86400000, NULL
FROM badges b
JOIN attestations a ON a.badge_id = b.id AND a.state = 'active'
JOIN control_proofs p ON p.application_id = a.application_id AND p.kind = 'site_link' AND p.status = 'valid'
WHERE b.state IN ('active', 'suspended') AND p.page IS NOT NULL AND p.validated_at IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM attestations n
        WHERE n.badge_id = b.id AND n.state = 'active' AND (n.issued_at > a.issued_at OR (n.issued_at = a.issued_at AND n.id > a.id))
    )
    AND NOT EXISTS (
        SELECT 1 FROM control_proofs s
        WHERE s.application_id = a.application_id AND s.status = 'valid' AND s.kind IN ('platform_push', 'platform_oauth', 'platform_token')
    );
