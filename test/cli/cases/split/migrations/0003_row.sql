-- migrate:up
insert into users values (1, 'one');
-- migrate:down
delete from users;
