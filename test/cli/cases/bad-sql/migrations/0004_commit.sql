create table x (id integer);
commit;
