-- SQL cannot drop a table conditionally. The program drops `users` if this table lists it, then drops this table.
SELECT object FROM mfa_schema;
