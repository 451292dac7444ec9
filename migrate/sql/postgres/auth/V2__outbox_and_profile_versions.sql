-- What other services must hear of accounts, and in which order.

-- Counts the changes of a profile, so that who hears of them out of order keeps the newest.
ALTER TABLE auth.users ADD COLUMN profile_version bigint NOT NULL DEFAULT 1;

-- Messages to other services, written in the change that they tell of and deleted when they are sent.
CREATE TABLE auth.outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    message_id uuid   NOT NULL,
    subject    text   NOT NULL,
    payload    text   NOT NULL,
    created_at bigint NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_message_key UNIQUE (message_id)
);
