-- Takes back V2: messages that were not sent yet are lost.
-- loses: outbox, users.profile_version

DROP TABLE outbox;
ALTER TABLE users DROP COLUMN profile_version;
