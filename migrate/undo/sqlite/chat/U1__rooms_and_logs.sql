-- Forgets every room, log and membership.
-- loses: users, rooms, room_counters, members, events, mentions, idempotency
-- remakes: epoch

DROP TABLE epoch;
DROP TABLE idempotency;
DROP TABLE mentions;
DROP TABLE events;
DROP TABLE members;
DROP TABLE room_counters;
DROP TABLE rooms;
DROP TABLE users;
