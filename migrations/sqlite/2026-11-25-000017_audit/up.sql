-- Start of each event chain whose expired events were removed: sequence number and MAC of the last removed event, and a
-- MAC over both. `floor_key` identifies the key of that MAC.
CREATE TABLE mfa_event_floors (
    user_id INTEGER NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    mac TEXT NOT NULL,
    floor_key TEXT NOT NULL,
    floor_mac TEXT NOT NULL
);
