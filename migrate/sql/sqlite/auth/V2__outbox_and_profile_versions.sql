-- What other services must hear of accounts, and in which order.

-- Counts the changes of a profile, so that who hears of them out of order keeps the newest.
ALTER TABLE users ADD COLUMN profile_version INTEGER NOT NULL DEFAULT 1;

-- Messages to other services, written in the change that they tell of and deleted when they are sent. AUTOINCREMENT: a
-- number is never given twice, as the order of the numbers is the order of the messages.
CREATE TABLE outbox (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id BLOB    NOT NULL UNIQUE CHECK (length(message_id) = 16),
  subject    TEXT    NOT NULL,
  payload    TEXT    NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
