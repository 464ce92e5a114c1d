-- An application that is deleted is looked for wherever it may be referred to.
CREATE INDEX badges_of_application ON badges (application_id);
CREATE INDEX pushed_requests_of_application ON pushed_requests (application_id);
CREATE INDEX authorization_codes_of_application ON authorization_codes (application_id);
CREATE INDEX access_tokens_of_application ON access_tokens (application_id);
CREATE INDEX platform_passes_of_application ON platform_passes (application_id);

-- What the sweeper looks for each minute among rows that stay.
CREATE INDEX control_proofs_open ON control_proofs (expires_at) WHERE status IN ('pending', 'processing');
CREATE INDEX control_proofs_sealed ON control_proofs (application_id) WHERE sealed IS NOT NULL;
CREATE INDEX applications_unclaimed ON applications (expires_at) WHERE start = 'portal' AND state = 'expired' AND identity_at IS NULL;
