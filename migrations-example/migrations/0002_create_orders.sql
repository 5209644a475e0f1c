-- migrate:up
create table orders (
  id integer primary key,
  customer_id integer not null references customers (id),
  total_cents integer not null check (total_cents >= 0),
  status varchar(20) not null default 'new'
);
create index orders_customer on orders (customer_id);

-- migrate:down
drop table orders;
