-- Rooms, who is in them, and their logs. Ids are the 16 bytes of a UUID; times are milliseconds since 1970.

-- What chat knows of an account: a copy of what the auth service says, under the same id.
CREATE TABLE users (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    username     TEXT    NOT NULL,
    username_key TEXT    NOT NULL,
    display_name TEXT    NOT NULL,
    avatar_url   TEXT,
    known_since  INTEGER NOT NULL
) STRICT;

CREATE INDEX users_by_name ON users (username_key);

-- Inside the store a room is a small number: the log's index has one entry for each event, and 16 bytes would be most
-- of it.
CREATE TABLE rooms (
    number      INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    kind        INTEGER NOT NULL CHECK (kind IN (0, 1, 2)), -- public, private, direct
    name        TEXT,
    title       TEXT,
    topic       TEXT,
    metadata    TEXT    NOT NULL DEFAULT '{}',
    created_by  BLOB,
    created_at  INTEGER NOT NULL,
    archived_at INTEGER
) STRICT;

CREATE UNIQUE INDEX rooms_id ON rooms (id);
CREATE UNIQUE INDEX rooms_public_name ON rooms (name) WHERE kind = 0 AND archived_at IS NULL;

-- What changes with every event, apart from what hardly ever changes.
CREATE TABLE room_counters (
    room          INTEGER NOT NULL PRIMARY KEY REFERENCES rooms (number),
    head_seq      INTEGER NOT NULL DEFAULT 0,
    message_count INTEGER NOT NULL DEFAULT 0,
    member_count  INTEGER NOT NULL DEFAULT 0,
    last_event_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE members (
    room      INTEGER NOT NULL REFERENCES rooms (number),
    user      BLOB    NOT NULL REFERENCES users (id),
    role      INTEGER NOT NULL CHECK (role IN (0, 1, 2)), -- member, admin, owner
    joined_at INTEGER NOT NULL,
    read_seq  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_user ON members (user, room);
-- The list of members, page by page.
CREATE INDEX members_by_time ON members (room, joined_at);

-- The log: one row for each event, `seq` = 1, 2, 3 … in each room. A row is never changed but to forget a deleted body.
-- `message_no` counts the room's messages up to and including this event, so that unread counts are a subtraction.
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

CREATE UNIQUE INDEX events_place ON events (room, seq);
-- Messages (kind 4) only: who pages through them does not walk over all who came and went.
CREATE INDEX events_messages ON events (room, seq) WHERE kind = 4;
-- Sending is idempotent for ever: this index is the promise.
CREATE UNIQUE INDEX events_once ON events (room, actor, client_msg_id) WHERE client_msg_id IS NOT NULL;
CREATE UNIQUE INDEX events_message ON events (message_id) WHERE message_id IS NOT NULL;

-- Who was named where, for the count of unread mentions.
CREATE TABLE mentions (
    room INTEGER NOT NULL REFERENCES rooms (number),
    user BLOB    NOT NULL,
    seq  INTEGER NOT NULL,
    PRIMARY KEY (room, user, seq)
) STRICT, WITHOUT ROWID;

-- Answers to POST requests with an Idempotency-Key, kept for a day.
CREATE TABLE idempotency (
    user        BLOB    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    room        INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (user, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- One row: the name of this store's history.
CREATE TABLE epoch (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    name TEXT    NOT NULL
) STRICT;

INSERT INTO epoch (only, name) VALUES (1, lower(hex(randomblob(8))));
