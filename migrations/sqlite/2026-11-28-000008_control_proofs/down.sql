DROP TABLE community_looks;
DROP TABLE control_proofs;
