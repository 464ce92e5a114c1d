-- There is no way back: released migrations are append-only, and a badge once given must stay on record.
SELECT 1;
