-- Takes back V5. Nothing is lost; the rows are in the order of their times then.
ALTER TABLE events RENAME TO events_by_room;

CREATE TABLE events (
    room          INTEGER NOT NULL REFERENCES rooms (number),
    seq           INTEGER NOT NULL CHECK (seq > 0),
    kind          INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    actor         BLOB,
    subject       BLOB,    -- the member that an event is about
    message_no    INTEGER NOT NULL,
    message_id    BLOB,
    client_msg_id BLOB,
    format        INTEGER, -- plain, markdown
    reply_to      BLOB,
    mentions      BLOB,    -- user ids, 16 bytes each
    body          TEXT,
    detail        TEXT     -- JSON: what only some kinds have
) STRICT;

INSERT INTO events (room, seq, kind, at, actor, subject, message_no, message_id, client_msg_id, format, reply_to, mentions, body, detail)
SELECT room, seq, kind, at, actor, subject, message_no, message_id, client_msg_id, format, reply_to, mentions, body, detail
FROM events_by_room ORDER BY at, room, seq;

DROP TABLE events_by_room;

CREATE UNIQUE INDEX events_place ON events (room, seq);
-- Messages (kind 4) only: who pages through them does not walk over all who came and went.
CREATE INDEX events_messages ON events (room, seq) WHERE kind = 4;
-- Sending is idempotent for ever: this index is the promise.
CREATE UNIQUE INDEX events_once ON events (room, actor, client_msg_id) WHERE client_msg_id IS NOT NULL;
CREATE UNIQUE INDEX events_message ON events (message_id) WHERE message_id IS NOT NULL;
