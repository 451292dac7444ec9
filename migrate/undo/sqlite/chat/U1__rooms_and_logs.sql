-- Forgets every room, log and membership.
DROP TABLE epoch;
DROP TABLE idempotency;
DROP TABLE mentions;
DROP TABLE events;
DROP TABLE members;
DROP TABLE room_counters;
DROP TABLE rooms;
DROP TABLE users;
