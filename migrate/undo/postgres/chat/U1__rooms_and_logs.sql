-- Forgets every room, log and membership.
-- loses: users, rooms, room_counters, members, events, mentions, idempotency
-- remakes: epoch

DROP FUNCTION chat.append_messages;
DROP TABLE chat.epoch;
DROP TABLE chat.idempotency;
DROP TABLE chat.mentions;
DROP TABLE chat.events;
DROP TABLE chat.members;
DROP VIEW chat.rooms_now;
DROP TABLE chat.room_counters;
DROP TABLE chat.rooms;
DROP TABLE chat.users;
