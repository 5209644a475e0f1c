create table products (
  id integer primary key,
  title varchar(200) not null,
  price_cents integer not null
);
create table order_lines (
  order_id integer not null references orders (id),
  product_id integer not null references products (id),
  quantity integer not null,
  primary key (order_id, product_id)
);
