-- Takes back V2. No more is lost than the numbers.
-- loses: users.membership_no, users.profile_version

ALTER TABLE users DROP COLUMN profile_version;
ALTER TABLE users DROP COLUMN membership_no;
