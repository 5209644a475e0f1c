-- migrate:up
create index products_title on products (title);

-- migrate:down
drop index products_title;
