-- Once for each PostgreSQL server, by an administrator. Needs psql variables owner_password and app_password.
-- The owner migrates and is no superuser; the app owns nothing and bypasses nothing; nobody logs in as lookup.
CREATE ROLE curtain_lookup NOLOGIN;
CREATE ROLE curtain_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE curtain_app LOGIN PASSWORD :'app_password';
-- The owner hands functions over to lookup, but does not see through its policies.
GRANT curtain_lookup TO curtain_owner WITH INHERIT FALSE, SET TRUE;
CREATE DATABASE curtain OWNER curtain_owner;
\connect curtain
ALTER SCHEMA public OWNER TO curtain_owner;
CREATE EXTENSION IF NOT EXISTS btree_gist;
