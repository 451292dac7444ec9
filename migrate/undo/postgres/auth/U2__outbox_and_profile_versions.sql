-- Takes back V2: messages that were not sent yet are lost.
-- loses: outbox, users.profile_version

DROP TABLE auth.outbox;
ALTER TABLE auth.users DROP COLUMN profile_version;
