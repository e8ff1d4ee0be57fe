-- SQL has no way to drop a table only if a row says so: the program drops `users` where this table says it made it,
-- and then this table.
SELECT object FROM mfa_schema;
