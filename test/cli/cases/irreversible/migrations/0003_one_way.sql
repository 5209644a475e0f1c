create table one_way (id integer);
