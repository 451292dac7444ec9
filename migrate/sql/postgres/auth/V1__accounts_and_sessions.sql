-- Accounts and sessions. Times are milliseconds since 1970. The schema itself is made by whoever runs the migrations,
-- as the history of the migrations is kept in it.

CREATE TABLE auth.users (
    id            uuid   NOT NULL,
    username      text   NOT NULL,
    -- The name in lower case, which is what must be unique.
    username_key  text   NOT NULL,
    email         text   NOT NULL,
    email_key     text   NOT NULL,
    display_name  text   NOT NULL,
    bio           text,
    avatar_url    text,
    status_text   text,
    language      text,
    time_zone     text,
    -- A PHC string: algorithm, parameters, salt and hash.
    password_hash text   NOT NULL,
    created_at    bigint NOT NULL,
    disabled_at   bigint,
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_username_key UNIQUE (username_key),
    CONSTRAINT users_email_key UNIQUE (email_key)
);

CREATE TABLE auth.sessions (
    id                 uuid   NOT NULL,
    user_id            uuid   NOT NULL,
    device             text,
    address            text   NOT NULL,
    created_at         bigint NOT NULL,
    last_seen_at       bigint NOT NULL,
    -- Which refresh token is the current one. No secret of it is kept.
    refresh_generation bigint NOT NULL,
    rotated_at         bigint,
    ended_at           bigint,
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_user_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT sessions_generation_check CHECK (refresh_generation BETWEEN 0 AND 4294967295)
) WITH (fillfactor = 80); -- A refresh changes no indexed column: with room on the page, it touches no index.

CREATE INDEX sessions_by_user ON auth.sessions (user_id, id);
