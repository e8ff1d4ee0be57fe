-- Where chains begin whose old events were removed: the number and the MAC of the last event that is gone, and a MAC over
-- both. The key that made it is named.
CREATE TABLE mfa_event_floors (
    user_id BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    mac TEXT NOT NULL,
    floor_key TEXT NOT NULL,
    floor_mac TEXT NOT NULL
);
