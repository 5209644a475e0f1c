-- migrate:up
create table users (id integer primary key, name text);

-- migrate:down
drop table users;
