-- Takes back V1: all accounts and sessions are lost.

DROP TABLE sessions;
DROP TABLE users;
