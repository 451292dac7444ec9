-- Accounts and sessions. Ids are the 16 bytes of a UUIDv7, times are milliseconds since 1970.

CREATE TABLE users (
  id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  username      TEXT    NOT NULL,
  -- The name in lower case, which is what must be unique.
  username_key  TEXT    NOT NULL UNIQUE,
  email         TEXT    NOT NULL,
  email_key     TEXT    NOT NULL UNIQUE,
  display_name  TEXT    NOT NULL,
  bio           TEXT,
  avatar_url    TEXT,
  status_text   TEXT,
  language      TEXT,
  time_zone     TEXT,
  -- A PHC string: algorithm, parameters, salt and hash.
  password_hash TEXT    NOT NULL,
  created_at    INTEGER NOT NULL,
  disabled_at   INTEGER
) STRICT;

CREATE TABLE sessions (
  id                 BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  user_id            BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  device             TEXT,
  address            TEXT    NOT NULL,
  created_at         INTEGER NOT NULL,
  last_seen_at       INTEGER NOT NULL,
  -- Which refresh token is the current one. No secret of it is kept.
  refresh_generation INTEGER NOT NULL CHECK (refresh_generation BETWEEN 0 AND 4294967295),
  rotated_at         INTEGER,
  ended_at           INTEGER
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user_id, id);
