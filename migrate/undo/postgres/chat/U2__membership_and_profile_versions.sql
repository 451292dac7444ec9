-- Takes back V2. No more is lost than the numbers.
-- loses: users.membership_no, users.profile_version

DROP FUNCTION chat.mark_read;
DROP FUNCTION chat.welcome;
DROP FUNCTION chat.ensure_room;
DROP FUNCTION chat.create_room;
DROP FUNCTION chat.insert_room;
DROP FUNCTION chat.leave_room;
DROP FUNCTION chat.join_room;
DROP FUNCTION chat.is_in_too_many;
DROP FUNCTION chat.enter;
DROP FUNCTION chat.append_change;
ALTER TABLE chat.users DROP COLUMN profile_version;
ALTER TABLE chat.users DROP COLUMN membership_no;
