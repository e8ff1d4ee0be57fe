DROP TABLE mfa_event_floors;
