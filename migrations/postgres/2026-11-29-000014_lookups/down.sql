DROP INDEX applications_unclaimed;
DROP INDEX control_proofs_sealed;
DROP INDEX control_proofs_open;
DROP INDEX platform_passes_of_application;
DROP INDEX access_tokens_of_application;
DROP INDEX authorization_codes_of_application;
DROP INDEX pushed_requests_of_application;
DROP INDEX badges_of_application;
