-- Numbers that tell whether something about a user has changed, without comparing it.

-- Counts the rooms that the user has come into and gone out of.
ALTER TABLE users ADD COLUMN membership_no INTEGER NOT NULL DEFAULT 0;
-- Which version of the auth service's profile this is: an older one that arrives late is passed over.
ALTER TABLE users ADD COLUMN profile_version INTEGER NOT NULL DEFAULT 0;
