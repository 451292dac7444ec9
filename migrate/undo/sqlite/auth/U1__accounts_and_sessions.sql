-- Takes back V1: all accounts and sessions are lost.
-- loses: users, sessions

DROP TABLE sessions;
DROP TABLE users;
