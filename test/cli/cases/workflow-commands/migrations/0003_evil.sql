create table x (id integer, check (id = '[31m::error::x'));
create table "::error::[2J" (id);
create table "::error::[2J" (id);
